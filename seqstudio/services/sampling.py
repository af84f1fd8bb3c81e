"""The sampling loop, which generates all tokens of all plugins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import torch
from torch import Tensor

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.job import GroupedGuide, Guide, SamplingConfig, TakeSeed
from seqstudio.core.encoder import Encoded
from seqstudio.core.filters import draw, filter_in_groups, filter_logits
from seqstudio.core.model import SequenceModel
from seqstudio.errors import ConfigError, ModelError


def sample(
    model: SequenceModel,
    prompts: Sequence[Sequence[int]],
    takes: Sequence[TakeSeed],
    guide: Guide,
    config: SamplingConfig,
    *,
    encoded: Encoded | None = None,
    items: Sequence[int] | None = None,
    covariates: Tensor | None = None,
) -> Iterator[tuple[int, int]]:
    """Sample tokens for all takes in one batch; see `seqstudio.contracts.job.Sampler`.

    The tokens of a take depend only on its own seed and prompt: the random number at a position is
    a function of (seed, position), and on a CPU the rows of a batch are computed independently.
    So a take whose prompt is the first tokens of another, with the same seed, repeats it.

    Parameters
    ----------
    model : in eval mode
    prompts : one for each take, of any lengths; the tokens of a prompt are not yielded
    takes : one for each row
    guide : which tokens may come next, and when a take is finished
    config : temperature and filters
    encoded : the encoder's output for the decoder
    items : the index in `encoded` of each take's source; None: take i has source i
    covariates : (T, C) or (B, T, C) int64, known values for each step

    Yields
    ------
    (row, token), in order of position, then of row

    Raises
    ------
    ModelError
        If a prompt does not fit the model, no token is allowed, or a logit is NaN or infinite.
    ConfigError
        If the model needs other inputs, an item is out of range, or the model cannot step with
        eight-bit weights.
    """
    rows = [
        _Row(number, take, list(prompt), len(prompt))
        for number, (take, prompt) in enumerate(zip(takes, prompts, strict=True))
    ]
    stepper = Stepper(model, int8=config.int8)
    grouped = guide if isinstance(guide, GroupedGuide) else None  # once: a slow question
    sources = source_items(len(prompts), encoded, items)
    position = min((model.valid_prefix(prompt) for prompt in prompts), default=0)
    rows = [row for row in rows if not row.finished(position, guide)]
    numbers, begun = [row.number for row in rows], [row.tokens[:position] for row in rows]
    logits = stepper.start(numbers, encoded, sources, covariates, begun) if rows else None
    while logits is not None:
        sampling = [at for at, row in enumerate(rows) if row.prompt_length <= position]
        _append_samples(rows, sampling, logits, guide, grouped, config)
        for at in sampling:
            yield rows[at].number, rows[at].tokens[position]
        _check_prompts(rows, logits, position)
        position += 1
        active = [at for at, row in enumerate(rows) if not row.finished(position, guide)]
        tokens = [rows[at].tokens[position - 1] for at in active]
        logits = stepper.step(active, tokens) if active else None
        rows = [rows[at] for at in active]


@dataclass(slots=True)
class _Row:
    number: int  # index into the takes
    take: TakeSeed
    tokens: list[int]  # the prompt, then the sampled tokens
    prompt_length: int

    def finished(self, position: int, guide: Guide) -> bool:
        return position >= self.prompt_length and guide.finished(self.number, self.tokens)

    def uniform(self) -> float:
        """Return the random number in [0, 1) for the next position: 53 bits of a hash."""
        return (stable_seed(self.take.seed, len(self.tokens)) >> 10) / 2**53

    def error(self, reason: str, position: int) -> ModelError:
        return ModelError(f"take {self.take.number}, token {position}: {reason}")


def _append_samples(
    rows: list[_Row],
    sampling: list[int],
    logits: Tensor,
    guide: Guide,
    grouped: GroupedGuide | None,
    config: SamplingConfig,
) -> None:
    """Append one sampled token to each row whose index is in `sampling`."""
    if not sampling:
        return
    chosen = logits if len(sampling) == len(rows) else logits[sampling]
    logits = chosen.to("cpu", torch.float64, copy=True)
    sampled_rows = [rows[at] for at in sampling]
    masks = [guide.allowed(row.number, row.tokens) for row in sampled_rows]
    for at, allowed in enumerate(masks):
        if allowed is not None:
            logits[at].masked_fill_(~allowed.cpu(), -torch.inf)
    for row, allowed, best in zip(sampled_rows, masks, logits.amax(dim=1).tolist(), strict=True):
        _check_best(row, allowed, best)
    uniforms = torch.tensor([row.uniform() for row in sampled_rows], dtype=torch.float64)
    tokens = draw(_filtered(sampled_rows, logits, grouped, config), uniforms).tolist()
    for row, token in zip(sampled_rows, tokens, strict=True):
        row.tokens.append(token)


def _check_best(row: _Row, allowed: Tensor | None, best: float) -> None:
    """Raise ModelError unless the best logit of the allowed tokens is a finite number."""
    if isnan(best) or best == torch.inf:
        raise row.error(f"the model returns {best}, expected a number", len(row.tokens))
    if best == -torch.inf:
        count = "all" if allowed is None else str(int(allowed.sum()))
        reason = f"the guide allows {count} tokens and the model none of them, expected one"
        raise row.error(reason, len(row.tokens))


def _filtered(
    rows: list[_Row], logits: Tensor, guide: GroupedGuide | None, config: SamplingConfig
) -> Tensor:
    """Filter the logits of each row, by groups where the guide has some."""
    if guide is None:
        return filter_logits(logits, config)
    groups = torch.zeros_like(logits, dtype=torch.bool)
    for at, row in enumerate(rows):
        if (group := guide.group(row.number, row.tokens)) is not None:
            groups[at] = group.cpu()
    return filter_in_groups(logits, config, groups)


def _check_prompts(rows: list[_Row], logits: Tensor, position: int) -> None:
    """Raise ModelError if a prompt's token is not in the vocabulary, or not allowed here."""
    for at, row in enumerate(rows):
        if row.prompt_length <= position:
            continue
        token, vocabulary = row.tokens[position], logits.shape[1]
        if not 0 <= token < vocabulary:
            raise row.error(f"{token} in the prompt, expected 0 to {vocabulary - 1}", position)
        if logits[at, token] == -torch.inf:
            raise row.error(f"{token} in the prompt is not allowed here", position)


