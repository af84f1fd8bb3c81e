"""The scores of a beam search: those of the decoder, of scorers, and the coverage penalty."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.contracts.beam_search import BeamConfig, Scorer
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError, ModelError

Floats = NDArray[np.float64]
TOLERANCE = 1e-3  # nats, by which rounding may lift a scorer's log-probability above 0


@dataclass(frozen=True, slots=True)
class StepScores:
    """What the next token of R rows adds to their scores."""

    log_probs: Floats  # (R, V) nats, the decoder's
    totals: Floats  # (R, V) with what the scorers add
    penalties: Floats  # (R,) coverage penalty of a hypothesis that ends here

    def part(self, rows: slice) -> "StepScores":
        """Return some of the rows."""
        return StepScores(self.log_probs[rows], self.totals[rows], self.penalties[rows])


class BeamScores:
    """Turns logits into the scores of the next token, with scorers and coverage of R rows."""

    def __init__(self, config: BeamConfig, scorers: Sequence[tuple[Scorer, float]]) -> None:
        for number, (_, weight) in enumerate(scorers):
            if not 0 <= weight < np.inf:
                raise ConfigError(f"weight of scorer {number}: {weight}, expected 0 or more")
        self.config = config
        self.scorers = scorers
        self.states: list[Any] = [None] * len(scorers)
        self.frames: Tensor | None = None  # (R,) int64, of each row's source
        self.attention: Tensor | None = None  # (R, T') of all tokens after the prompt so far

    @torch.inference_mode()
    def start(self, prefixes: list[list[int]], frames: Tensor | None) -> None:
        """Start R rows, in which the decoder has run over prefixes of equal lengths already."""
        self.frames = frames
        for length in range(len(prefixes[0])):
            self._scored([prefix[:length] for prefix in prefixes])

    @torch.inference_mode()
    def of(
        self, logits: Tensor, state: Any, prefixes: list[list[int]], counted: list[bool]
    ) -> StepScores:
        """Return the scores of the next token.

        Parameters
        ----------
        logits : (R, V) float
        state : the decoder's
        prefixes : the tokens of each row so far
        counted : whether a row is past its prompt, so that coverage counts its attention
        """
        log_probs = _log_probs(logits)
        totals = log_probs
        scored = self._scored(prefixes)
        for number, (_, weight) in enumerate(self.scorers):
            checked = _check_scored(scored[number], log_probs.shape, number)
            totals = totals + (weight * checked if weight else 0.0)
        return StepScores(log_probs, totals, self._penalties(state, counted))

    def _scored(self, prefixes: list[list[int]]) -> list[Tensor]:
        """Return what each scorer returns for the token after R prefixes; keep its state."""
        scored = []
        for number, (scorer, _) in enumerate(self.scorers):
            log_probs, self.states[number] = scorer.score(prefixes, self.states[number])
            scored.append(log_probs)
        return scored

    def _penalties(self, state: Any, counted: list[bool]) -> Floats:
        """Return the (R,) coverage penalties of hypotheses that end with the next token."""
        if not self.config.coverage:
            return np.zeros(len(counted))
        weights = getattr(state, "weights", None)
        if weights is None or self.frames is None:
            found = f"coverage={self.config.coverage}"
            raise ConfigError(f"{found}, expected 0: this decoder has no attention weights")
        weights = weights * torch.tensor(counted, device=weights.device)[:, None]
        self.attention = weights if self.attention is None else self.attention + weights
        covered = self.attention.clamp(torch.finfo(weights.dtype).tiny, 1.0).log()
        inside = valid_mask(self.frames, weights.shape[1])
        penalties = covered.masked_fill(~inside, 0.0).cpu().double().sum(dim=1)
        return self.config.coverage * np.asarray(penalties)

    def select(self, rows: list[int]) -> None:
        """Keep these rows, any of them repeated."""
        indices = torch.tensor(rows)
        self.states = [None if state is None else state.select(indices) for state in self.states]
        if self.frames is not None:
            self.frames = self.frames[indices]
        if self.attention is not None:
            self.attention = self.attention[indices]


def _log_probs(logits: Tensor) -> Floats:
    """Return (R, V) log-probabilities; -inf where the decoder's grammar forbids a token.

    Raises
    ------
    ModelError
        If a logit is NaN or +inf.
    """
    logits = logits.cpu().double()
    best = logits.amax(dim=1)
    for value in best[~(best < torch.inf)].tolist():
        raise ModelError(f"the model returns the logit {value}, expected a finite number or -inf")
    log_probs = logits.log_softmax(dim=1).masked_fill(best[:, None] == -torch.inf, -torch.inf)
    return log_probs.numpy()


def _check_scored(scored: Tensor, shape: tuple[int, ...], number: int) -> Floats:
    """Return a scorer's log-probabilities as an array, or raise ModelError if they are none."""
    found = scored.cpu().double().numpy()
    if found.shape != shape:
        raise ModelError(f"scorer {number}: shape {found.shape}, expected {shape}")
    for value in islice(found[~(found <= TOLERANCE)], 1):
        raise ModelError(f"scorer {number}: log-probability {value}, expected at most 0")
    return found
