"""Beam search: the most likely continuations of prompts, for every decoder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis, Scorer
from seqstudio.contracts.job import Guide
from seqstudio.core.encoder import Encoded
from seqstudio.core.model import SequenceModel
from seqstudio.errors import ModelError
from seqstudio.services.beam_scores import BeamScores, Floats, StepScores
from seqstudio.services.sampling import Stepper, source_items


def beam_search(
    model: SequenceModel,
    prompts: Sequence[Sequence[int]],
    guide: Guide,
    config: BeamConfig,
    *,
    encoded: Encoded | None = None,
    items: Sequence[int] | None = None,
    covariates: Tensor | None = None,
    scorers: Sequence[tuple[Scorer, float]] = (),
    check: Callable[[], None] = lambda: None,
) -> list[list[BeamHypothesis]]:
    """Search all prompts in one batch; see `seqstudio.contracts.job.Sampler`.

    At each token the `beam` best hypotheses that are not finished go on. A hypothesis finishes if
    it is then among the `beam` best of all. The search of a prompt ends when `beam` hypotheses have
    finished, or when none that goes on can become better than the `best` finished ones.

    Parameters
    ----------
    model : in eval mode
    check : called before each token; what it raises ends the search

    Raises
    ------
    ModelError
        If a prompt does not fit the model, no token is allowed, or a log-probability is not one.
    ConfigError
        If the model needs other inputs, an item is out of range, or a weight is negative.
    """
    sources = source_items(len(prompts), encoded, items)
    begun = min((model.valid_prefix(prompt) for prompt in prompts), default=0)
    beams = [_Beam(number, prompt, begun, guide, config) for number, prompt in enumerate(prompts)]
    active = beams
    stepper = Stepper(model)
    scores = BeamScores(config, scorers)
    if active:
        prefixes = [beam.live[0].tokens for beam in beams]
        logits = stepper.start(range(len(beams)), encoded, sources, covariates, prefixes)
        scores.start(prefixes, None if encoded is None else encoded.lengths[list(sources)])
    while active:
        check()
        prefixes = [hypothesis.tokens for beam in active for hypothesis in beam.live]
        counted = [not beam.in_prompt for beam in active for _ in beam.live]
        step = scores.of(logits, stepper.state, prefixes, counted)
        rows, tokens = _extend(active, step)
        active = [beam for beam in active if beam.live]
        if active:
            scores.select(rows)
            logits = stepper.step(rows, tokens)
    return [beam.results() for beam in beams]


@dataclass(frozen=True, slots=True)
class _Live:
    """A hypothesis that is not finished."""

    tokens: list[int]  # the prompt's too
    log_prob: float  # nats, the decoder's
    total: float  # with what the scorers add


def _extend(active: list["_Beam"], step: StepScores) -> tuple[list[int], list[int]]:
    """Extend each prompt's hypotheses; return the rows that go on, and the token of each."""
    rows: list[int] = []
    tokens: list[int] = []
    first = 0
    for beam in active:
        size = len(beam.live)
        parents = beam.extend(step.part(slice(first, first + size)))
        rows += [first + parent for parent in parents]
        tokens += [hypothesis.tokens[-1] for hypothesis in beam.live]
        first += size
    return rows, tokens


