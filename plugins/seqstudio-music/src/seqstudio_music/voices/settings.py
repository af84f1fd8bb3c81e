"""Options of a training of `music.voices`, and the settings that its models store."""

from dataclasses import dataclass
from typing import Literal

from seqstudio.api import ConfigError, DataError
from seqstudio_music.pieces import CropAndShift
from seqstudio_music.voices.covariates import Bounds
from seqstudio_music.voices.tokens import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOptions(CropAndShift):
    """The options of `music.voices` besides the training settings. A step is a sixteenth."""

    layout: Literal["chorale", "lead-sheet"] = "chorale"
    crop: int = 128
    lead: int = 16
    lowest_shift: int = -5
    highest_shift: int = 6
    hidden: int = 256
    layers: int = 2
    inner_hidden: int = 192
    dropout: float = 0.3
    drop_chords: float = 0.15  # share of pieces that training uses without their chords

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "inner_hidden"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        CropAndShift.__post_init__(self)  # super() fails in a dataclass with slots
        if not 0 <= self.drop_chords < 1:
            raise ConfigError(f"drop_chords={self.drop_chords}, expected 0 <= drop_chords < 1")
        if self.lowest_shift > 0 or self.highest_shift < 0:
            span = f"{self.lowest_shift} to {self.highest_shift}"
            raise ConfigError(f"shifts from {span}, expected a range that contains 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings(CropAndShift):
    """What a trained model of voices stores besides its weights."""

    layout: str
    slots: tuple[Voice, ...]  # the voice of each slot of the nested decoder
    bounds: Bounds
    drop_chords: float


def voice_settings(settings: object) -> VoiceSettings:
    """Return the settings of a bundle, checked to be those of this task.

    Raises
    ------
    DataError
        If they are the settings of another task.
    """
    if not isinstance(settings, VoiceSettings):
        raise DataError(f"settings of {type(settings).__name__}, expected a model of music.voices")
    return settings
