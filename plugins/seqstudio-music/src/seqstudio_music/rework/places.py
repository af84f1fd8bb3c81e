"""Places in a piece: bars, beats and parts as text, and the region that they enclose."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from seqstudio.api import ConfigError, Note
from seqstudio_music.grid import Grid
from seqstudio_music.rework.arrangement import Arrangement
from seqstudio_music.voices.hard.space import Allowed

BEAT = re.compile(r"(\d+):(\d+)(?:/(.+))?")
RUN = 3  # notes of a voice that vary together

Place = tuple[int, int]  # the step in which notes of a voice begin, and the voice


@dataclass(frozen=True)
class Region:
    """Some bars of a piece, without the voices and notes that stay."""

    bars: tuple[int, int]  # from 0, the second one not included
    ticks: tuple[int, int]
    keep: frozenset[int]  # voices
    locked: Callable[[int, Note], bool]

    @classmethod
    def of(cls, options: Mapping[str, Any], arrangement: Arrangement) -> "Region":
        """Return the region that the options bars, keep and lock enclose.

        Raises
        ------
        ConfigError
            If one of them cannot be read, or is not in the piece.
        """
        grid = arrangement.grid
        first, last = read_bars(options["bars"] or f"1-{len(grid.bars)}", grid)
        return cls(
            (first, last),
            (bar_ticks(grid, first), bar_ticks(grid, last)),
            read_voices(options["keep"] or (), arrangement),
            read_locks(options["lock"] or (), arrangement),
        )

    @property
    def text(self) -> str:
        """The bars in words."""
        first, last = self.bars
        return f"bar {last}" if last == first + 1 else f"bars {first + 1} to {last}"

    def takes_in(self, voice: int, note: Note) -> bool:
        """Return whether a note of a voice begins in the region and does not stay."""
        inside = self.ticks[0] <= note.onset_ticks < self.ticks[1]
        return inside and voice not in self.keep and not self.locked(voice, note)

    def steps(self, arrangement: Arrangement) -> Allowed:
        """Return the steps of the bars, of the voices that the piece has and that do not stay."""
        bars = arrangement.grid.bar_of
        has = [
            part is not None and voice not in self.keep
            for voice, part in enumerate(arrangement.parts)
        ]
        inside = (bars >= self.bars[0]) & (bars < self.bars[1])
        return np.asarray(inside[:, None] & np.array(has))


def near_places(places: Sequence[Place], count: int, random: Random) -> frozenset[Place]:
    """Choose places: up to `RUN` after each other in a voice, from random ones on.

    >>> len(near_places([(step, 0) for step in range(9)], 4, Random(1)))
    4
    """
    chosen: set[Place] = set()
    for first in random.sample(places, len(places)):
        following = sorted(place for place in places if place[1] == first[1] and place >= first)
        chosen |= set(following[: min(RUN, count - len(chosen))])
        if len(chosen) == count:
            break
    return frozenset(chosen)


def read_bars(text: str, grid: Grid) -> tuple[int, int]:
    """Return the bars of a text such as 5-8 or 5, counted from 0, the second one not included.

    Raises
    ------
    ConfigError
        If the text is no such range, or the piece does not have these bars.
    """
    first, _, last = text.replace(" ", "").partition("-")
    numbers = [int(one) for one in (first, last or first) if one.isdecimal()]
    if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1] <= len(grid.bars):
        expected = f"expected one such as 2-3, within bars 1 to {len(grid.bars)}"
        raise ConfigError(f"bars={text!r}, {expected}")
    return numbers[0] - 1, numbers[1]


def bar_ticks(grid: Grid, bar: int) -> int:
    """Return the tick at which a bar begins, counted from 0; the end of the last for one more."""
    return sum(one.ticks for one in grid.bars[:bar])


def read_locks(texts: Sequence[str], arrangement: Arrangement) -> Callable[[int, Note], bool]:
    """Return whether notes of a voice are locked by texts such as 6:1 or 6:3/Soprano (bar:beat).

    Raises
    ------
    ConfigError
        If a text is no place in the piece, or no note begins there.
    """
    spans = [_beat(text, arrangement) for text in texts]

    def locked(voice: int, note: Note) -> bool:
        return any(
            low <= note.onset_ticks < high and voice in voices for low, high, voices in spans
        )

    for text, (low, high, voices) in zip(texts, spans, strict=True):
        onsets = (
            note.onset_ticks
            for voice in voices
            if (part := arrangement.parts[voice]) is not None
            for note in part.notes
        )
        if not any(low <= onset < high for onset in onsets):
            raise ConfigError(f"lock={text!r}: no note begins there, expected one")
    return locked


def read_voices(texts: Sequence[str], arrangement: Arrangement) -> frozenset[int]:
    """Return the voices that texts name: by voice, by the name of the track, or by its number.

    Raises
    ------
    ConfigError
        If a text names none.
    """
    return frozenset(_voice(text, arrangement) for text in texts)


def _voice(text: str, arrangement: Arrangement) -> int:
    names: dict[str, int] = {}
    for voice, part in enumerate(arrangement.parts):
        if part is not None:
            track = arrangement.score.tracks[part.track]
            for name in (arrangement.layout.voices[voice].name, track.name, str(part.track + 1)):
                names.setdefault(name.lower(), voice)
    if (found := names.get(text.strip().lower())) is None:
        known = ", ".join(name for name in names if name)
        raise ConfigError(f"part {text!r}, expected one of: {known}")
    return found


def _beat(text: str, arrangement: Arrangement) -> tuple[int, int, frozenset[int]]:
    grid, found = arrangement.grid, BEAT.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= len(grid.bars):
        expected = f"expected BAR:BEAT, such as 2:1, within bars 1 to {len(grid.bars)}"
        raise ConfigError(f"lock={text!r}, {expected}")
    bar, beat = grid.bars[int(found[1]) - 1], int(found[2])
    if not 1 <= beat <= bar.beats:
        raise ConfigError(f"lock={text!r}: beat {beat}, expected 1 to {bar.beats}")
    start = bar_ticks(grid, int(found[1]) - 1)
    length = bar.ticks / bar.beats
    voices = frozenset(range(len(arrangement.parts)))
    named = frozenset({_voice(found[3], arrangement)}) if found[3] else voices
    return start + round((beat - 1) * length), start + round(beat * length), named
