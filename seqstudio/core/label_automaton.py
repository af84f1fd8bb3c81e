"""Models that score labels one by one, as automata whose states are found when they are needed."""

from collections.abc import Hashable
from typing import Any, Protocol

import numpy as np

from seqstudio.core.ngram import Floats, Ints

LIMIT_BYTES = 2**26  # of the states that are kept from one search to the next


class LabelModel(Protocol):
    """What a labelling is worth beside its sound: a language model, or phrases that are expected.

    A state is all that the model needs to know of the labels so far. Label 0 is never asked for.
    """

    def start(self) -> Hashable:
        """Return the state before the first label."""

    def scores(self, state: Any) -> tuple[Floats, float]:
        """Return the (V,) nats that each label adds, -inf where it may not follow; the end's."""

    def following(self, state: Any, label: int) -> Hashable:
        """Return the state after a label."""


class LabelAutomaton:
    """Numbers the states of a model and keeps their scores, so that a search only looks them up.

    Parameters
    ----------
    model : asked once for each state
    labels : V, with the blank
    """

    def __init__(self, model: LabelModel, labels: int) -> None:
        self.model = model
        self.labels = labels
        self._clear()

    def _clear(self) -> None:
        self._states: list[Hashable] = []
        self._numbers: dict[Hashable, int] = {}
        self._scores: Floats = np.empty((64, self.labels))
        self._ends: Floats = np.empty(64)
        self._following: Ints = np.empty((64, self.labels), np.int64)

    def start(self) -> int:
        """Return the number of the first state. Forgets all states if they need too much memory."""
        if len(self._states) * self.labels * 16 > LIMIT_BYTES:
            self._clear()
        return self._number(self.model.start())

    def scores(self, states: Ints) -> Floats:
        """Return the (R, V) nats that labels add after each state."""
        found: Floats = self._scores[states]
        return found

    def ends(self, states: Ints) -> Floats:
        """Return the (R,) nats that the end adds after each state."""
        found: Floats = self._ends[states]
        return found

    def step(self, states: Ints, labels: Ints) -> Ints:
        """Return the (R,) states after a label each."""
        found: Ints = self._following[states, labels]
        for row in np.flatnonzero(found < 0).tolist():
            state, label = int(states[row]), int(labels[row])
            number = self._number(self.model.following(self._states[state], label))
            self._following[state, label] = found[row] = number
        return found

    def _number(self, state: Hashable) -> int:
        if (known := self._numbers.get(state)) is not None:
            return known
        number = len(self._states)
        if number == len(self._ends):
            self._scores = np.concatenate([self._scores, np.empty_like(self._scores)])
            self._ends = np.concatenate([self._ends, np.empty_like(self._ends)])
            self._following = np.concatenate([self._following, np.empty_like(self._following)])
        self._numbers[state] = number
        self._states.append(state)
        self._scores[number], self._ends[number] = self.model.scores(state)
        self._following[number] = -1
        return number
