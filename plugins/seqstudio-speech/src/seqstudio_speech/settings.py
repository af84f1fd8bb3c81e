"""The options for training a speech model, and the settings stored in its bundle."""

from dataclasses import dataclass, field
from typing import Literal

from seqstudio.api import ConfigError

Case = Literal["keep", "upper", "lower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """Log-mel frames: Hann window, power spectrum, mel bands, logarithm."""

    rate_hz: int = 16000
    mels: int = 80
    window_ms: int = 25
    hop_ms: int = 10
    floor: float = 1e-8  # added to a band's power; full scale is 1

    def __post_init__(self) -> None:
        for name in ("rate_hz", "mels", "window_ms", "hop_ms"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if not self.floor > 0:
            raise ConfigError(f"floor={self.floor}, expected more than 0")

    @property
    def window_samples(self) -> int:
        """Length of the window, in samples."""
        return self.rate_hz * self.window_ms // 1000

    @property
    def hop_samples(self) -> int:
        """Samples between the centres of two frames."""
        return self.rate_hz * self.hop_ms // 1000

    @property
    def fft_samples(self) -> int:
        """Length of the Fourier transform: the smallest power of two that holds a window."""
        return 1 << (self.window_samples - 1).bit_length()

    def frames(self, samples: int) -> int:
        """Return the number of frames of `samples` samples."""
        return samples // self.hop_samples + 1 if samples else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """How a training utterance is varied each time it is read.

    Speed perturbation: Ko et al. 2015, "Audio augmentation for speech recognition". Masks: Park et
    al. 2019, "SpecAugment".
    """

    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    gain_db: float = 6.0  # louder or softer by up to this
    frequency_masks: int = 2
    frequency_width: int = 15  # bands, at most
    time_masks: int = 2
    time_width: int = 20  # frames, at most; and at most an eighth of the utterance

    def __post_init__(self) -> None:
        if not self.speeds or not all(0.5 <= speed <= 2 for speed in self.speeds):
            raise ConfigError(f"speeds={self.speeds}, expected at least one, each from 0.5 to 2")
        for name in ("gain_db", "frequency_masks", "frequency_width", "time_masks", "time_width"):
            if (value := getattr(self, name)) < 0:
                raise ConfigError(f"{name}={value}, expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """Everything of a speech model but its weights, stored in its bundle."""

    vocabulary: tuple[str, ...]  # label 0 is the blank; label n is vocabulary[n - 1]
    language: str = ""  # BCP 47; "" is unknown
    case: Case = "keep"  # references are converted to it before they are scored
    beam: int = 16
    usual_offset: float = 0.0  # that of nearly all training utterances is below; 0 is unknown
    features: FeatureSettings = field(default_factory=FeatureSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        if not self.vocabulary or len(set(self.vocabulary)) != len(self.vocabulary):
            raise ConfigError(f"vocabulary={self.vocabulary}, expected characters, each once")
        if longer := [entry for entry in self.vocabulary if len(entry) != 1]:
            raise ConfigError(f"vocabulary holds {longer[0]!r}, expected single characters")
        if not 1 <= self.beam <= 512:
            raise ConfigError(f"beam={self.beam}, expected 1 to 512")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """The options of a training run: `--set hidden=256`."""

    hidden: int = 320
    layers: int = 3
    dropout: float = 0.35
    subsampling: Literal["stack", "conv"] = "stack"
    factor: int = 4
    mels: int = 80
    beam: int = 16
    language: str = ""
    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    gain_db: float = 6.0
    frequency_masks: int = 2
    frequency_width: int = 15
    time_masks: int = 2
    time_width: int = 20

    def augment(self) -> AugmentSettings:
        """Return the augmentation settings among these options."""
        return AugmentSettings(
            speeds=self.speeds,
            gain_db=self.gain_db,
            frequency_masks=self.frequency_masks,
            frequency_width=self.frequency_width,
            time_masks=self.time_masks,
            time_width=self.time_width,
        )
