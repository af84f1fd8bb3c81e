"""Phrases that a search prefers, as a trie with failure links over labels."""

from collections import deque
from collections.abc import Iterable

import numpy as np

from seqstudio.core.ngram import Floats

ROOT = 0


class Phrases:
    """Gives a reward to each label of a phrase, and takes it back if the phrase is not completed.

    An automaton of Aho and Corasick 1975: however many phrases there are, a state is one number,
    and phrases may overlap or begin with each other. A phrase is found as whole words only.

    Parameters
    ----------
    phrases : labels of each, without spaces at the ends
    labels : V, with the blank
    space : the label between words; 0 if there is none, and phrases are found anywhere
    reward : nats for each label
    """

    def __init__(
        self, phrases: Iterable[tuple[int, ...]], labels: int, *, space: int, reward: float
    ) -> None:
        self.labels, self.space, self.reward = labels, space, reward
        self.children: list[dict[int, int]] = [{}]
        self.pending: list[float] = [0.0]  # rewards so far, which are taken back on failure
        self.final: list[float] = [0.0]  # the rewards that are kept if a phrase ends here
        edge = (space,) if space else ()
        for phrase in phrases:
            self._add((*edge, *phrase, *edge))
        self.failure = self._failures()

    def _add(self, labels: tuple[int, ...]) -> None:
        node = ROOT
        for label in labels:
            if label not in self.children[node]:
                self.children[node][label] = len(self.children)
                self.children.append({})
                self.pending.append(0.0)
                self.final.append(0.0)
            node = self.children[node][label]
        self.final[node] = 1.0

    def _failures(self) -> list[int]:
        """Return for each node the longest other node that ends as it does; and sum the rewards."""
        failure = [ROOT] * len(self.children)
        queue = deque([ROOT])
        while queue:
            node = queue.popleft()
            for label, child in self.children[node].items():
                failure[child] = self._go(failure[node], label, failure) if node else ROOT
                first_space = node == ROOT and self.space > 0
                earned = self.pending[node] + (0.0 if first_space else self.reward)
                ends = self.final[child] > 0
                self.pending[child] = 0.0 if ends else earned
                self.final[child] = (earned if ends else 0.0) + self.final[failure[child]]
                queue.append(child)
        return failure

    def _go(self, node: int, label: int, failure: list[int]) -> int:
        while label not in self.children[node]:
            if node == ROOT:
                return ROOT
            node = failure[node]
        return self.children[node][label]

    def start(self) -> int:
        """Return the state at the start of a word."""
        return self.children[ROOT].get(self.space, ROOT)

    def scores(self, state: int) -> tuple[Floats, float]:
        """Return what each label adds, and the end, which ends a word; see `LabelModel`."""
        missed = self._added(state, ROOT)
        scores = np.full(self.labels, missed)
        node = state
        reached: set[int] = set()
        while True:  # what no node on the way knows leads to the root
            for label in self.children[node].keys() - reached:
                scores[label] = self._added(state, self.children[node][label])
            reached |= self.children[node].keys()
            if node == ROOT:
                break
            node = self.failure[node]
        after = self.following(state, self.space) if self.space else ROOT
        return scores, self.final[after] - self.pending[state]

    def _added(self, state: int, after: int) -> float:
        return self.pending[after] - self.pending[state] + self.final[after]

    def following(self, state: int, label: int) -> int:
        """Return the state after a label."""
        return self._go(state, label, self.failure)
