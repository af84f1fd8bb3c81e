"""N-gram language models as models of labels: words over letters, or the letters themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqstudio.core.ngram import (
    END,
    FIRST_WORD,
    NEVER,
    ROOT,
    UNKNOWN,
    Floats,
    Ints,
    NGrams,
)

OUTSIDE = -1  # the place of a spelling that begins no word of the lexicon
LIKELIHOOD_FLOOR = 1e-300  # below it a probability is taken to be 0


class LetterNGrams:
    """An n-gram model whose tokens are labels; label 1 is token `FIRST_WORD`.

    The share of the unknown token is that of the labels that the model has never seen; of all, if
    it has seen every one.

    Parameters
    ----------
    model : of labels
    labels : V, with the blank
    space : a label that never occurs; 0 for none
    weight : of its log probabilities in a search
    bonus : nats added for each label
    """

    def __init__(
        self,
        model: NGrams,
        labels: int,
        *,
        space: int = 0,
        weight: float = 1.0,
        bonus: float = 0.0,
    ) -> None:
        self.model, self.never = model, [0, space]
        self.weight, self.bonus = weight, bonus
        self.columns = FIRST_WORD - 1 + np.arange(labels)
        known = np.minimum(self.columns, model.size - 1)
        unigrams = model.distribution(ROOT)[known]
        self.unseen = (self.columns >= model.size) | (unigrams <= NEVER / 2)
        self.unseen[self.never] = False
        self.columns = known

    def start(self) -> int:
        """Return the state at the start of a spelling."""
        return self.model.start()

    def log_probs(self, state: int) -> tuple[Floats, float]:
        """Return the (V,) log probabilities of the labels, that of label 0 -inf; and of the end."""
        tokens = self.model.distribution(state)
        found, end = tokens[self.columns], float(tokens[END])
        if count := int(self.unseen.sum()):
            found[self.unseen] = tokens[UNKNOWN] - np.log(count)
        else:
            rest = np.log1p(-np.exp(tokens[UNKNOWN]))
            found, end = found - rest, end - rest
        found[self.never] = -np.inf
        return found, end

    def scores(self, state: int) -> tuple[Floats, float]:
        """Return what each label adds, and the end; see `LabelModel`."""
        log_probs, end = self.log_probs(state)
        return self.weight * log_probs + self.bonus, self.weight * end

    def following(self, state: int, label: int) -> int:
        """Return the state after a label."""
        token = UNKNOWN if self.unseen[label] else int(self.columns[label])
        return int(self.model.advance(np.array([state]), np.array([token]))[1][0])


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the lexicon: the words that begin with a spelling, sorted, and its own cost."""

    bounds: Ints  # (V + 1,): words that are the spelling, then those that go on with each label
    spelled: float  # log probability of the spelling so far, by the letters
    letters: int  # state of the letters' model


@dataclass(frozen=True, slots=True)
class _Context:
    """The words after a context: their ranks, and sums of what they add to the shorter one."""

    ranks: Ints  # (K,), ascending
    sums: Floats  # (K + 1,)
    backoff: float
    shorter: int


