"""The melodies that `interpolate` is given: whole bars of a file, as notes and as windows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.api import ConfigError, DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.grid import Bar, Grid, grid_of_score, whole_bar
from seqstudio_music.latent.windows import STEPS, WINDOW_BARS, Clip, clip_of, shift_to_c, transposed
from seqstudio_music.parts import Part, Touch, parts_of
from seqstudio_music.primers import read_primer
from seqstudio_music.rework.places import bar_ticks, read_bars
from seqstudio_music.roles import describe_parts, is_melody, melody_and_chords
from seqstudio_music.voices.score_reader import read_voice


@dataclass(frozen=True)
class Melody:
    """Whole bars of 4/4 of one part of a file; they begin at tick 0."""

    path: Path
    score: Score
    part: Part  # its notes are those of the bars
    bars: int
    start: int  # tick of the file at which they begin
    remarks: tuple[str, ...] = ()  # what was done to make them as long as others

    @property
    def windows(self) -> int:
        """Number of windows that hold the bars."""
        return -(-self.bars // WINDOW_BARS)

    @property
    def grid(self) -> Grid:
        """The bars, divided into sixteenths."""
        return Grid((quarters(self.score),) * self.bars, self.score.ticks_per_beat)

    @property
    def touch(self) -> Touch:
        """How hard the part plays."""
        return Touch.of(self.part, self.score)

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes per minute where the bars begin."""
        return [one for one in self.score.tempos if one.tick <= self.start][-1].bpm

    def clips(self) -> tuple[list[Clip], int]:
        """Return the windows of an even number of bars, and their transposition in semitones."""
        values, held = read_voice(self.part.notes, self.grid, Counter())
        semitones = shift_to_c(values)
        values = transposed(values, semitones)
        spans = [slice(first, first + STEPS) for first in range(0, len(values), STEPS)]
        return [clip_of(values[span], held[span]) for span in spans], semitones

    def filling(self, windows: int) -> "Melody":
        """Return the melody, padded with rests to whole windows and repeated to fill so many."""
        remarks, bars, bar = [], windows * WINDOW_BARS, quarters(self.score).ticks
        if self.bars % WINDOW_BARS:
            remarks.append(f"{self.path.name} padded with a bar of rest")
        if windows > self.windows:
            remarks.append(f"{self.path.name} repeated to {bars} bars")
        repeated = [
            replace(note, onset_ticks=note.onset_ticks + first * WINDOW_BARS * bar)
            for first in range(0, windows, self.windows)
            for note in self.part.notes
        ]
        part = replace(self.part, notes=_within(repeated, 0, bars * bar))
        return replace(self, part=part, bars=bars, remarks=tuple(remarks))


def quarters(score: Score) -> Bar:
    """Return a bar of 4/4 in the ticks of a score."""
    return whole_bar(4, 4, score.ticks_per_beat)


def read_melody(path: Path, track: str, bars: str) -> Melody:
    """Read the melody of a file, or its bars that a text such as 1-4 names.

    Raises
    ------
    DataError
        If it cannot be read, has no such melody, or these are not bars of 4/4.
    ConfigError
        If the file has no such track or bars.
    """
    score = read_primer(path, repair=False).score
    part = chosen_part(score, track, path)
    sixteenth = score.ticks_per_beat / 4
    end = max(round((n.onset_ticks + n.length_ticks) / sixteenth) for n in part.notes)
    grid = grid_of_score(score, max(round(end * sixteenth), part.notes[-1].onset_ticks + 1))
    first, last = read_bars(bars or f"1-{len(grid.bars)}", grid)
    whole = quarters(score)
    for number, bar in enumerate(grid.bars[first:last], start=first + 1):
        if bar.ticks != whole.ticks:
            raise DataError(f"{path}: bar {number} in {bar.beats}/{bar.unit}, expected 4/4")
    start = bar_ticks(grid, first)
    notes = _within(part.notes, start, start + (last - first) * whole.ticks)
    if not notes:
        raise DataError(f"{path}: bars {first + 1} to {last} without a note, expected a melody")
    found = replace(part, notes=notes)
    if not is_melody(found):
        raise DataError(f"{path}: {describe_parts([found])}, expected one voice")
    return Melody(path, score, found, last - first, start)


def chosen_part(score: Score, track: str, path: Path) -> Part:
    """Return the part of the track with this name or number; if none is named, the melody.

    Raises
    ------
    DataError
        If there is not a melody alone or with one part of chords, and no track is named.
    ConfigError
        If no such track has notes.
    """
    parts = parts_of(score)
    if track:
        names: dict[str, Part] = {}
        for part in parts:
            for name in (score.tracks[part.track].name, str(part.track + 1)):
                names.setdefault(name.lower(), part)
        if (named := names.get(track.strip().lower())) is None:
            known = ", ".join(name for name in names if name)
            raise ConfigError(f"track={track!r}, expected one of {path}: {known}")
        return named
    found = melody_and_chords(parts)
    if found is None:
        expected = "expected a melody, alone or with chords, or that track names one"
        raise DataError(f"{path}: {describe_parts(parts)}, {expected}")
    return found[0]


def _within(notes: Sequence[Note], start: int, stop: int) -> tuple[Note, ...]:
    """Return the notes that begin in a span, counted from its start; none rings on after it."""
    return tuple(
        replace(
            note,
            onset_ticks=note.onset_ticks - start,
            length_ticks=min(note.length_ticks, stop - note.onset_ticks),
        )
        for note in notes
        if start <= note.onset_ticks < stop
    )
