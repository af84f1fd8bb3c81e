"""The contract of beam search: its settings, its results, and models that help to score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seqstudio.errors import ConfigError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamConfig:
    """How to search for the most likely tokens.

    A finished hypothesis Y has the score (Wu et al. 2016, "Google's neural machine translation
    system", equation 14)

        total(Y) / ((5 + |Y|) / 6) ** alpha + coverage * sum_i log min(sum_j a_ij, 1)

    where `total` is its log-probability plus those of the scorers, by weight, and a_ij is the
    attention to frame i of the source at token j; both count what follows the prompt. Without
    normalisation (alpha 0) a search prefers short hypotheses, since each token adds a negative
    number; alpha 1 ranks nearly by the mean. The default lies between the two, as do the
    values that Wu et al. found best for |Y| ** alpha, 0.6 to 0.7.
    """

    beam: int = 8  # hypotheses of each prompt that are extended at each token; 1 is greedy
    best: int = 1  # hypotheses returned for each prompt, at most
    alpha: float = 0.6  # length normalisation
    coverage: float = 0.0  # weight of the coverage penalty; needs a decoder with attention
    minimum: int = 0  # tokens after the prompt; a shorter hypothesis may not finish
    maximum: int = 500  # tokens after the prompt; a hypothesis that is as long ends there

    def __post_init__(self) -> None:
        for name in ("beam", "best", "maximum"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        for name in ("alpha", "coverage"):
            if not 0 <= (value := getattr(self, name)) < float("inf"):
                raise ConfigError(f"{name}={value}, expected 0 or more")
        if not 0 <= self.minimum <= self.maximum:
            raise ConfigError(f"minimum={self.minimum}, expected 0 to {self.maximum}, the maximum")


@dataclass(frozen=True, slots=True)
class BeamHypothesis:
    """One result of a beam search."""

    tokens: tuple[int, ...]  # those after the prompt
    log_prob: float  # nats, the decoder's, of all the tokens
    score: float  # what hypotheses are ranked by; see `BeamConfig`
    finished: bool  # False: ended by the maximum length, not by the guide


class Scorer(Protocol):
    """Another model that scores the tokens of a beam search.

    An n-gram or neural language model (shallow fusion, Gulcehre et al. 2015), or the prefix scores
    of a CTC head (joint decoding, Watanabe et al. 2017, "Hybrid CTC/attention architecture for
    end-to-end speech recognition"). A weight of w adds w times its log-probabilities to those of
    the decoder. For Watanabe's lambda, w is lambda / (1 - lambda).
    """

    def score(self, prefixes: Sequence[Sequence[int]], state: Any) -> "tuple[torch.Tensor, Any]":
        """Return the log-probabilities of the token that follows each prefix.

        In the first call there is one empty prefix for each prompt, in order, and `state` is
        None. In each later call every prefix is one token longer than the one whose state its
        row has.

        Parameters
        ----------
        prefixes : R prefixes, prompts included
        state : what the previous call returned, with its rows selected to fit the prefixes

        Returns
        -------
        (R, V) float log-probabilities, nats, at most 0; and a state, which has `select(rows)`, as
        a decoder's state does: rows by index, (R',) int64, any of them repeated or dropped. None
        if the scorer needs no state
        """
