"""The voices that are given to `harmonize`, and the tracks of those that are added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqstudio.api import ConfigError, DataError
from seqstudio.api.media import Score
from seqstudio_music.grid import Grid
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.keys import estimate_key
from seqstudio_music.parts import Part, parts_of
from seqstudio_music.rework.arrangement import Arrangement
from seqstudio_music.roles import by_pitch, describe_parts
from seqstudio_music.voices.hard.requests import voice_of
from seqstudio_music.voices.hard.space import Allowed
from seqstudio_music.voices.tokens import NONE, Held, Layout, Values

USUAL = {1: ("soprano",), 2: ("soprano", "bass"), 3: ("soprano", "alto", "bass")}
MOST_NOTES_PER_ONSET = 1.25  # of a part that is one voice


@dataclass(frozen=True)
class Given:
    """What is given: the (T, S) values of the voices, moved by octaves into the model's range."""

    arrangement: Arrangement
    values: Values
    held: Held
    voices: tuple[int, ...]  # the indices of the given ones

    @property
    def free(self) -> Allowed:
        """The steps of the voices that are added, from the first note that is given on: (T, S)."""
        free = np.ones(self.values.shape, dtype=np.bool_)
        free[:, list(self.voices)] = False
        free[: int((self.values != NONE).any(axis=1).argmax())] = False
        return free

    @property
    def key(self) -> int:
        """The key that the given voices suggest; the lowest of them ends on the tonic."""
        durations = np.zeros(12)
        columns = self.values[:, list(self.voices)]
        for pitch in columns[columns != NONE].tolist():
            durations[pitch % 12] += 1
        last = columns[:, -1][columns[:, -1] != NONE][-1]
        return estimate_key(durations, int(last) % 12)


def given_voices(score: Score, layout: Layout, names: Sequence[str], where: str) -> Given:
    """Return the parts of a score as given voices, from the highest part to the lowest.

    Parameters
    ----------
    names : the voice of each part; none: the usual ones for their number
    where : begins the text of errors about the score

    Raises
    ------
    DataError
        If there are no such parts, or as many as the layout has voices.
    ConfigError
        If the names are not those of as many voices.
    """
    parts = parts_of(score)
    single = all(part.notes_per_onset <= MOST_NOTES_PER_ONSET for part in parts)
    most = 1 if layout.has_chords else len(layout.voices) - 1
    if not single or not 1 <= len(parts) <= most:
        expected = "a melody" if most == 1 else f"one to {most} parts of one voice each"
        raise DataError(f"{where}: {describe_parts(parts)}, expected {expected}")
    usual = ("melody",) if layout.has_chords else USUAL[len(parts)]
    chosen = tuple(voice_of(layout, name) for name in names or usual)
    if len(set(chosen)) != len(parts):
        raise ConfigError(f"voice={', '.join(names)}, expected {len(parts)}, one for each part")
    by_voice: list[Part | None] = [None] * len(layout.voices)
    for part, voice in zip(by_pitch(parts), chosen, strict=True):
        by_voice[voice] = part
    whole = Arrangement.of(score, layout, by_voice)
    whole = replace(whole, grid=ending_at(whole.grid, score.end_tick))
    values, held = whole.columns(lambda voice, note: True)
    for voice in chosen:
        values[:, voice] = in_octave(values[:, voice], layout, voice)
    return Given(whole, values, held, chosen)


def ending_at(grid: Grid, tick: int) -> Grid:
    """Return a grid whose last bar ends with the music."""
    start = sum(bar.ticks for bar in grid.bars[:-1])
    last = replace(grid.bars[-1], ticks=min(max(tick - start, 1), grid.bars[-1].ticks))
    return Grid((*grid.bars[:-1], last), grid.ticks_per_beat)


def in_octave(column: Values, layout: Layout, voice: int) -> Values:
    """Return pitches moved by the octaves that put most of them into the range of a voice."""
    own, present = layout.voices[voice], column != NONE
    shifts = sorted(range(-4, 5), key=abs)

    def outside(octaves: int) -> int:
        moved = column[present] + 12 * octaves
        return int(((moved < own.low) | (moved > own.high)).sum())

    return np.where(present, column + 12 * min(shifts, key=outside), column)


def with_added_voices(given: Given, values: Values, held: Held) -> Score:
    """Return the score with a new track for each voice that was not given, highest first."""
    whole, layout = given.arrangement, given.arrangement.layout
    free = np.ones(values.shape, dtype=np.bool_)
    used = {note.channel for note in whole.score.notes} | {DRUM_CHANNEL}
    channels = iter(channel for channel in range(16) if channel not in used)
    added = {
        voice: whole.notes_of(values, held, free, voice)
        for voice in range(len(layout.voices))
        if voice not in given.voices
    }
    score = whole.score
    for voice, notes in sorted(
        added.items(), key=lambda one: -max((n.pitch for n in one[1]), default=0)
    ):
        own = layout.voices[voice]
        score = score.with_new_track(
            notes, name=own.name, program=own.program, channel=next(channels)
        )
    return score
