"""N-gram models with back-off, over integer tokens, as tries in arrays.

A node of the trie is an n-gram; its parent is the n-gram without its last token. Nodes are sorted
by length, parent and last token, so that children of a node are neighbours and a child is found by
a binary search. A state is the node of the longest context that the model knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqstudio.errors import ModelError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

END, BEGIN, UNKNOWN = 0, 1, 2  # tokens of every model: </s>, <s> and <unk>
FIRST_WORD = 3
ROOT = 0  # the node of the empty context
NEVER = -99.0 * np.log(10)  # nats; what ARPA files give to <s>, which nothing precedes


@dataclass(frozen=True, eq=False)
class NGrams:
    """A back-off model (Katz 1987). The first `size` nodes after the root are the tokens.

    The arrays have 20 bytes a node, and what is derived from them as much again.
    """

    order: int
    size: int  # of the vocabulary, with </s>, <s> and <unk>
    tokens: NDArray[np.int32]  # (N,) the last token; of the root -1
    parents: NDArray[np.int32]  # (N,) of the root 0
    suffixes: NDArray[np.int32]  # (N,) the node without its first token
    log_probs: NDArray[np.float32]  # (N,) of the last token after those before it
    backoffs: NDArray[np.float32]  # (N,) what a token costs that is no child of the node

    def __post_init__(self) -> None:
        for name in ("parents", "suffixes", "log_probs", "backoffs"):
            if (found := getattr(self, name).shape) != self.tokens.shape:
                raise ModelError(f"{name} {found}, expected {self.tokens.shape} as tokens has")
        if len(self.tokens) <= self.size or self.size < FIRST_WORD or self.order < 1:
            raise ModelError(
                f"{len(self.tokens)} n-grams of {self.size} tokens, order {self.order}, "
                f"expected more n-grams than tokens, at least {FIRST_WORD} tokens and order 1"
            )
        if (np.diff(self._keys) <= 0).any() or not np.isfinite(self.log_probs[1:]).all():
            raise ModelError("n-grams out of order or not finite, expected them sorted and finite")
        nodes = np.arange(1, len(self.tokens))
        for name, links in (("parents", self.parents[1:]), ("suffixes", self.suffixes[1:])):
            if (links < 0).any() or (links >= nodes).any():
                raise ModelError(f"{name} lead forward, expected each before its n-gram")

    @classmethod
    def of_arrays(
        cls,
        size: int,
        *,
        tokens: NDArray[np.int32],
        parents: NDArray[np.int32],
        suffixes: NDArray[np.int32],
        log_probs: NDArray[np.float32],
        backoffs: NDArray[np.float32],
    ) -> "NGrams":
        """Return a model whose order is the length of its last n-gram.

        Raises
        ------
        ModelError
            If the arrays are no model.
        """
        node, order = len(tokens) - 1, 0
        while node > ROOT and node < len(parents) and parents[node] < node:
            node, order = int(parents[node]), order + 1
        return cls(order, size, tokens, parents, suffixes, log_probs, backoffs)

    @cached_property
    def _keys(self) -> Ints:
        """Parent and token of every node but the root as one number, ascending."""
        return self.parents[1:].astype(np.int64) * self.size + self.tokens[1:]

    @cached_property
    def first_child(self) -> Ints:
        """The (N + 1,) places where the children of each node begin."""
        nodes = np.arange(len(self.tokens) + 1)
        return 1 + np.searchsorted(self.parents[1:], nodes)

    @cached_property
    def levels(self) -> Ints:
        """The (N,) lengths of the n-grams."""
        levels = np.zeros(len(self.tokens), np.int64)
        for level in range(1, self.order + 1):
            inside = slice(*self.level(level))
            levels[inside] = level
        return levels

    def level(self, length: int) -> tuple[int, int]:
        """Return where the n-grams of a length begin and end."""
        start, stop = 0, 1
        for _ in range(length):
            start, stop = stop, int(self.first_child[stop])
        return start, stop

    def counts(self) -> tuple[int, ...]:
        """Return the number of n-grams of each length from 1 on."""
        edges = [self.level(length) for length in range(1, self.order + 1)]
        return tuple(stop - start for start, stop in edges)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        arrays = self.tokens, self.parents, self.suffixes, self.log_probs, self.backoffs
        return sum(array.nbytes for array in arrays)

    def child(self, nodes: Ints, tokens: Ints) -> Ints:
        """Return the (R,) nodes of these nodes followed by a token; -1 where there is none."""
        wanted = nodes * self.size + tokens
        found = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[found] == wanted, found + 1, -1)

    def start(self) -> int:
        """Return the state at the start of a sentence."""
        return int(self._contexts[1 + BEGIN])

    def advance(self, states: Ints, tokens: Ints) -> tuple[Floats, Ints]:
        """Score one token after each state.

        Parameters
        ----------
        states, tokens : (R,) int64, tokens below `size`

        Returns
        -------
        (R,) log probabilities in nats, and the (R,) states after the tokens
        """
        log_probs = np.zeros(len(states))
        contexts, found = states.copy(), self.child(states, tokens)
        while (missing := np.flatnonzero(found < 0)).size:
            log_probs[missing] += self.backoffs[contexts[missing]]
            contexts[missing] = self.suffixes[contexts[missing]]
            found[missing] = self.child(contexts[missing], tokens[missing])
        log_probs += self.log_probs[found]
        return log_probs, self._contexts[found]

    def distribution(self, state: int) -> Floats:
        """Return the (size,) log probabilities of every token after a state."""
        chain = [state]
        while chain[-1] != ROOT:
            chain.append(int(self.suffixes[chain[-1]]))
        log_probs = np.full(self.size, -np.inf)
        for context in reversed(chain):
            children = slice(self.first_child[context], self.first_child[context + 1])
            log_probs += self.backoffs[context]
            log_probs[self.tokens[children]] = self.log_probs[children]
        return log_probs

    def score(self, sentences: Sequence[Sequence[int]]) -> list[Floats]:
        """Return the log probabilities of the tokens of each sentence and of its end, in nats."""
        order = sorted(range(len(sentences)), key=lambda at: -len(sentences[at]))
        rows = [np.zeros(len(sentences[at]) + 1) for at in order]
        states = np.full(len(rows), self.start(), np.int64)
        for position in range(max(map(len, rows), default=0)):
            live = sum(position < len(row) for row in rows)
            tokens = [(*sentences[at], END)[position] for at in order[:live]]
            found, states = self.advance(states[:live], np.array(tokens, np.int64))
            for row, value in zip(rows, found, strict=False):
                row[position] = value
        scored = dict(zip(order, rows, strict=True))
        return [scored[at] for at in range(len(sentences))]

    @cached_property
    def _contexts(self) -> Ints:
        """The (N,) states after each node: the node without tokens that decide nothing."""
        contexts = np.arange(len(self.tokens))
        childless = np.diff(self.first_child) == 0
        useless = (childless & (self.backoffs == 0)) | (self.levels == self.order)
        for node in np.flatnonzero(useless):  # a suffix comes before its node
            contexts[node] = contexts[self.suffixes[node]]
        return contexts
