"""Conversion between piano rolls and notes, at a fixed number of frames per beat."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seqstudio.api import DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.keyboard import DRUM_CHANNEL, KEYS, LOWEST_PITCH, fold_pitch
from seqstudio_music.rolls.data import Roll


def read_roll(path: Path, frames_per_beat: int) -> Roll:
    """Read a MIDI file as a piano roll, (T, 88).

    Raises
    ------
    DataError
        If the file cannot be read or has no notes.
    """
    score = Score.read(path)
    notes = without_drums(score.notes)
    if not notes:
        raise DataError(f"{path}: 0 notes, expected at least 1")
    return notes_to_roll(notes, score.ticks_per_beat / frames_per_beat)


def without_drums(notes: Iterable[Note]) -> list[Note]:
    """Return the notes that are not on the drum channel, or all notes if all are on it."""
    every = list(notes)
    return [note for note in every if note.channel != DRUM_CHANNEL] or every


def notes_to_roll(notes: Iterable[Note], frame_ticks: float) -> Roll:
    """Write notes into frames, (T, 88), each from the nearest frame on and for at least one.

    Pitches off the keyboard are moved onto it by octaves.
    """
    spans = []
    for note in notes:
        first = round(note.onset_ticks / frame_ticks)
        end = round((note.onset_ticks + note.length_ticks) / frame_ticks)
        spans.append((first, max(end, first + 1), fold_pitch(note.pitch) - LOWEST_PITCH))
    roll = np.zeros((max((end for _, end, _ in spans), default=0), KEYS), dtype=np.uint8)
    for first, end, key in spans:
        roll[first:end, key] = 1
    return roll


def roll_to_notes(
    roll: Roll, frame_ticks: float, *, start_tick: int = 0, end_tick: int
) -> list[Note]:
    """Convert frames to notes: a key that sounds in consecutive frames is one note.

    Every note ends, at `end_tick` at the latest, and notes of the same pitch do not overlap.
    """
    padded = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    changes = np.diff(padded, axis=0)
    notes = []
    for key in range(KEYS):
        starts, ends = np.flatnonzero(changes[:, key] == 1), np.flatnonzero(changes[:, key] == -1)
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
            onset = start_tick + round(first * frame_ticks)
            end = min(start_tick + round(last * frame_ticks), end_tick)
            if end > onset:
                notes.append(Note(onset, key + LOWEST_PITCH, end - onset))
    return sorted(notes)
