"""Reading MIDI scores as chorales and as lead sheets."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from seqstudio.api import DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.chords import nearest_chord
from seqstudio_music.grid import Grid, grid_of_score
from seqstudio_music.keyboard import fold_pitch
from seqstudio_music.parts import Part, parts_of
from seqstudio_music.roles import by_pitch, describe_parts, is_chorale, melody_and_chords
from seqstudio_music.voices.data import Piece, piece_key
from seqstudio_music.voices.tokens import (
    CHORALE,
    LAYOUTS,
    NONE,
    Column,
    Voice,
    repeated,
)


def voice_parts(score: Score, layout: str) -> list[Part | None]:
    """Return the part of a score that is each voice of a layout; None for a voice without one.

    Soprano, alto, tenor and bass are four parts by their mean pitch; a melody is one part or one of
    two, whose other one is its chords.

    Raises
    ------
    DataError
        If the score has other parts than the layout, "chorale" or "lead-sheet".
    """
    parts = parts_of(score)
    if LAYOUTS[layout] == CHORALE:
        if not is_chorale(parts):
            raise DataError(f"{describe_parts(parts)}, expected four parts of one voice each")
        soprano, alto, tenor, bass = by_pitch(parts)
        return [soprano, bass, tenor, alto]
    found = melody_and_chords(parts)
    if found is None:
        expected = "a melody, alone or with one part of chords"
        raise DataError(f"{describe_parts(parts)}, expected {expected}")
    melody, chords = found
    return [chords, melody]


def read_piece(score: Score, layout: str) -> Piece:
    """Read a score as a piece of a layout, "chorale" or "lead-sheet".

    Raises
    ------
    DataError
        If it has other parts than the layout.
    """
    parts = voice_parts(score, layout)
    return piece_of_parts(parts, LAYOUTS[layout], grid_of_score(score, score.end_tick))


def piece_of_parts(parts: Sequence[Part | None], voices: Sequence[Voice], grid: Grid) -> Piece:
    """Read the part of each voice; what that changes is counted."""
    adjustments = Counter[str]()
    notes = [part.notes if part else () for part in parts]
    values, held = read_columns(notes, voices, grid, adjustments)
    return Piece(values, held, grid, piece_key(voices, values), dict(+adjustments))


def read_columns(
    notes: Sequence[Iterable[Note]],
    voices: Sequence[Voice],
    grid: Grid,
    adjustments: Counter[str],
) -> Column:
    """Snap the notes of each voice to the grid: (T, S) values and holds.

    A repeated note of a voice that does not mark onsets counts as held, as in the chorales of the
    training data, which have no onsets.
    """
    columns = [
        (read_chords if voice.kind == "chord" else read_voice)(of_voice, grid, adjustments)
        for of_voice, voice in zip(notes, voices, strict=True)
    ]
    values = np.stack([values for values, _ in columns], axis=1)
    held = np.stack([held for _, held in columns], axis=1)
    marks_onsets = np.array([voice.marks_onsets for voice in voices])
    return values, np.where(marks_onsets, held, repeated(values))


def read_voice(notes: Iterable[Note], grid: Grid, adjustments: Counter[str]) -> Column:
    """Snap one voice to the grid.

    Of the notes that begin in one step only the highest is kept. An onset ends the note before it.
    """
    values, held = rests(grid)
    onsets: set[int] = set()
    for note in sorted(notes, key=lambda note: (note.onset_ticks, note.pitch)):
        first = grid.onset_step(note.onset_ticks)
        end = max(grid.step_at(note.onset_ticks + note.length_ticks), first + 1)
        adjustments["notes snapped to the 1/16 grid"] += int(grid.ticks[first]) != note.onset_ticks
        adjustments["lower notes dropped"] += first in onsets
        pitch = fold_pitch(note.pitch)
        adjustments["notes moved onto the keyboard by octaves"] += pitch != note.pitch
        onsets.add(first)
        values[first:] = NONE
        values[first:end] = pitch
        held[first:end] = True
        held[first] = False
    return values, held & (values != NONE)


def read_chords(notes: Iterable[Note], grid: Grid, adjustments: Counter[str]) -> Column:
    """Snap a part of chords to the grid: the notes that begin in one step are one chord."""
    values, held = rests(grid)
    by_step: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        by_step[grid.onset_step(note.onset_ticks)].append(note)
    for first, chord_notes in sorted(by_step.items()):
        chord, exact = nearest_chord(note.pitch for note in chord_notes)
        last_tick = max(note.onset_ticks + note.length_ticks for note in chord_notes)
        end = max(grid.step_at(last_tick), first + 1)
        adjustments["chords replaced by the nearest chord symbol"] += not exact
        values[first:] = NONE
        values[first:end] = chord
        held[first:end] = True
        held[first] = False
    return values, held & (values != NONE)


def rests(grid: Grid) -> Column:
    """Return a voice that only rests."""
    return np.full(grid.steps, NONE, dtype=np.int64), np.zeros(grid.steps, dtype=np.bool_)
