"""Options of a training of `music.rolls`, and the settings that its models store."""

from dataclasses import dataclass

from seqstudio.api import ConfigError, settings_as
from seqstudio_music.pieces import CropAndShift


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOptions(CropAndShift):
    """The options of `music.rolls` besides the training settings. A step is a frame."""

    frames_per_beat: int = 2  # for reading MIDI and for composing
    crop: int = 0
    lead: int = 8
    lowest_shift: int = -5
    highest_shift: int = 6
    unshifted: float = 0.0
    hidden: int = 256
    layers: int = 2
    inner_hidden: int = 192
    dropout: float = 0.3
    past: bool = False  # what sounded before, and what followed the longest match
    lags: tuple[int, ...] = (1,)  # frames
    longest_lag: int = 128  # frames

    def __post_init__(self) -> None:
        for name in ("frames_per_beat", "hidden", "layers", "inner_hidden"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        CropAndShift.__post_init__(self)  # super() fails in a dataclass with slots


@dataclass(frozen=True, slots=True, kw_only=True)
class RollSettings(CropAndShift):
    """What a trained model of piano rolls stores besides its weights."""

    frames_per_beat: int


def roll_settings(settings: object) -> RollSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, RollSettings, "music.rolls")
