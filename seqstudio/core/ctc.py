"""Connectionist temporal classification: loss, best path, prefix beam search.

Label 0 is the blank. Reference: Graves et al. 2006, "Connectionist temporal classification".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from seqstudio.core.devices import at_least_float32, require_kernel, to_host
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import TrainingError

BLANK = 0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A possible labelling, and the log probability (nats) of all of its paths that were found."""

    labels: tuple[int, ...]
    log_prob: float


def frames_needed(labels: Sequence[int]) -> int:
    """Return the fewest frames CTC needs: one for each label, and a blank between equal ones.

    >>> frames_needed([7, 7, 3])
    4
    """
    return len(labels) + sum(a == b for a, b in pairwise(labels))


def ctc_loss_sum(
    log_probs: Tensor, lengths: Tensor, labels: Tensor, label_lengths: Tensor
) -> Tensor:
    """Sum the CTC loss over a batch; a row with too few frames is an error, never an infinity.

    The loss is computed in float32 at least, under autocast too. Lengths are needed on the host: if
    they are on a device, one copy brings them there, which is the only synchronisation.

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
    ConfigError
        If the device has no kernel for it.
    TrainingError
        If a row has too few frames for its labels.
    """
    require_kernel("CTC loss", log_probs.device)
    on_host = lengths.device.type == label_lengths.device.type == "cpu"
    # If even equal labels would fit, they need not be looked at.
    if not on_host or bool((2 * label_lengths - 1 > lengths).any()):
        needed = _frames_needed(labels, label_lengths.to(labels.device))
        lengths, label_lengths, needed = to_host(lengths, label_lengths, needed)
        _check_frames(lengths, label_lengths, needed)
    log_probs = at_least_float32(log_probs).transpose(0, 1)
    return functional.ctc_loss(
        log_probs, labels, lengths, label_lengths, blank=BLANK, reduction="sum"
    )


def _frames_needed(labels: Tensor, label_lengths: Tensor) -> Tensor:
    """Return what `frames_needed` does for each of (B, U) padded labels, (B,) int64."""
    within = valid_mask(label_lengths, labels.shape[1])[:, 1:]
    return label_lengths + ((labels[:, 1:] == labels[:, :-1]) & within).sum(dim=1)


def _check_frames(lengths: Tensor, label_lengths: Tensor, needed: Tensor) -> None:
    """Raise TrainingError for the first row with fewer frames than it needs."""
    for row in (needed > lengths).nonzero().flatten().tolist():
        raise TrainingError(
            f"row {row}: {int(lengths[row])} frames for {int(label_lengths[row])} labels, "
            f"expected at least {int(needed[row])}"
        )


def best_path(log_probs: Tensor | Floats) -> tuple[int, ...]:
    """Pick the most likely label of each frame, merge repeats, drop blanks.

    >>> best_path(np.log([[0.1, 0.9], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
    (1, 1)
    """
    path = as_array(log_probs).argmax(axis=1)
    changed = np.ones(len(path), dtype=bool)
    changed[1:] = path[1:] != path[:-1]
    return tuple(path[changed & (path != BLANK)].tolist())


def prefix_beam(
    log_probs: Tensor | Floats, beam: int = 16, *, floor: float = -12.0
) -> list[Hypothesis]:
    """Search for the most likely labellings, each summed over its paths [1]_.

    Parameters
    ----------
    log_probs : (T, V) float, log probabilities
    beam : labellings kept at each frame
    floor : a label with a log probability below this extends no prefix at that frame; with -inf
        and a wide enough beam the search is exact

    Returns
    -------
    At most `beam` hypotheses, the most likely first

    References
    ----------
    .. [1] Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition
       using bi-directional recurrent DNNs", algorithm 1.
    """
    search = _PrefixSearch(beam)
    for frame in as_array(log_probs):
        search.advance(frame, np.flatnonzero(frame[1:] >= floor) + 1)
    return search.hypotheses()


class _PrefixSearch:
    """The beam: prefixes as nodes of a tree, each with its log probability so far, in nats.

    `blank` sums the paths that end in a blank, `label` those that end in the prefix's last label.
    Only a path that ends in a blank can add the same label again.
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
        """Add one frame, (V,) log probabilities; extend prefixes by the `kept` labels."""
        total = np.logaddexp(self.blank, self.label)
        blank = total + frame[BLANK]
        label = self.label + frame[self.last]  # of the empty prefix always -inf
        if not len(kept):
            self.blank, self.label = blank, label
            return
        extended = np.where(self.last[:, None] == kept, self.blank[:, None], total[:, None])
        extended = extended + frame[kept]
        self._merge(extended, label, kept)
        self._keep_best(blank, label, extended, kept)

    def _merge(self, extended: Floats, label: Floats, kept: Ints) -> None:
        """Move the probability of an extension to its prefix, where the beam holds that already."""
        child, parent = np.nonzero(self.parent[:, None] == self.nodes)
        column = np.searchsorted(kept, self.last[child])
        found = kept[np.minimum(column, len(kept) - 1)] == self.last[child]
        child, parent, column = child[found], parent[found], column[found]
        label[child] = np.logaddexp(label[child], extended[parent, column])
        extended[parent, column] = -np.inf

    def _keep_best(self, blank: Floats, label: Floats, extended: Floats, kept: Ints) -> None:
        scores = np.concatenate([np.logaddexp(blank, label), extended.ravel()])
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
        self.label = np.concatenate([label[stays], extended[source, column]])

    def _child(self, node: int, label: int) -> int:
        """Return the node of `node` followed by `label`, the same even if it left the beam."""
        edge = node, label
        if edge not in self.children:
            self.children[edge] = len(self.parents)
            self.parents.append(node)
            self.labels.append(label)
        return self.children[edge]

    def hypotheses(self) -> list[Hypothesis]:
        """Return the prefixes of the beam, the most likely first."""
        total = np.logaddexp(self.blank, self.label)
        order = np.argsort(-total, kind="stable")
        return [Hypothesis(self._labels_of(int(self.nodes[at])), float(total[at])) for at in order]

    def _labels_of(self, node: int) -> tuple[int, ...]:
        labels: list[int] = []
        while node:
            labels.append(self.labels[node])
            node = self.parents[node]
        return tuple(reversed(labels))


def _largest(scores: Floats, count: int) -> Ints:
    """Return the indices of the `count` largest finite scores; of equal ones, the first win."""
    best = np.argsort(-scores, kind="stable")[:count]
    return best[scores[best] > -np.inf]


def as_array(log_probs: Tensor | Floats) -> Floats:
    """Convert log probabilities to a (T, V) float64 array."""
    if isinstance(log_probs, Tensor):
        log_probs = log_probs.detach().cpu().numpy()
    return np.asarray(log_probs, dtype=np.float64)
