"""The sample loop: every generated token of every plugin is drawn here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import torch
from torch import Tensor

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.job import Guide, SamplingConfig, Take
from seqstudio.core.encoder import Encoded
from seqstudio.core.filters import draw, filter_logits
from seqstudio.core.model import SequenceModel
from seqstudio.errors import ModelError


def sample(
    model: SequenceModel,
    prompts: Sequence[Sequence[int]],
    takes: Sequence[Take],
    guide: Guide,
    config: SamplingConfig,
    *,
    covariates: Tensor | None = None,
    encoded: Encoded | None = None,
) -> Iterator[tuple[int, int]]:
    """Draw tokens for all takes side by side.

    A take's tokens depend on its own seed and prompt alone: what draws the token at a position
    is a function of (seed, position), and on a CPU no row of the model's step depends on another.
    So a take that goes on from the first tokens of another, with its seed, repeats it.

    Parameters
    ----------
    model : in eval mode
    prompts : one for each take, of any lengths; a prompt is fed, and not yielded
    takes : one for each row
    guide : what may follow, and when a take is over; asked with the take's own tokens, which it
        must not change
    config : the filters
    covariates : (T, C) or (B, T, C) int64, what is known of each step in advance
    encoded : what the decoder starts from or attends to, B rows

    Yields
    ------
    (row, token), row by row within a position

    Raises
    ------
    ModelError
        If a prompt does not fit the model, nothing may follow, or the model gives NaN.
    """
    rows = [
        _Row(number, take, list(prompt), len(prompt))
        for number, (take, prompt) in enumerate(zip(takes, prompts, strict=True))
    ]
    rows = [row for row in rows if row.given or not guide.finished(row.number, row.tokens)]
    stepper = _Stepper(model)
    places = [row.number for row in rows]
    logits = stepper.start(places, covariates, encoded) if rows else None
    position = 0
    while logits is not None:
        drawing = [place for place, row in enumerate(rows) if row.given <= position]
        _draw_into(rows, drawing, logits, guide, config)
        for place in drawing:
            yield rows[place].number, rows[place].tokens[position]
        _check_prompts(rows, logits, position)
        position += 1
        left = [place for place, row in enumerate(rows) if not row.over(position, guide)]
        tokens = [rows[place].tokens[position - 1] for place in left]
        logits = stepper.step(left, tokens) if left else None
        rows = [rows[place] for place in left]


@dataclass(slots=True)
class _Row:
    number: int
    take: Take
    tokens: list[int]  # the prompt, then what was drawn
    given: int  # length of the prompt

    def over(self, position: int, guide: Guide) -> bool:
        return position >= self.given and guide.finished(self.number, self.tokens)

    def uniform(self) -> float:
        """Give this take's random number in [0, 1) for its next position: 53 bits of a hash."""
        return (stable_seed(self.take.seed, len(self.tokens)) >> 10) / 2**53

    def fault(self, found: str, position: int) -> ModelError:
        return ModelError(f"take {self.take.number}, token {position}: {found}")


def _draw_into(
    rows: list[_Row], drawing: list[int], logits: Tensor, guide: Guide, config: SamplingConfig
) -> None:
    """Append one token to each row that is past its prompt."""
    if not drawing:
        return
    logits = logits[drawing].cpu().double()
    for at, place in enumerate(drawing):
        row = rows[place]
        allowed = guide.allowed(row.number, row.tokens)
        if allowed is not None:
            logits[at].masked_fill_(~allowed.cpu(), -torch.inf)
        best = float(logits[at].max())
        if isnan(best):
            raise row.fault("the model gives NaN, expected a number", len(row.tokens))
        if best == -torch.inf:
            count = "all" if allowed is None else str(int(allowed.sum()))
            found = f"the guide allows {count} tokens and the model none of them, expected one"
            raise row.fault(found, len(row.tokens))
    uniforms = torch.tensor([rows[place].uniform() for place in drawing], dtype=torch.float64)
    drawn = draw(filter_logits(logits, config), uniforms).tolist()
    for place, token in zip(drawing, drawn, strict=True):
        rows[place].tokens.append(token)


def _check_prompts(rows: list[_Row], logits: Tensor, position: int) -> None:
    """Refuse a prompt's token that the model does not know, or that its grammar forbids here."""
    for place, row in enumerate(rows):
        if row.given <= position:
            continue
        token, vocabulary = row.tokens[position], logits.shape[1]
        if not 0 <= token < vocabulary:
            raise row.fault(f"{token} in the prompt, expected 0 to {vocabulary - 1}", position)
        if logits[place, token] == -torch.inf:
            raise row.fault(f"{token} in the prompt may not stand here", position)


class _Stepper:
    """The model, and the state of the rows that are not over."""

    def __init__(self, model: SequenceModel) -> None:
        self.model = model
        self.device = next(model.parameters()).device
        self.live = 0  # rows in the state
        self.state: Any = None  # of the decoder's own kind

    @torch.inference_mode()
    def start(
        self, numbers: list[int], covariates: Tensor | None, encoded: Encoded | None
    ) -> Tensor:
        """Start these rows of what is given; give their (B, V) logits."""
        self.live = len(numbers)
        rows = torch.tensor(numbers, device=self.device)
        if covariates is not None:
            covariates = covariates.to(self.device)
            covariates = covariates[rows] if covariates.ndim == 3 else covariates
        if encoded is not None:
            state = None if encoded.state is None else encoded.state[:, rows]
            encoded = Encoded(encoded.output[rows], encoded.lengths[rows], state)
        logits, self.state = self.model.start(self.live, encoded=encoded, covariates=covariates)
        return logits

    @torch.inference_mode()
    def step(self, left: list[int], tokens: list[int]) -> Tensor:
        """Go on with the rows at these places, taking their tokens; give their (B, V) logits."""
        if len(left) < self.live:
            self.live = len(left)
            self.state = self.state.select(torch.tensor(left, device=self.device))
        logits, self.state = self.model.step(torch.tensor(tokens, device=self.device), self.state)
        return logits
