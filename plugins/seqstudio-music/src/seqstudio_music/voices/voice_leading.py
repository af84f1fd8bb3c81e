"""Voice leading: which pitches would move in parallel fifths or octaves with another voice."""

from collections.abc import Iterable

import torch
from torch import Tensor

from seqstudio_music.voices.tokens import NONE

PERFECT = (0, 7)  # unisons and octaves, and fifths, in semitones modulo 12


def makes_parallels(pitches: Tensor, before: int, others: Iterable[tuple[int, int]]) -> Tensor:
    """Return which pitches would keep a perfect interval that both voices move from.

    Parameters
    ----------
    pitches : (V,) int64, MIDI pitches
    before : MIDI pitch of the voice in the last step, or NONE
    others : the pitches of each other voice in the last step and in this one, each may be NONE

    >>> makes_parallels(torch.tensor([60, 62, 64]), 60, [(67, 69)])
    tensor([False,  True, False])
    """
    parallel = torch.zeros_like(pitches, dtype=torch.bool)
    for old, new in others:
        if NONE in (before, old, new) or old == new:
            continue
        if (interval := abs(old - before) % 12) in PERFECT:
            parallel |= (pitches - new).abs() % 12 == interval
    return parallel & (pitches != before)
