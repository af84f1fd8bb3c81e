"""Forced alignment: where in the frames each label of a known labelling lies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from seqstudio.core.ctc import Floats, Ints, as_array, frames_needed
from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True)
class AlignedLabel:
    """Where one label lies: frames `start_frame` to `end_frame` (half open).

    `score` is the geometric mean of its probability over these frames, 0 to 1.
    """

    label: int
    start_frame: int
    end_frame: int
    score: float


def align(log_probs: Tensor | Floats, labels: Sequence[int]) -> list[AlignedLabel]:
    """Find the likeliest path that spells `labels`, and where on it each label lies.

    Memory grows with the square root of the frames: scores are kept at the start of each block
    of frames, and a block is replayed on the way back, over the states within its reach only.

    Parameters
    ----------
    log_probs : (T, V) float, log probabilities
    labels : what was said; no blanks

    Returns
    -------
    One entry for each label, in order

    Raises
    ------
    DataError
        If the frames are too few for the labels, or give one of them no probability at all.
    """
    frames = as_array(log_probs)
    if len(frames) < (needed := frames_needed(labels)):
        raise DataError(
            f"{len(frames)} frames for {len(labels)} labels, expected at least {needed}"
        )
    if not len(labels):
        return []
    path = _Trellis(frames, labels).path()
    states = 2 * np.arange(len(labels)) + 1
    starts, ends = np.searchsorted(path, states), np.searchsorted(path, states, side="right")
    return [
        AlignedLabel(label, a, b, float(np.exp(frames[a:b, label].mean())))
        for label, a, b in zip(labels, starts.tolist(), ends.tolist(), strict=True)
    ]


class _Trellis:
    """Frames against states: blank, first label, blank, second label, ... , blank."""

    def __init__(self, frames: Floats, labels: Sequence[int]) -> None:
        self.frames = frames
        self.spelled = np.zeros(2 * len(labels) + 1, dtype=np.int64)
        self.spelled[1::2] = labels
        # A blank may be skipped between two labels that differ: two states at once.
        self.skip = np.full(len(self.spelled), -np.inf)
        self.skip[3::2][self.spelled[3::2] != self.spelled[1:-2:2]] = 0.0
        self.block = int(np.ceil(np.sqrt(len(frames))))

    def path(self) -> Ints:
        """Give the state at each frame, (T,), never falling."""
        starts = range(0, len(self.frames), self.block)
        scores = np.full(len(self.spelled), -np.inf)
        scores[0] = 0.0  # before the first frame: from here stay, or move to the first label
        kept = []
        for start in starts:
            kept.append(scores)
            for frame in self.frames[start : start + self.block]:
                scores = self._best(scores, 0)[0] + frame[self.spelled]
        state = len(scores) - 1 - int(scores[-2] > scores[-1])
        if not np.isfinite(scores[state]):
            raise DataError(
                "the labels have no probability on these frames, expected a finite score"
            )
        path = np.empty(len(self.frames), dtype=np.int64)
        for start, scores in zip(reversed(starts), reversed(kept), strict=True):
            state = self._replay(start, scores, state, path)
        return path

    def _best(self, scores: Floats, low: int) -> tuple[Floats, Floats, Floats]:
        """Give the best score into each state from `low` on, and those by moving one and two."""
        one = np.concatenate([[-np.inf], scores[:-1]])
        two = np.concatenate([[-np.inf, -np.inf], scores[:-2]])[: len(scores)]
        two = two + self.skip[low : low + len(scores)]
        return np.maximum(np.maximum(scores, one), two), one, two

    def _replay(self, start: int, scores: Floats, state: int, path: Ints) -> int:
        """Fill `path` over one block that ends in `state`; give the state before the block."""
        block = self.frames[start : start + self.block]
        low = max(0, state - 2 * len(block))
        scores = scores[low : state + 1]
        moves = np.zeros((len(block), len(scores)), dtype=np.int8)
        for at, frame in enumerate(block):
            best, one, two = self._best(scores, low)
            moves[at][(one == best) & (one > scores)] = 1
            moves[at][(two == best) & (two > scores) & (two > one)] = 2
            scores = best + frame[self.spelled[low : state + 1]]
        for at in range(len(block) - 1, -1, -1):
            path[start + at] = state
            state -= int(moves[at, state - low])
        return state
