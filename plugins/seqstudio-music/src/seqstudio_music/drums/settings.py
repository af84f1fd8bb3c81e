"""Options of a training of `music.drums`, and the settings that its models store."""

from dataclasses import dataclass

from seqstudio.api import ConfigError, settings_as
from seqstudio_music.pieces import CropAndShift


@dataclass(frozen=True, slots=True, kw_only=True)
class DrumOptions(CropAndShift):
    """The options of `music.drums` besides the training settings. A step is a sixteenth."""

    crop: int = 128
    lead: int = 16
    lowest_shift: int = 0  # drums are never transposed
    highest_shift: int = 0
    unshifted: float = 1.0
    hidden: int = 256
    layers: int = 2
    inner_hidden: int = 128
    dropout: float = 0.5
    longest_lag: int = 128  # steps

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "inner_hidden"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        CropAndShift.__post_init__(self)  # super() fails in a dataclass with slots


@dataclass(frozen=True, slots=True, kw_only=True)
class DrumSettings(CropAndShift):
    """What a trained model of drums stores besides its weights."""

    styles: tuple[str, ...]  # in the order of their covariate


def drum_settings(settings: object) -> DrumSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, DrumSettings, "music.drums")
