"""Between piano rolls and MIDI: frames of 88 keys at a fixed number of frames a beat."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seqstudio.api import DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.roll_data import KEYS, LOWEST, Rows

DRUMS = 9  # the MIDI channel of drums, counted from 0


def rows_of_midi(path: Path, frames_per_beat: int) -> Rows:
    """Read a MIDI file as frames, (T, 88).

    Raises
    ------
    DataError
        If it cannot be read, or holds no note.
    """
    score = Score.read(path)
    notes = pitched(score.notes)
    if not notes:
        raise DataError(f"{path}: 0 notes, expected at least 1")
    return rows_of_notes(notes, score.ticks_per_beat / frames_per_beat)


def pitched(notes: Iterable[Note]) -> list[Note]:
    """Leave out drums, unless there is nothing else."""
    every = list(notes)
    return [note for note in every if note.channel != DRUMS] or every


def key_of(pitch: int) -> int:
    """Give the key of a pitch, 0 to 87; what lies off the keyboard is moved by octaves.

    >>> key_of(21), key_of(9), key_of(120)
    (0, 0, 87)
    """
    while pitch < LOWEST:
        pitch += 12
    while pitch >= LOWEST + KEYS:
        pitch -= 12
    return pitch - LOWEST


def rows_of_notes(notes: Iterable[Note], frame_ticks: float) -> Rows:
    """Lay notes on frames, (T, 88): each sounds for at least one frame, from the nearest onset."""
    spans = []
    for note in notes:
        first = round(note.onset_ticks / frame_ticks)
        end = round((note.onset_ticks + note.length_ticks) / frame_ticks)
        spans.append((first, max(end, first + 1), key_of(note.pitch)))
    rows = np.zeros((max((end for _, end, _ in spans), default=0), KEYS), dtype=np.uint8)
    for first, end, key in spans:
        rows[first:end, key] = 1
    return rows


def notes_of_rows(
    rows: Rows, frame_ticks: float, *, start_tick: int = 0, end_tick: int
) -> list[Note]:
    """Turn frames into notes: a key that sounds in neighbouring frames is one note.

    Every note ends, at `end_tick` at the latest, and no two of a pitch overlap.
    """
    padded = np.pad(rows.astype(np.int8), ((1, 1), (0, 0)))
    changes = np.diff(padded, axis=0)
    notes = []
    for key in range(KEYS):
        starts, ends = np.flatnonzero(changes[:, key] == 1), np.flatnonzero(changes[:, key] == -1)
        for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
            onset = start_tick + round(first * frame_ticks)
            until = min(start_tick + round(end * frame_ticks), end_tick)
            if until > onset:
                notes.append(Note(onset, key + LOWEST, until - onset))
    return sorted(notes)


def rows_of_tokens(tokens: Iterable[int]) -> Rows:
    """Read groups of ascending keys, each closed by END (88), as frames; an open group is left.

    >>> rows_of_tokens([3, 7, 88, 88, 5]).sum(axis=1).tolist()
    [2, 0]
    """
    frames, current = [], np.zeros(KEYS, dtype=np.uint8)
    for token in tokens:
        if token == KEYS:
            frames.append(current)
            current = np.zeros(KEYS, dtype=np.uint8)
        else:
            current[token] = 1
    return np.array(frames, dtype=np.uint8).reshape(-1, KEYS)