class OpenVocabulary:
    """An n-gram model of words, as a model of letters that knows no word's end in advance.

    Every letter has its probability after the letters and words before: the sum over all words that
    it may begin, and over all unknown words, which a model of letters spells [1]_. So a word counts
    from its first letter on, and no word is impossible. With a back-off model the sum over a range
    of sorted words is one difference for each length of context, whatever the number of words.

    Parameters
    ----------
    model : of words
    spellings : the labels of each word, from token `FIRST_WORD` on; () for one that has no spelling
    letters : spells unknown words
    space : the label between words
    weight : of the log probabilities in a search
    bonus : nats added for each word

    References
    ----------
    .. [1] Hori, Watanabe and Hershey 2017, "Multi-level language modeling and decoding for open
       vocabulary end-to-end speech recognition".
    """

    def __init__(
        self,
        model: NGrams,
        spellings: Sequence[tuple[int, ...]],
        letters: LetterNGrams,
        *,
        space: int,
        weight: float = 1.0,
        bonus: float = 0.0,
    ) -> None:
        self.model, self.letters, self.space = model, letters, space
        self.weight, self.bonus = weight, bonus
        order = sorted((word, at) for at, word in enumerate(spellings, start=FIRST_WORD) if word)
        self.spellings = [word for word, _ in order]
        self.tokens = np.array([token for _, token in order], np.int64)
        self.ranks = np.full(model.size, -1)
        self.ranks[self.tokens] = np.arange(len(order))
        start = letters.start()
        self.places = [_Place(self._bounds((), 0, len(order)), 0.0, start)]
        self.next_places: dict[tuple[int, int], int] = {}
        self.prefixes: list[tuple[int, ...]] = [()]
        self.contexts: dict[int, _Context] = {}

    @cached_property
    def _labels(self) -> Ints:
        return np.arange(len(self.letters.columns) + 1)

    def _bounds(self, prefix: tuple[int, ...], low: int, high: int) -> Ints:
        """Divide the words that begin with a prefix by the label after it."""
        depth = len(prefix)
        column = [word[depth] if len(word) > depth else 0 for word in self.spellings[low:high]]
        return low + np.searchsorted(np.array(column, np.int64), self._labels)

    def start(self) -> tuple[int, int, int]:
        """Return the state before the first word: its context, place in the lexicon, spelling."""
        return self.model.start(), 0, 0

    def scores(self, state: tuple[int, int, int]) -> tuple[Floats, float]:
        """Return what each label adds, and the end; see `LabelModel`."""
        log_probs, complete = self._log_probs(state)
        if state[1] == 0:  # between words
            log_probs[self.space] = -np.inf
            end = self._token(state[0], END)[0]
            return self.weight * log_probs + self.bonus, self.weight * end
        log_probs[self.space] = complete
        end = complete + self._token(self._after_word(state), END)[0]
        return self.weight * log_probs, self.weight * end

    def following(self, state: tuple[int, int, int], label: int) -> tuple[int, int, int]:
        """Return the state after a label."""
        context, place, spelling = state
        if label == self.space:
            return self._after_word(state), 0, 0
        if place != OUTSIDE:
            bounds = self.places[place].bounds
            if bounds[label] < bounds[label + 1]:
                return context, self._next_place(place, label), 0
            spelling = self.places[place].letters
        return context, OUTSIDE, self.letters.following(spelling, label)

    def _log_probs(self, state: tuple[int, int, int]) -> tuple[Floats, float]:
        """Return the (V,) log probabilities of the labels, and that the word is complete."""
        context, number, spelling = state
        if number == OUTSIDE:
            return self.letters.log_probs(spelling)
        place = self.places[number]
        letters, stop = self.letters.log_probs(place.letters)
        unknown = self._token(context, UNKNOWN)[0] + place.spelled
        known = np.maximum(np.diff(self._mass(context, place.bounds)), 0.0)
        masses = known + np.exp(unknown + letters)
        complete = known[0] + (np.exp(unknown + stop) if number else 0.0)
        total = known.sum() + np.exp(unknown) if number else 1.0
        masses[0] = 0.0
        if not total > LIKELIHOOD_FLOOR:
            return letters, stop
        with np.errstate(divide="ignore"):
            return np.log(masses / total), float(np.log(complete / total))

    def _mass(self, context: int, bounds: Ints) -> Floats:
        """Return the probability after a context of all words before each of some ranks."""
        total, factor = np.zeros(len(bounds)), 1.0
        while True:
            found = self._context(context)
            total += factor * found.sums[np.searchsorted(found.ranks, bounds)]
            if context == ROOT:
                return total
            factor *= found.backoff
            context = found.shorter

    def _context(self, node: int) -> _Context:
        if node not in self.contexts:
            model = self.model
            children = np.arange(model.first_child[node], model.first_child[node + 1])
            tokens = model.tokens[children].astype(np.int64)
            ranks = self.ranks[tokens]
            order = np.argsort(ranks, kind="stable")
            order = order[ranks[order] >= 0]
            added = np.exp(model.log_probs[children[order]].astype(np.float64))
            backoff, shorter = float(np.exp(model.backoffs[node])), int(model.suffixes[node])
            if node != ROOT:
                before = model.advance(np.full(len(order), shorter), tokens[order])[0]
                added -= backoff * np.exp(before)
            sums = np.concatenate([[0.0], added.cumsum()])
            self.contexts[node] = _Context(ranks[order], sums, backoff, shorter)
        return self.contexts[node]

    def _next_place(self, place: int, label: int) -> int:
        edge = place, label
        if edge not in self.next_places:
            before = self.places[place]
            low, high = int(before.bounds[label]), int(before.bounds[label + 1])
            prefix = (*self.prefixes[place], label)
            spelled = before.spelled + float(self.letters.log_probs(before.letters)[0][label])
            letters = self.letters.following(before.letters, label)
            self.next_places[edge] = len(self.places)
            self.places.append(_Place(self._bounds(prefix, low, high), spelled, letters))
            self.prefixes.append(prefix)
        return self.next_places[edge]

    def _after_word(self, state: tuple[int, int, int]) -> int:
        """Return the context after the word that ends in a state; an unknown one if it is none."""
        context, place, _ = state
        token = UNKNOWN
        if place != OUTSIDE:
            first, stop = self.places[place].bounds[:2]
            token = int(self.tokens[first]) if first < stop else UNKNOWN
        return self._token(context, token)[1]

    def _token(self, context: int, token: int) -> tuple[float, int]:
        log_prob, after = self.model.advance(np.array([context]), np.array([token]))
        return float(log_prob[0]), int(after[0])
