"""Options of a training of `music.voices`, and the settings that its models store."""

from dataclasses import dataclass
from typing import Literal

from seqstudio.api import ConfigError, settings_as
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
    unshifted: float = 0.0
    dimension: int = 256
    hidden: int = 320
    layers: int = 2
    dropout: float = 0.35
    output_dropout: float = 0.35
    longest_lag: int = 192  # steps
    reach: int = 0  # semitones around what sounds that have an output of their own
    look_back: bool = False  # at 1, 2, 4 and 8 bars
    drop_chords: float = 0.15  # share of pieces that training uses without their chords

    def __post_init__(self) -> None:
        for name in ("dimension", "hidden", "layers"):
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
    slots: tuple[Voice, ...]  # the voices of a sixteenth, in the order of their tokens
    bounds: Bounds
    drop_chords: float


def voice_settings(settings: object) -> VoiceSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, VoiceSettings, "music.voices")
