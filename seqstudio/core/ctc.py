"""Connectionist temporal classification: loss, best path, prefix beam search, forced alignment.

Label 0 is the blank. Reference: Graves et al. 2006, "Connectionist temporal classification".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seqstudio.errors import DataError, TrainingError

BLANK = 0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Labels that may have been said, and the log probability (nats) of all their paths found."""

    labels: tuple[int, ...]
    log_prob: float


@dataclass(frozen=True, slots=True)
class AlignedLabel:
    """Where one label lies: frames `start_frame` to `end_frame` (half open).

    `score` is the geometric mean of its probability over these frames, 0 to 1.
    """

    label: int
    start_frame: int
    end_frame: int
    score: float


def frames_needed(labels: Sequence[int]) -> int:
    """Count the frames that CTC needs at least: one a label, and a blank between equal ones.

    >>> frames_needed([7, 7, 3])
    4
    """
    return len(labels) + sum(a == b for a, b in pairwise(labels))


def ctc_loss_sum(
    log_probs: Tensor, lengths: Tensor, labels: Tensor, label_lengths: Tensor
) -> Tensor:
    """Sum the CTC loss over a batch. Nothing is hidden: an impossible row is an error.

    Parameters
    ----------
    log_probs : (B, T, V) float, log probabilities
    lengths : (B,) int64, frames of each row
    labels : (B, U) int64, padded, none of them 0 within its length
    label_lengths : (B,) int64

    Returns
    -------
    () float, nats, differentiable

    Raises
    ------
    TrainingError
        If a row has more labels than its frames can spell.
    """
    if labels.numel():
        within = torch.arange(1, labels.shape[1], device=labels.device) < label_lengths[:, None]
        needed = label_lengths + ((labels[:, 1:] == labels[:, :-1]) & within).sum(1)
    else:
        needed = label_lengths
    for row in (needed > lengths).nonzero().flatten().tolist():
        raise TrainingError(
            f"row {row}: {int(lengths[row])} frames for {int(label_lengths[row])} labels, "
            f"expected at least {int(needed[row])}"
        )
    return functional.ctc_loss(
        log_probs.transpose(0, 1), labels, lengths, label_lengths, blank=BLANK, reduction="sum"
    )


def best_path(log_probs: Tensor | Floats) -> tuple[int, ...]:
    """Take the likeliest label of each frame, merge repeats, drop blanks.

    >>> best_path(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
    (1, 1)
    """
    path = _array(log_probs).argmax(axis=1)
    changed = np.ones(len(path), dtype=bool)
    changed[1:] = path[1:] != path[:-1]
    return tuple(path[changed & (path != BLANK)].tolist())


def prefix_beam(
    log_probs: Tensor | Floats, beam: int = 16, *, floor: float = -12.0
) -> list[Hypothesis]:
    """Search for the likeliest labellings, each summed over its paths [1]_.

    Parameters
    ----------
    log_probs : (T, V) float, log probabilities
    beam : labellings kept at each frame
    floor : a label with a log probability below this extends nothing at that frame; -inf
        together with a beam that is wide enough makes the search exact

    Returns
    -------
    At most `beam` hypotheses, the likeliest first

    References
    ----------
    .. [1] Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition
       using bi-directional recurrent DNNs", algorithm 1.
    """
    search = _PrefixSearch(beam)
    for frame in _array(log_probs):
        search.advance(frame, np.flatnonzero(frame[1:] >= floor) + 1)
    return search.hypotheses()


class _PrefixSearch:
    """The beam: prefixes as nodes of a tree, with what each has gathered in nats.

    `blank` sums the paths that end in a blank, `label` those that end in the prefix's last label:
    only the former may be followed by the same label again.
    """

    def __init__(self, beam: int) -> None:
        self.beam = beam
        self.parents = [-1]  # of each node of the tree; node 0 is the empty prefix
        self.labels = [BLANK]
        self.children: dict[tuple[int, int], int] = {}
        self.nodes: Ints = np.zeros(1, dtype=np.int64)  # the prefixes in the beam
        self.parent: Ints = np.full(1, -1, dtype=np.int64)
        self.last: Ints = np.zeros(1, dtype=np.int64)
        self.blank: Floats = np.zeros(1)
        self.label: Floats = np.full(1, -np.inf)

    def advance(self, frame: Floats, kept: Ints) -> None:
        """Take one frame, (V,) log probabilities, extending prefixes by the `kept` labels."""
        total = np.logaddexp(self.blank, self.label)
        blank = total + frame[BLANK]
        label = self.label + frame[self.last]  # the empty prefix has -inf here, whatever is added
        if not len(kept):
            self.blank, self.label = blank, label
            return
        grown = np.where(self.last[:, None] == kept, self.blank[:, None], total[:, None])
        grown = grown + frame[kept]
        self._merge(grown, label, kept)
        self._keep_best(blank, label, grown, kept)

    def _merge(self, grown: Floats, label: Floats, kept: Ints) -> None:
        """Move the mass of an extension to the prefix in the beam that it spells."""
        child, parent = np.nonzero(self.parent[:, None] == self.nodes)
        column = np.searchsorted(kept, self.last[child])
        found = kept[np.minimum(column, len(kept) - 1)] == self.last[child]
        child, parent, column = child[found], parent[found], column[found]
        label[child] = np.logaddexp(label[child], grown[parent, column])
        grown[parent, column] = -np.inf

    def _keep_best(self, blank: Floats, label: Floats, grown: Floats, kept: Ints) -> None:
        scores = np.concatenate([np.logaddexp(blank, label), grown.ravel()])
        best = _largest(scores, self.beam)
        stays, extends = best[best < len(blank)], best[best >= len(blank)] - len(blank)
        source, column = np.divmod(extends, len(kept))
        added = kept[column]
        new = [
            self._child(node, token)
            for node, token in zip(self.nodes[source].tolist(), added.tolist(), strict=True)
        ]
        self.parent = np.concatenate([self.parent[stays], self.nodes[source]])
        self.nodes = np.concatenate([self.nodes[stays], np.array(new, dtype=np.int64)])
        self.last = np.concatenate([self.last[stays], added])
        self.blank = np.concatenate([blank[stays], np.full(len(new), -np.inf)])
        self.label = np.concatenate([label[stays], grown[source, column]])

    def _child(self, node: int, label: int) -> int:
        """Give the one node that spells `node` and `label`, though it left the beam before."""
        key = node, label
        if key not in self.children:
            self.children[key] = len(self.parents)
            self.parents.append(node)
            self.labels.append(label)
        return self.children[key]

    def hypotheses(self) -> list[Hypothesis]:
        """Spell the prefixes of the beam, the likeliest first."""
        total = np.logaddexp(self.blank, self.label)
        order = np.argsort(-total, kind="stable")
        return [Hypothesis(self._spell(int(self.nodes[at])), float(total[at])) for at in order]

    def _spell(self, node: int) -> tuple[int, ...]:
        labels: list[int] = []
        while node:
            labels.append(self.labels[node])
            node = self.parents[node]
        return tuple(reversed(labels))


def _largest(scores: Floats, count: int) -> Ints:
    """Give the places of the `count` largest finite scores; the earlier place wins a tie."""
    best = np.argsort(-scores, kind="stable")[:count]
    return best[scores[best] > -np.inf]


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
    frames = _array(log_probs)
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


def _array(log_probs: Tensor | Floats) -> Floats:
    """Give (T, V) float64 on the CPU."""
    if isinstance(log_probs, Tensor):
        log_probs = log_probs.detach().cpu().numpy()
    return np.asarray(log_probs, dtype=np.float64)
