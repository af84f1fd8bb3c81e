"""Forced alignment: which frames each label of a known labelling covers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from seqstudio.core.ctc import Floats, Ints, as_array, frames_needed
from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True)
class AlignedLabel:
    """One label and its frames, `start_frame` to `end_frame` (half open).

    `score` is the geometric mean of its probability over these frames, 0 to 1.
    """

    label: int
    start_frame: int
    end_frame: int
    score: float


def align(log_probs: Tensor | Floats, labels: Sequence[int]) -> list[AlignedLabel]:
    """Find the most likely path for `labels`, and the frames of each label on it.

    Memory grows with the square root of the number of frames: scores are stored only at the start
    of each block of frames. The backtrace computes a block again, over the states in its reach.

    Parameters
    ----------
    log_probs : (T, V) float, log probabilities
    labels : the known labelling, without blanks

    Returns
    -------
    One entry for each label, in order

    Raises
    ------
    DataError
        If the frames are too few for the labels, or one of the labels has no probability.
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
        AlignedLabel(label, start, end, float(np.exp(frames[start:end, label].mean())))
        for label, start, end in zip(labels, starts.tolist(), ends.tolist(), strict=True)
    ]


class _Trellis:
    """Frames by states, which are: blank, first label, blank, second label, ..., blank."""

    def __init__(self, frames: Floats, labels: Sequence[int]) -> None:
        self.frames = frames
        self.state_labels = np.zeros(2 * len(labels) + 1, dtype=np.int64)
        self.state_labels[1::2] = labels
        # The blank between two different labels may be skipped: a move by two states.
        self.skip = np.full(len(self.state_labels), -np.inf)
        self.skip[3::2][self.state_labels[3::2] != self.state_labels[1:-2:2]] = 0.0
        self.block = int(np.ceil(np.sqrt(len(frames))))

    def path(self) -> Ints:
        """Return the state at each frame, (T,), in ascending order."""
        starts = range(0, len(self.frames), self.block)
        scores = np.full(len(self.state_labels), -np.inf)
        scores[0] = 0.0  # before the first frame; the path stays here or moves to the first label
        stored = []
        for start in starts:
            stored.append(scores)
            for frame in self.frames[start : start + self.block]:
                scores = self._best(scores, 0)[0] + frame[self.state_labels]
        state = len(scores) - 1 - int(scores[-2] > scores[-1])
        if not np.isfinite(scores[state]):
            raise DataError(
                "the labels have no probability on these frames, expected a finite score"
            )
        path = np.empty(len(self.frames), dtype=np.int64)
        for start, scores in zip(reversed(starts), reversed(stored), strict=True):
            state = self._backtrace(start, scores, state, path)
        return path

    def _best(self, scores: Floats, low: int) -> tuple[Floats, Floats, Floats]:
        """Return the best score into each state from `low` on, and those by one and by two."""
        by_one = np.concatenate([[-np.inf], scores[:-1]])
        by_two = np.concatenate([[-np.inf, -np.inf], scores[:-2]])[: len(scores)]
        by_two = by_two + self.skip[low : low + len(scores)]
        return np.maximum(np.maximum(scores, by_one), by_two), by_one, by_two

    def _backtrace(self, start: int, scores: Floats, state: int, path: Ints) -> int:
        """Fill `path` over the block that ends in `state`; return the state before the block."""
        block = self.frames[start : start + self.block]
        low = max(0, state - 2 * len(block))
        scores = scores[low : state + 1]
        moves = np.zeros((len(block), len(scores)), dtype=np.int8)
        for at, frame in enumerate(block):
            best, by_one, by_two = self._best(scores, low)
            moves[at][(by_one == best) & (by_one > scores)] = 1
            moves[at][(by_two == best) & (by_two > scores) & (by_two > by_one)] = 2
            scores = best + frame[self.state_labels[low : state + 1]]
        for at in range(len(block) - 1, -1, -1):
            path[start + at] = state
            state -= int(moves[at, state - low])
        return state
