"""Errors of texts against their references, by utterance, speaker and kind, with intervals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from seqstudio_speech.scoring import error_sums
from seqstudio_speech.scripts import spans

DRAWS = 10_000  # of the utterances, with replacement
SEED = 0
BETWEEN = (2.5, 97.5)  # percentiles

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """One place of an alignment: a word of the reference, of the hypothesis, or of both."""

    reference: str
    hypothesis: str

    @property
    def is_right(self) -> bool:
        """Whether the words are the same."""
        return self.reference == self.hypothesis


@dataclass(frozen=True, slots=True)
class Scored:
    """An utterance with its errors; the steps are words, in scripts without spaces characters."""

    name: str
    speaker: str
    steps: tuple[Step, ...]
    sums: Mapping[str, tuple[float, float]]  # of `error_sums`

    @property
    def errors(self) -> int:
        """How many steps are wrong."""
        return sum(not step.is_right for step in self.steps)


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors over the length of the references, and a 95 % interval from resampled utterances."""

    errors: int
    length: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Errors over length; of nothing it is 0."""
        return self.errors / max(1, self.length)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher the rate of a second hypothesis is, with its interval.

    `p_value` is two-sided: how often resampling turns the sign, or how likely it is by chance.
    """

    value: float
    low: float
    high: float
    p_value: float


def score(name: str, speaker: str, reference: str, hypothesis: str) -> Scored:
    """Align two normalised texts with the fewest errors."""
    words, found = _units(reference), _units(hypothesis)
    steps: list[Step] = []
    for code in Levenshtein.opcodes(words, found):
        left = words[code.src_start : code.src_end]
        right = found[code.dest_start : code.dest_end]
        for at in range(max(len(left), len(right))):
            steps.append(Step("".join(left[at : at + 1]), "".join(right[at : at + 1])))
    return Scored(name, speaker, tuple(steps), error_sums(reference, hypothesis))


def _units(text: str) -> list[str]:
    return [text[start:stop] for start, stop in spans(text)]


def rate(scored: Sequence[Scored], metric: str) -> Rate:
    """Pool a metric, with the interval of a percentile bootstrap over utterances.

    Bisani and Ney 2004, "Bootstrap estimates for confidence intervals in ASR performance
    evaluation".
    """
    counts = counts_of(scored, metric)
    low, high = np.percentile(_resampled(counts), BETWEEN)
    errors, length = counts.sum(axis=0)
    return Rate(int(errors), int(length), round(float(low), 5), round(float(high), 5))


def difference(first: Sequence[Scored], second: Sequence[Scored], metric: str) -> Difference:
    """Compare two hypotheses on the same utterances by a paired bootstrap."""
    counts = np.concatenate([counts_of(first, metric), counts_of(second, metric)], axis=1)
    drawn = _resampled(counts)
    gained = drawn[:, 1] - drawn[:, 0]
    errors, length, others, other_length = counts.sum(axis=0)
    value = others / max(1, other_length) - errors / max(1, length)
    tail = min(float((gained <= 0).mean()), float((gained >= 0).mean()))
    low, high = np.percentile(gained, BETWEEN)
    return Difference(float(value), float(low), float(high), min(1.0, 2 * tail))


def counts_of(scored: Sequence[Scored], metric: str) -> Counts:
    """Return the (N, 2) errors and lengths of utterances."""
    return np.array([one.sums[metric] for one in scored], dtype=np.float64)


def _resampled(counts: Counts) -> Counts:
    """Return the rates of random draws of (N, 2 S) counts of S systems: (DRAWS, S), or (DRAWS,)."""
    generator = np.random.default_rng(SEED)
    total = len(counts)
    drawn = np.stack(
        [generator.multinomial(total, np.full(total, 1 / total)) @ counts for _ in range(DRAWS)]
    )
    rates = drawn[:, ::2] / np.maximum(1, drawn[:, 1::2])
    return np.squeeze(rates, axis=1) if rates.shape[1] == 1 else rates


def confusions(scored: Sequence[Scored]) -> Counter[Step]:
    """Count the errors of each kind: "" as reference is an insertion, as hypothesis a deletion."""
    return Counter(step for one in scored for step in one.steps if not step.is_right)


def by_speaker(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Return the utterances of each speaker that has a name, sorted."""
    found: dict[str, list[Scored]] = {}
    for one in scored:
        if one.speaker:
            found.setdefault(one.speaker, []).append(one)
    return dict(sorted(found.items()))
