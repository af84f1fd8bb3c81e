"""The options for training a speech model, and the settings stored in its bundle."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from seqstudio.api import ConfigError

Case = Literal["keep", "upper", "lower"]

LEVEL_DB = -30.0  # root mean square below full scale; that of close speech in AN4
SHARES = ("noise", "reverberation", "channel", "padding")
NOT_NEGATIVE = (
    "gain_db",
    "frequency_masks",
    "frequency_width",
    "time_masks",
    "time_masks_per_s",
    "time_width",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """Log-mel frames: Hann window, power spectrum, mel bands, logarithm."""

    rate_hz: int = 16000
    mels: int = 80
    window_ms: int = 25
    hop_ms: int = 10
    floor: float = 1e-8  # added to a band's power; full scale is 1
    level_db: float | None = None  # recordings are brought to it; None, in old models: they are not

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
    al. 2019, "SpecAugment", and Park et al. 2020, "SpecAugment on large scale datasets", whose time
    masks are as many as the utterance is long.
    """

    speeds: tuple[float, ...] = (1.0,)
    gain_db: float = 0.0  # louder or softer by up to this, then rounded and clipped to 16 bits
    noise: float = 0.0  # share of utterances with noise, of any colour
    reverberation: float = 0.0  # share of utterances in a room
    channel: float = 0.0  # share of utterances through another microphone or a narrow line
    padding: float = 0.0  # share of utterances with up to half a second of silence before or after
    frequency_masks: int = 0
    frequency_width: int = 27  # bands, at most
    time_masks: int = 0  # at least
    time_masks_per_s: float = 0.0
    time_width: int = 20  # frames, at most; and at most an eighth of the utterance

    def __post_init__(self) -> None:
        if not self.speeds or not all(0.5 <= speed <= 2 for speed in self.speeds):
            raise ConfigError(f"speeds={self.speeds}, expected at least one, each from 0.5 to 2")
        for name in SHARES:
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise ConfigError(f"{name}={value}, expected 0 to 1")
        for name in NOT_NEGATIVE:
            if (value := getattr(self, name)) < 0:
                raise ConfigError(f"{name}={value}, expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """Everything of a speech model but its weights, stored in its bundle."""

    # label 0 is the blank; label n is vocabulary[n - 1]: a character, or several such as "ng"
    vocabulary: tuple[str, ...]
    language: str = ""  # BCP 47; "" is unknown
    case: Case = "keep"  # references are converted to it before they are scored
    spelling: Mapping[str, str] = field(default_factory=dict)  # replaced in transcripts
    beam: int = 16
    lm_weight: float = 0.0  # of the language model in the bundle, if there is one
    word_bonus: float = 0.0  # nats for each word, beside it
    confidence: tuple[float, ...] = ()  # of words: offset, and slopes of two log odds; see `rated`
    usual_offset: float = 0.0  # that of nearly all training utterances is below; 0 is unknown
    usual_doubt: float = 0.0  # mean doubt in the words of the valid split; 0 is unknown
    features: FeatureSettings = field(default_factory=FeatureSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)

    def __post_init__(self) -> None:
        if not self.vocabulary or len(set(self.vocabulary)) != len(self.vocabulary):
            raise ConfigError(f"vocabulary={self.vocabulary}, expected characters, each once")
        if bad := [one for one in self.vocabulary if not one or (len(one) > 1 and " " in one)]:
            raise ConfigError(f"vocabulary holds {bad[0]!r}, expected characters without spaces")
        if not 1 <= self.beam <= 512:
            raise ConfigError(f"beam={self.beam}, expected 1 to 512")
        if not 0 <= self.lm_weight <= 10:
            raise ConfigError(f"lm_weight={self.lm_weight}, expected 0 to 10")
        if len(self.confidence) not in (0, 3):
            raise ConfigError(f"confidence={self.confidence}, expected none or 3 numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """The options of a training run: `--set hidden=256`."""

    hidden: int = 320
    layers: int = 3
    dropout: float = 0.35
    subsampling: Literal["stack", "conv"] = "stack"
    factor: int = 4
    chunk_frames: int = 0
    right_frames: int = 0
    mels: int = 80
    beam: int = 16
    language: str = ""
    orthography: Path | None = None
    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    gain_db: float = 20.0
    noise: float = 0.3
    reverberation: float = 0.1
    channel: float = 0.2
    padding: float = 0.2
    frequency_masks: int = 2
    frequency_width: int = 15
    time_masks: int = 2
    time_masks_per_s: float = 0.0
    time_width: int = 20

    def augment(self) -> AugmentSettings:
        """Return the augmentation settings among these options."""
        return AugmentSettings(
            **{one.name: getattr(self, one.name) for one in fields(AugmentSettings)}
        )
