"""The rules that a user's hard constraints become for one piece."""

from collections.abc import Iterator

from seqstudio.api import ConfigError
from seqstudio_music.grid import Grid
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.keys import key_name
from seqstudio_music.voices.cadence import closing_steps
from seqstudio_music.voices.hard.harmony import ChordAt, Close
from seqstudio_music.voices.hard.rules import Density, InRange, InScale, MostNotes, Rule
from seqstudio_music.voices.hard.space import NotesInBar
from seqstudio_music.voices.tokens import Layout


def rules_of(request: HardRequest, layout: Layout, grid: Grid, first: int, key: int) -> list[Rule]:
    """Return the rules for what is sampled from step `first` on, in a key.

    Raises
    ------
    ConfigError
        If a voice is not one of the layout's.
    """
    found: list[Rule] = []
    if request.scale:
        found.append(InScale(request.scale_classes, first, request.scale))
    found += list(_chord_rules(request, grid, first))
    for one in request.ranges:
        found.append(InRange(voice_of(layout, one.voice), one.low, one.high, first, one.voice))
    if request.most_notes:
        found.append(MostNotes(request.most_notes, first))
    if any(request.notes_in_bar):
        top = voice_of(layout, "Melody" if layout.has_chords else "Soprano")
        bars = frozenset(bar for bar, steps in enumerate(bar_slices(grid)) if steps.start >= first)
        found.append(Density(NotesInBar(top, *request.notes_in_bar, bars)))
    if request.close:
        found.append(Close(key, closing_steps(grid), key_name(key)))
    return found


def _chord_rules(request: HardRequest, grid: Grid, first: int) -> Iterator[Rule]:
    new = [(n, steps) for n, steps in enumerate(bar_slices(grid)) if steps.start >= first]
    for turn, (bar, steps) in enumerate(new):
        chords = request.chords[turn % len(request.chords)] if request.chords else ()
        for number, chord in enumerate(chords):
            length = (steps.stop - steps.start) / len(chords)
            begin = steps.start + round(number * length)
            end = steps.start + round((number + 1) * length)
            if begin < end:
                yield ChordAt(chord, slice(begin, end), bar + 1)


def bar_slices(grid: Grid) -> list[slice]:
    """Return the steps of each bar."""
    found, start = [], 0
    for count in grid.steps_per_bar:
        found.append(slice(start, start + count))
        start += count
    return found


def voice_of(layout: Layout, name: str) -> int:
    """Return the index of a voice by its name.

    Raises
    ------
    ConfigError
        If no voice is called so.
    """
    names = [voice.name.lower() for voice in layout.voices]
    if name.lower() not in names:
        raise ConfigError(f"voice {name!r}, expected one of: {', '.join(names)}")
    return names.index(name.lower())
