"""Prefix beam search over the frames of CTC, with models of labels fused into its first pass."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from seqstudio.core.ctc import BLANK, Floats, Hypothesis, Ints, as_array
from seqstudio.core.label_automaton import LabelAutomaton


def prefix_beam(
    log_probs: Tensor | Floats,
    beam: int = 16,
    *,
    floor: float = -12.0,
    models: Sequence[LabelAutomaton] = (),
) -> list[Hypothesis]:
    """Search for the most likely labellings, each summed over its paths [1]_.

    Parameters
    ----------
    log_probs : (T, V) float, log probabilities
    beam : labellings kept at each frame
    floor : a label with a log probability below this extends no prefix at that frame; with -inf
        and a wide enough beam the search is exact
    models : what they give to the labels of a prefix is added to its log probability, and
        decides with it which prefixes are kept

    Returns
    -------
    At most `beam` hypotheses, the best score first

    References
    ----------
    .. [1] Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition
       using bi-directional recurrent DNNs", algorithm 1.
    """
    frames = as_array(log_probs)
    search = _PrefixSearch(beam, frames.shape[1], models)
    spoken = frames[:, 1:] >= floor
    for frame, kept in zip(frames, spoken, strict=True):
        search.advance(frame, np.flatnonzero(kept) + 1)
    return search.hypotheses()


class _PrefixSearch:
    """The beam: prefixes as nodes of a tree, each with its log probability so far, in nats.

    `blank` sums the paths that end in a blank, `label` those that end in the prefix's last label.
    Only a path that ends in a blank can add the same label again. `given` is what the models give,
    which depends on the prefix alone.
    """

    def __init__(self, beam: int, labels: int, models: Sequence[LabelAutomaton]) -> None:
        self.beam = beam
        self.size = labels
        self.models = models
        self.parents = [-1]  # of each node of the tree; node 0 is the empty prefix
        self.labels = [BLANK]
        self.children: dict[int, int] = {}  # by node and label
        # The row in the beam of each node; -1, as the last place always, for one that is not in it.
        self.rows: Ints = np.full(1024, -1)
        self.nodes: Ints = np.zeros(1, dtype=np.int64)  # the prefixes in the beam
        self.parent: Ints = np.full(1, -1, dtype=np.int64)
        self.last: Ints = np.zeros(1, dtype=np.int64)
        self.blank: Floats = np.zeros(1)
        self.label: Floats = np.full(1, -np.inf)
        self.given: Floats = np.zeros(1)
        self.states: list[Ints] = [np.array([model.start()]) for model in models]

    def advance(self, frame: Floats, kept: Ints) -> None:
        """Add one frame, (V,) log probabilities; extend prefixes by the `kept` labels."""
        total = np.logaddexp(self.blank, self.label)
        blank = total + frame[BLANK]
        label = self.label + frame[self.last]  # of the empty prefix always -inf
        if not len(kept):
            self.blank, self.label = blank, label
            return
        extended = np.where(self.last[:, None] == kept, self.blank[:, None], total[:, None])
        extended += frame[kept]
        self._merge(extended, label, kept)
        given = self.given[:, None]
        for model, states in zip(self.models, self.states, strict=True):
            given = given + model.scores(states)[:, kept]
        self._keep_best(blank, label, extended, np.broadcast_to(given, extended.shape), kept)

    def _merge(self, extended: Floats, label: Floats, kept: Ints) -> None:
        """Move the probability of an extension to its prefix, where the beam holds that already."""
        rows = self.rows
        rows[self.nodes] = np.arange(len(self.nodes))
        columns = np.full(self.size, -1)
        columns[kept] = np.arange(len(kept))
        parent, column = rows[self.parent], columns[self.last]
        child = np.flatnonzero((parent >= 0) & (column >= 0))
        rows[self.nodes] = -1
        if not len(child):
            return
        parent, column = parent[child], column[child]
        label[child] = np.logaddexp(label[child], extended[parent, column])
        extended[parent, column] = -np.inf

    def _keep_best(
        self, blank: Floats, label: Floats, extended: Floats, given: Floats, kept: Ints
    ) -> None:
        stayed = np.logaddexp(blank, label) + self.given
        best = _largest(np.concatenate([stayed, (extended + given).ravel()]), self.beam)
        count = len(blank)
        stays, extends = best[best < count], best[best >= count] - count
        if not len(extends):
            self._stay(stays, blank, label)
            return
        source, column = np.divmod(extends, len(kept))
        added = kept[column]
        edges = self.nodes[source] * self.size + added
        new = np.array([self._child(edge) for edge in edges.tolist()])
        self.states = [
            np.concatenate([states[stays], model.step(states[source], added)])
            for model, states in zip(self.models, self.states, strict=True)
        ]
        self.parent = np.concatenate([self.parent[stays], self.nodes[source]])
        self.nodes = np.concatenate([self.nodes[stays], new])
        self.last = np.concatenate([self.last[stays], added])
        self.given = np.concatenate([self.given[stays], given[source, column]])
        self.blank = np.concatenate([blank[stays], np.full(len(new), -np.inf)])
        self.label = np.concatenate([label[stays], extended[source, column]])

    def _stay(self, stays: Ints, blank: Floats, label: Floats) -> None:
        """Keep prefixes without a new one among them."""
        self.states = [states[stays] for states in self.states]
        self.parent, self.nodes = self.parent[stays], self.nodes[stays]
        self.last, self.given = self.last[stays], self.given[stays]
        self.blank, self.label = blank[stays], label[stays]

    def _child(self, edge: int) -> int:
        """Return the node at the end of an edge, the same even if it left the beam."""
        if (known := self.children.get(edge)) is not None:
            return known
        self.children[edge] = node = len(self.parents)
        if node + 1 == len(self.rows):
            self.rows = np.full(2 * len(self.rows), -1)
        self.parents.append(edge // self.size)
        self.labels.append(edge % self.size)
        return node

    def hypotheses(self) -> list[Hypothesis]:
        """Return the prefixes of the beam, the best first."""
        log_probs = np.logaddexp(self.blank, self.label)
        scores = log_probs + self.given
        for model, states in zip(self.models, self.states, strict=True):
            scores = scores + model.ends(states)
        order = np.argsort(-scores, kind="stable")
        labels = [self._labels_of(node) for node in self.nodes[order].tolist()]
        values = zip(labels, log_probs[order].tolist(), scores[order].tolist(), strict=True)
        return [Hypothesis(*value) for value in values]

    def _labels_of(self, node: int) -> tuple[int, ...]:
        labels: list[int] = []
        while node:
            labels.append(self.labels[node])
            node = self.parents[node]
        return tuple(reversed(labels))


def _largest(scores: Floats, count: int) -> Ints:
    """Return the indices of the `count` largest finite scores; of equal ones, the first win."""
    if len(scores) > count:
        threshold = max(np.partition(scores, -count)[-count], np.finfo(np.float64).min)
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.flatnonzero(scores > -np.inf)
    if len(candidates) > count:
        candidates = candidates[np.argsort(-scores[candidates], kind="stable")[:count]]
    return candidates
