"""Estimating n-gram models from token sequences: Witten-Bell and modified Kneser-Ney smoothing.

Both are interpolated: a seen n-gram also has its share of the shorter context's distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqstudio.core.ngram import BEGIN, END, FIRST_WORD, NEVER, ROOT, UNKNOWN, Floats, Ints, NGrams
from seqstudio.errors import ConfigError, DataError

Smoothing = Literal["witten-bell", "kneser-ney"]
FALLBACK = (0.5, 1.0, 1.5)  # discounts where counts of counts are 0, as in KenLM


@dataclass(frozen=True, slots=True)
class _Level:
    """The n-grams of one length, sorted by parent and token."""

    parents: Ints  # nodes, numbered over all lengths
    tokens: Ints
    suffixes: Ints
    counts: Ints
    begins: NDArray[np.bool_]  # whether the first token is <s>


def estimate(
    sentences: Sequence[Sequence[int]],
    *,
    size: int,
    order: int,
    smoothing: Smoothing = "kneser-ney",
) -> NGrams:
    """Estimate a model of sentences, each between <s> and </s>.

    Witten-Bell (Witten and Bell 1991, method C, interpolated): a context seen c times with t types
    gives t / (c + t) to the shorter one; of the unigrams, that share is the unknown word's, which
    is the estimate of the probability that the next word is new. Modified Kneser-Ney: Chen and
    Goodman 1998, with the counts of counts of every length, and the unigrams interpolated with
    equal probabilities of all words, the unknown one among them.

    Parameters
    ----------
    sentences : tokens from `FIRST_WORD` to `size - 1`
    size : of the vocabulary

    Raises
    ------
    DataError
        If there is no token.
    ConfigError
        If the order is not 1 to 8.
    """
    if not 1 <= order <= 8:
        raise ConfigError(f"order={order}, expected 1 to 8")
    if not any(map(len, sentences)):
        raise DataError(f"{len(sentences)} sentences without a word, expected some text")
    levels = _count(sentences, size, order)
    smooth = _witten_bell if smoothing == "witten-bell" else _kneser_ney
    return smooth(levels, size)


def _count(sentences: Sequence[Sequence[int]], size: int, order: int) -> list[_Level]:
    """Count n-grams level by level; unigrams of all tokens are there, seen or not."""
    lengths = np.array([len(sentence) + 2 for sentence in sentences])
    tokens = np.concatenate([np.array((BEGIN, *s, END), np.int64) for s in sentences])
    place = np.arange(len(tokens)) - np.repeat(lengths.cumsum() - lengths, lengths)
    nodes = 1 + tokens  # of the n-gram of the current length that ends at each position
    counts = np.bincount(tokens[place > 0], minlength=size)
    none = np.zeros(size, np.int64)
    levels = [_Level(none, np.arange(size), none, counts, np.arange(size) == BEGIN)]
    for length in range(2, order + 1):
        at = np.flatnonzero(place >= length - 1)
        keys, first, inverse, counts = np.unique(
            nodes[at - 1] * size + tokens[at],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        parents, last = np.divmod(keys, size)
        begins = place[at[first]] == length - 1
        levels.append(_Level(parents, last, nodes[at[first]], counts, begins))
        base = 1 + sum(len(level.tokens) for level in levels[:-1])
        nodes = np.full(len(tokens), -1)
        nodes[at] = base + inverse
    return levels


def _witten_bell(levels: list[_Level], size: int) -> NGrams:
    starts = _starts(levels)
    log_backoffs = np.zeros(starts[-1])
    probs = [_witten_bell_unigrams(levels[0])]
    for level, below, start in zip(levels[1:], probs, starts[1:], strict=False):
        totals = np.bincount(level.parents, level.counts, minlength=starts[-1])
        types = np.bincount(level.parents, minlength=starts[-1])
        contexts = np.flatnonzero(types)
        shares = types[contexts] / (totals[contexts] + types[contexts])
        log_backoffs[contexts] = np.log(shares)
        shorter = below[level.suffixes - (start - len(below))]
        sums = totals[level.parents] + types[level.parents]
        probs.append((level.counts + types[level.parents] * shorter) / sums)
    return _assembled(levels, probs, log_backoffs, size)


def _witten_bell_unigrams(level: _Level) -> Floats:
    types, total = np.count_nonzero(level.counts), int(level.counts.sum())
    probs = np.asarray(level.counts / (total + types))
    probs[UNKNOWN] += types / (total + types)
    return probs


def _kneser_ney(levels: list[_Level], size: int) -> NGrams:
    starts = _starts(levels)
    log_backoffs = np.zeros(starts[-1])
    probs: list[Floats] = []
    below = np.full(1, 1 / (size - 1))  # of every token but <s>
    for number, level in enumerate(levels):
        adjusted = _adjusted(levels, number, starts)
        if number == 0:
            adjusted[BEGIN] = 0
        discounts = _discounts(adjusted)[np.minimum(adjusted, 3)]
        totals = np.bincount(level.parents, adjusted, minlength=starts[-1])
        taken = np.bincount(level.parents, discounts, minlength=starts[-1])
        contexts = np.flatnonzero(totals)
        log_backoffs[contexts] = np.log(taken[contexts] / totals[contexts])
        shorter = below[level.suffixes - (starts[number] - len(below))]
        shares = np.exp(log_backoffs[level.parents])
        probs.append((adjusted - discounts) / totals[level.parents] + shares * shorter)
        below = probs[-1]
    log_backoffs[ROOT] = 0.0  # every token is its child
    return _assembled(levels, probs, log_backoffs, size)


def _adjusted(levels: list[_Level], number: int, starts: Ints) -> Ints:
    """Return the counts of a length: how many tokens precede each n-gram, where some can."""
    level = levels[number]
    if number == len(levels) - 1:
        return level.counts.copy()
    longer = levels[number + 1]
    preceded = np.bincount(longer.suffixes - starts[number], minlength=len(level.counts))
    return np.where(level.begins, level.counts, preceded)


def _discounts(adjusted: Ints) -> Floats:
    """Return what is taken from counts of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (np.count_nonzero(adjusted == count) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array([0.0, *FALLBACK])
    y = n1 / (n1 + 2 * n2)
    found = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    within = (found[1:] > 0).all() and (found[1:] < (1, 2, 3)).all()
    return found if within else np.array([0.0, *FALLBACK])


def _starts(levels: list[_Level]) -> Ints:
    """Return the node at which each length begins, and one past the last node."""
    return 1 + np.cumsum([0, *(len(level.tokens) for level in levels)])


def _assembled(
    levels: list[_Level], probs: list[Floats], log_backoffs: Floats, size: int
) -> NGrams:
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.concatenate(probs))
    log_probs[~np.isfinite(log_probs)] = NEVER
    log_probs[BEGIN] = NEVER
    return NGrams(
        order=len(levels),
        size=size,
        tokens=np.concatenate([[-1], *(level.tokens for level in levels)]).astype(np.int32),
        parents=np.concatenate([[0], *(level.parents for level in levels)]).astype(np.int32),
        suffixes=np.concatenate([[0], *(level.suffixes for level in levels)]).astype(np.int32),
        log_probs=np.concatenate([[0.0], log_probs]).astype(np.float32),
        backoffs=log_backoffs.astype(np.float32),
    )


def word_tokens(sentences: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return the sorted words of sentences, and the sentences as tokens.

    >>> word_tokens([["two", "one"], ["two"]])
    (('one', 'two'), [[4, 3], [4]])
    """
    words = tuple(sorted({word for sentence in sentences for word in sentence}))
    token = {word: number for number, word in enumerate(words, start=FIRST_WORD)}
    return words, [[token[word] for word in sentence] for sentence in sentences]
