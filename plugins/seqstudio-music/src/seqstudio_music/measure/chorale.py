"""Metrics of four voices: movement, voice leading, consonance and the close.

A pitch that sounds on is one note, whether it is struck again or not: the chorales of the training
data have no onsets.
"""

from functools import cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.grid import STEPS_PER_BEAT, Grid
from seqstudio_music.measure.metrics import Sums
from seqstudio_music.voices.tokens import NONE

STEP = 2  # semitones: the largest interval that is a step
QUAVER = 2  # sixteenths
BAR = 16  # sixteenths in a bar of 4/4
FIFTH, OCTAVE = 7, 0  # semitones, octaves taken off
CHORDS = (  # the intervals of triads and seventh chords
    *((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 4, 7, 10), (0, 3, 7, 10)),
    *((0, 4, 7, 11), (0, 3, 6, 10), (0, 3, 6, 9)),
)

Pitches = NDArray[np.int64]


def chorale_sums(values: Pitches, bass: Pitches, grid: Grid, tonic: int) -> Sums:
    """Count what the metrics of a chorale count.

    Parameters
    ----------
    values : (T, S) MIDI pitch of each voice in each sixteenth, or -1 for a rest
    bass : (T,) the column of the bass
    grid : the bars
    tonic : pitch class on which the piece should close
    """
    changed = (values[1:] != values[:-1]).any(axis=1)
    before, after = values[:-1][changed], values[1:][changed]
    changes = int(changed.sum())
    return {
        "changes_per_bar": (changes, len(values) / BAR),
        "parallel_fifths": (100 * _parallels(before, after, FIFTH), changes),
        "parallel_octaves": (100 * _parallels(before, after, OCTAVE), changes),
        "stepwise": _stepwise(values),
        "consonant_beats": _consonant_beats(values, grid),
        "short_notes": _short_notes(values),
        "cadence": (closes(bass, tonic), 1),
    }


def _parallels(before: Pitches, after: Pitches, interval: int) -> int:
    """Count pairs of voices that move in the same direction and keep an interval."""
    found = 0
    for one, other in combinations(range(before.shape[1]), 2):
        pair = np.stack([before[:, one], before[:, other], after[:, one], after[:, other]])
        moves = (pair[2] - pair[0]) * (pair[3] - pair[1]) > 0
        kept = (abs(pair[0] - pair[1]) % 12 == interval) & (abs(pair[2] - pair[3]) % 12 == interval)
        found += int((moves & kept & (pair != NONE).all(axis=0)).sum())
    return found


def notes_of(voice: Pitches) -> list[tuple[int, int]]:
    """Return (pitch, length in sixteenths) of what a voice sounds in turn, rests included.

    >>> notes_of(np.array([60, 60, 62, -1]))
    [(60, 2), (62, 1), (-1, 1)]
    """
    starts = np.flatnonzero(np.diff(voice, prepend=NONE - 1))
    lengths = np.diff(starts, append=len(voice))
    return list(zip(voice[starts].tolist(), lengths.tolist(), strict=True))


def _stepwise(values: Pitches) -> tuple[int, int]:
    """Count steps among the melodic intervals of all voices; none spans a rest."""
    steps = intervals = 0
    for voice in values.T:
        pitches = [pitch for pitch, _ in notes_of(voice)]
        for one, other in pairwise(pitches):
            if NONE not in (one, other):
                intervals += 1
                steps += abs(one - other) <= STEP
    return steps, intervals


def _short_notes(values: Pitches) -> tuple[int, int]:
    lengths = [n for voice in values.T for pitch, n in notes_of(voice) if pitch != NONE]
    return sum(length <= QUAVER for length in lengths), len(lengths)


def _consonant_beats(values: Pitches, grid: Grid) -> tuple[int, int]:
    """Count quarter-note beats whose pitch classes fit in one triad or seventh chord."""
    consonant = beats = 0
    for step in np.flatnonzero(grid.positions % STEPS_PER_BEAT == 0):
        classes = frozenset(pitch % 12 for pitch in values[step].tolist() if pitch != NONE)
        beats += bool(classes)
        consonant += bool(classes) and _fits_a_chord(classes)
    return consonant, beats


@cache
def _fits_a_chord(classes: frozenset[int]) -> bool:
    return any(
        classes <= {(root + interval) % 12 for interval in chord}
        for root in range(12)
        for chord in CHORDS
    )


def closes(bass: Pitches, tonic: int) -> bool:
    """Return whether the bass ends V-I or IV-I: by a fourth or fifth onto the tonic.

    >>> [closes(np.array(bass), 0) for bass in ([43, 48], [53, 48], [48, 43], [47, 48])]
    [True, True, False, False]
    """
    pitches = [pitch for pitch, _ in notes_of(bass) if pitch != NONE]
    if len(pitches) < 2 or pitches[-1] % 12 != tonic:
        return False
    return (pitches[-1] - pitches[-2]) % 12 in (5, 7)