def source_items(rows: int, encoded: Encoded | None, items: Sequence[int] | None) -> Sequence[int]:
    """Return the index in `encoded` of each row's source; by default row i has source i.

    Raises
    ------
    ConfigError
        If there are not as many items as rows, or one is out of range.
    """
    chosen = range(rows) if items is None else items
    if len(chosen) != rows:
        raise ConfigError(f"{len(chosen)} items for {rows} prompts, expected as many")
    if encoded is not None and rows:
        last = len(encoded.lengths) - 1
        if not 0 <= min(chosen) <= max(chosen) <= last:
            raise ConfigError(f"items={list(chosen)}, expected 0 to {last}, as many as are encoded")
    return chosen


class Stepper:
    """The model, and the state of the rows that are not finished."""

    def __init__(self, model: SequenceModel, *, int8: bool = False) -> None:
        self.model, self.int8 = model, int8
        self.device = next(model.parameters()).device
        self.rows = 0  # in the state
        self.state: Any = None  # its type depends on the decoder

    @torch.inference_mode()
    def start(
        self,
        numbers: Sequence[int],
        encoded: Encoded | None,
        items: Sequence[int],
        covariates: Tensor | None,
        prompts: Sequence[Sequence[int]] = (),
    ) -> Tensor:
        """Start these rows of the batch, after prompts of equal lengths; return (B, V) logits."""
        self.rows = len(numbers)
        if covariates is not None:
            covariates = covariates.to(self.device)
            rows = torch.tensor(numbers, device=self.device)
            covariates = covariates[rows] if covariates.ndim == 3 else covariates
        if encoded is not None:
            encoded = encoded.select(
                torch.tensor([items[number] for number in numbers], device=self.device)
            )
        tokens = torch.tensor(prompts or [[]] * self.rows, dtype=torch.int64, device=self.device)
        logits, self.state = self.model.prime(
            tokens, encoded=encoded, covariates=covariates, int8=self.int8
        )
        return logits

    @torch.inference_mode()
    def step(self, rows: list[int], tokens: list[int]) -> Tensor:
        """Select rows by index, any of them repeated or dropped, and feed each its next token.

        Returns their (B, V) logits.
        """
        if rows != list(range(self.rows)):
            self.rows = len(rows)
            self.state = self.state.select(torch.tensor(rows, device=self.device))
        logits, self.state = self.model.step(torch.tensor(tokens, device=self.device), self.state)
        return logits
