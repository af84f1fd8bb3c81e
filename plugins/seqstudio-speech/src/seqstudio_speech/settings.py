"""What a speech model was made with: options to train by, settings to carry in its bundle."""

from dataclasses import dataclass, field
from typing import Literal

from seqstudio.api import ConfigError

Case = Literal["keep", "upper", "lower"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """Log-mel frames: a Hann window, its power spectrum, mel bands, the logarithm."""

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
        """Length of the window."""
        return self.rate_hz * self.window_ms // 1000

    @property
    def hop_samples(self) -> int:
        """Samples between the centres of two frames."""
        return self.rate_hz * self.hop_ms // 1000

    @property
    def fft_samples(self) -> int:
        """Length of the transform: the power of two that holds a window."""
        return 1 << (self.window_samples - 1).bit_length()

    def frames(self, samples: int) -> int:
        """How many frames `samples` give."""
        return samples // self.hop_samples + 1 if samples else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """How a training utterance is varied each time it is drawn.

    Speed perturbation: Ko et al. 2015, "Audio augmentation for speech recognition". Masks: Park et
    al. 2019, "SpecAugment".
    """

    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    gain_db: float = 6.0  # louder or softer by up to this
    frequency_masks: int = 2
    frequency_width: int = 15  # bands, at most
    time_masks: int = 2
    time_width: int = 20  # frames, at most, and never more than an eighth of the utterance

    def __post_init__(self) -> None:
        if not self.speeds or not all(0.5 <= speed <= 2 for speed in self.speeds):
            raise ConfigError(f"speeds={self.speeds}, expected some, each from 0.5 to 2")
        for name in ("gain_db", "frequency_masks", "frequency_width", "time_masks", "time_width"):
            if (value := getattr(self, name)) < 0:
                raise ConfigError(f"{name}={value}, expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """All of a speech model that is not weights: it comes back from the bundle as it was."""

    vocabulary: tuple[str, ...]  # label 0 is the blank; label n is vocabulary[n - 1]
    language: str = ""  # BCP 47; "" is unknown
    case: Case = "keep"  # references are brought to it before they are scored
    beam: int = 16
    usual_offset: float = 0.0  # offset below which nearly all training utterances lie; 0 is unknown
    features: FeatureSettings = field(default_factory=FeatureSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        if not self.vocabulary or len(set(self.vocabulary)) != len(self.vocabulary):
            raise ConfigError(f"vocabulary={self.vocabulary}, expected signs, each once")
        if bad := [sign for sign in self.vocabulary if len(sign) != 1]:
            raise ConfigError(f"vocabulary holds {bad[0]!r}, expected single characters")
        if not 1 <= self.beam <= 512:
            raise ConfigError(f"beam={self.beam}, expected 1 to 512")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """What a person may set when training: `--set hidden=256`."""

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
        """Give the settings of the perturbations."""
        return AugmentSettings(
            speeds=self.speeds,
            gain_db=self.gain_db,
            frequency_masks=self.frequency_masks,
            frequency_width=self.frequency_width,
            time_masks=self.time_masks,
            time_width=self.time_width,
        )