class _Beam:
    """The hypotheses of one prompt."""

    def __init__(
        self, number: int, prompt: Sequence[int], begun: int, guide: Guide, config: BeamConfig
    ) -> None:
        self.number = number
        self.prompt = list(prompt)
        self.guide = guide
        self.config = config
        self.ended: list[BeamHypothesis] = []
        self.position = begun  # how many tokens each live hypothesis has, the prompt's included
        self.live = [_Live(self.prompt[:begun], 0.0, 0.0)]

    @property
    def in_prompt(self) -> bool:
        return self.position < len(self.prompt)

    def extend(self, step: StepScores) -> list[int]:
        """Extend the live hypotheses by one token; return which of them the new ones extend."""
        if self.in_prompt:
            return self._extend_prompt(step.log_probs[0])
        if self.position == len(self.prompt) and self.guide.finished(self.number, self.prompt):
            self._end(self.live[0], 0.0, finished=True)
            self.live = []
            return []
        self.position += 1
        totals = step.totals + np.array([[hypothesis.total] for hypothesis in self.live])
        for row, hypothesis in enumerate(self.live):
            allowed = self.guide.allowed(self.number, hypothesis.tokens)
            if allowed is not None:
                totals[row, ~allowed.cpu().numpy()] = -np.inf
        parents, live = self._best(totals, step)
        if not live and not self.ended:
            raise self._error(self.position - 1, "no token is allowed, expected one")
        self.live = [] if self._decided(live) else live
        return parents if self.live else []

    def _best(self, totals: Floats, step: StepScores) -> tuple[list[int], list[_Live]]:
        """Go through (R, V) candidates from the best on; end some, return those that go on."""
        beam, rank = self.config.beam, 0
        parents: list[int] = []
        live: list[_Live] = []
        length = self.position - len(self.prompt)
        for index in _ranked(totals.ravel(), 2 * beam):
            parent, token = divmod(index, totals.shape[1])
            before = self.live[parent]
            log_prob = before.log_prob + float(step.log_probs[parent, token])
            new = _Live([*before.tokens, token], log_prob, float(totals[parent, token]))
            finished = self.guide.finished(self.number, new.tokens)
            if finished and length < self.config.minimum:
                continue
            if not finished and length < self.config.maximum:
                parents.append(parent)
                live.append(new)
            elif rank < beam:
                self._end(new, float(step.penalties[parent]), finished=finished)
            rank += 1
            if len(live) == beam or rank == 2 * beam:
                break
        return parents, live

    def _extend_prompt(self, log_probs: Floats) -> list[int]:
        """Add the prompt's next token, which changes no score."""
        token, last = self.prompt[self.position], len(log_probs) - 1
        if not 0 <= token <= last:
            raise self._error(self.position, f"{token} in the prompt, expected 0 to {last}")
        if log_probs[token] == -np.inf:
            raise self._error(self.position, f"{token} in the prompt is not allowed here")
        self.position += 1
        self.live = [_Live(self.prompt[: self.position], 0.0, 0.0)]
        return [0]

    def _end(self, hypothesis: _Live, penalty: float, *, finished: bool) -> None:
        tokens = tuple(hypothesis.tokens[len(self.prompt) :])
        score = hypothesis.total / self._normaliser(len(tokens)) + penalty
        self.ended.append(BeamHypothesis(tokens, hypothesis.log_prob, score, finished))

    def _normaliser(self, length: int) -> float:
        return float(((5 + length) / 6) ** self.config.alpha)

    def _decided(self, live: list[_Live]) -> bool:
        """Return whether the hypotheses that go on cannot change the results.

        A total never grows, so none of them ends with a score above `limit`.
        """
        finished = sorted((one.score for one in self.ended if one.finished), reverse=True)
        if len(finished) >= max(self.config.beam, self.config.best) or not live:
            return True
        if len(finished) < self.config.best:
            return False
        limit = live[0].total / self._normaliser(self.config.maximum)
        return finished[self.config.best - 1] >= limit

    def results(self) -> list[BeamHypothesis]:
        """Return the best hypotheses: finished ones first; of equal ones, the first that ended."""
        ranked = sorted(self.ended, key=lambda one: (not one.finished, -one.score))
        return ranked[: self.config.best]

    def _error(self, position: int, reason: str) -> ModelError:
        return ModelError(f"prompt {self.number}, token {position}: {reason}")


def _ranked(scores: Floats, count: int) -> Iterator[int]:
    """Yield the indices of finite scores, the best first; of equal ones, the lowest first.

    Only the first `count` or so are sorted, unless more are asked for.
    """
    count = min(count, len(scores))
    threshold = np.partition(scores, -count)[-count]
    for part in (scores >= threshold, scores < threshold):
        indices = np.flatnonzero(part & (scores > -np.inf))
        yield from indices[np.argsort(-scores[indices], kind="stable")].tolist()
