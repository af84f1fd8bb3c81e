"""Metrics of a melody and its chords: density, repetition, the close, and how the two fit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.chords import QUALITIES, chord_pitch_classes
from seqstudio_music.grid import STEPS_PER_BEAT, Grid
from seqstudio_music.measure.metrics import Sums
from seqstudio_music.voices.tokens import NONE

PHRASE = 4  # bars

Bar = tuple[tuple[int, int], ...]  # (position in sixteenths, pitch) of each onset


@dataclass(frozen=True, eq=False, slots=True)
class LeadSheet:
    """A melody and chords in sixteenths."""

    melody: NDArray[np.int64]  # (T,) MIDI pitch, or -1
    onsets: NDArray[np.bool_]  # (T,) whether a note of the melody begins
    chords: NDArray[np.int64]  # (T,) chord, or -1
    grid: Grid


def lead_sheet_sums(sheet: LeadSheet, bars: int = 0) -> Sums:
    """Count what the metrics of a lead sheet count, in its first `bars` bars (0: in all).

    The close is that of the whole piece. A metric that needs chords is 0 of 0 without them.
    """
    bar_of = sheet.grid.bar_numbers - sheet.grid.bar_numbers[:1]
    used = bar_of < bars if bars else np.ones(len(bar_of), dtype=np.bool_)
    content = _bars(sheet, bar_of, used)
    pitches = sheet.melody[sheet.onsets & used]
    beats = used & (sheet.grid.positions % STEPS_PER_BEAT == 0)
    rhythms = [tuple(position for position, _ in bar) for bar in content]
    pairs = list(zip(rhythms, rhythms[PHRASE:], strict=False))
    repeats = sum(bool(bar) and bar in content[:n] for n, bar in enumerate(content))
    has_chords = (sheet.chords != NONE).any()
    return {
        "notes_per_bar": (len(pitches), len(content)),
        "repeated_bars": (repeats, len(content)),
        "rhythm_of_4_before": (sum(a == b for a, b in pairs if b), sum(bool(b) for _, b in pairs)),
        "repeated_pitches": (int((np.diff(pitches) == 0).sum()), max(len(pitches) - 1, 0)),
        "ends_on_root": _ends_on_root(sheet),
        "chord_cover": (int((sheet.chords[used] != NONE).sum()), int(used.sum()) * has_chords),
        "chord_tones": _chord_tones(sheet.melody[beats], sheet.chords[beats]),
    }


def _bars(sheet: LeadSheet, bar_of: NDArray[np.int64], used: NDArray[np.bool_]) -> list[Bar]:
    content: list[list[tuple[int, int]]] = [
        [] for _ in range(int(bar_of[used].max(initial=-1)) + 1)
    ]
    for step in np.flatnonzero(sheet.onsets & used).tolist():
        content[bar_of[step]].append((int(sheet.grid.positions[step]), int(sheet.melody[step])))
    return [tuple(bar) for bar in content]


def _ends_on_root(sheet: LeadSheet) -> tuple[int, int]:
    melody, chords = sheet.melody[sheet.onsets], sheet.chords[sheet.chords != NONE]
    if not melody.size or not chords.size:
        return 0, 0
    return int(melody[-1] % 12 == chords[-1] // len(QUALITIES)), 1


def _chord_tones(melody: NDArray[np.int64], chords: NDArray[np.int64]) -> tuple[int, int]:
    """Count chord tones among the melody's pitches at beats that have a chord."""
    both = (melody != NONE) & (chords != NONE)
    pairs = zip(melody[both].tolist(), chords[both].tolist(), strict=True)
    return sum(pitch % 12 in chord_pitch_classes(chord) for pitch, chord in pairs), int(both.sum())
