"""The 88 keys of a piano, which bound the pitches of all models, and the drum channel."""

import numpy as np
from numpy.typing import NDArray

KEYS = 88
LOWEST_PITCH = 21  # MIDI pitch of the first key
HIGHEST_PITCH = LOWEST_PITCH + KEYS - 1
DRUM_CHANNEL = 9  # MIDI channel, counted from 0


def fold_pitch(pitch: int) -> int:
    """Move a pitch by octaves until it is on the keyboard.

    >>> fold_pitch(21), fold_pitch(9), fold_pitch(120)
    (21, 21, 108)
    """
    while pitch < LOWEST_PITCH:
        pitch += 12
    while pitch > HIGHEST_PITCH:
        pitch -= 12
    return pitch


def fold_pitches(pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move each pitch of an array by octaves until it is on the keyboard.

    >>> fold_pitches(np.array([21, 9, 120])).tolist()
    [21, 21, 108]
    """
    raised = np.where(pitches < LOWEST_PITCH, LOWEST_PITCH + (pitches - LOWEST_PITCH) % 12, pitches)
    top_octave = HIGHEST_PITCH - 11
    return np.where(raised > HIGHEST_PITCH, top_octave + (raised - top_octave) % 12, raised)
