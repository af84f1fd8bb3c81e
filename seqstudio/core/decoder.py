"""The flat decoder: one token a step, over itself alone or over an encoder."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from seqstudio.core.attention import AdditiveAttention, AttentionMemory
from seqstudio.core.config import DecoderConfig
from seqstudio.core.encoder import Encoded
from seqstudio.core.recurrent import RecurrentStack, state_width


class Covariates(nn.Module):
    """Embeds what is known of a step in advance, such as its place in the bar, and adds it up."""

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in sizes)

    def forward(self, values: Tensor) -> Tensor:
        """Give (..., width) float of (..., C) int64."""
        return torch.stack(
            [table(values[..., number]) for number, table in enumerate(self.tables)]
        ).sum(dim=0)

    def at(self, values: Tensor, position: Tensor) -> Tensor:
        """Embed each row's own step.

        Parameters
        ----------
        values : (B, T, C) int64
        position : (B,) int64

        Returns
        -------
        (B, width) float; zero for a row past the end, whose next token nobody needs
        """
        inside = position < values.shape[1]
        steps = torch.where(inside, position, 0)
        rows = torch.arange(len(position), device=values.device)
        return self(values[rows, steps]) * inside[:, None]


def rows_of(covariates: Tensor | None, rows: int) -> Tensor | None:
    """Give every row the covariates of a (T, C) tensor; a (B, T, C) one stays as it is."""
    if covariates is None or covariates.ndim == 3:
        return covariates
    return covariates[None].expand(rows, -1, -1)


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Where each row of a stepping decoder stands."""

    recurrent: Tensor  # (layers, B, S) float
    position: Tensor  # (B,) int64, the step whose logits were given last
    covariates: Tensor | None  # (B, T, C) int64
    memory: AttentionMemory | None
    weights: Tensor | None  # (B, T') float, where the last step attended

    def select(self, rows: Tensor) -> "DecoderState":
        """Take rows by their numbers, (R,) int64: to repeat a prefix, or to drop what is over."""
        return DecoderState(
            self.recurrent[:, rows],
            self.position[rows],
            None if self.covariates is None else self.covariates[rows],
            None if self.memory is None else self.memory.select(rows),
            None if self.weights is None else self.weights[rows],
        )


class Decoder(nn.Module):
    """Predicts each token from those before it; row `vocabulary` of the table is the start."""

    grouped = False

    def __init__(self, config: DecoderConfig, attention: AdditiveAttention | None) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.vocabulary + 1, config.dimension)
        self.covariates = (
            Covariates(config.covariates, config.dimension) if config.covariates else None
        )
        self.body = RecurrentStack(
            config.cell, config.dimension, config.hidden, config.layers, config.dropout
        )
        self.attention = attention
        context = 0 if attention is None else attention.width
        self.output = nn.Linear(config.hidden + context, config.vocabulary)

    def forward(
        self,
        tokens: Tensor,
        *,
        first: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Predict whole sequences.

        Parameters
        ----------
        tokens : (B, U) int64; padding may hold any number
        first : (layers, B, S) float, the state to start from; None is zero
        encoded : what to attend to
        covariates : (B, U, C) int64

        Returns
        -------
        (B, U, V) float logits: those at u predict tokens[:, u]
        """
        start = tokens.new_full((len(tokens), 1), self.config.vocabulary)
        before = torch.cat([start, tokens[:, :-1].clamp(0, self.config.vocabulary - 1)], dim=1)
        inputs = self.table(before)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates[:, : tokens.shape[1]])
        outputs, _ = self.body(inputs, first)
        if self.attention is not None and encoded is not None:
            contexts, _ = self.attention(outputs, self.attention.remember(encoded))
            outputs = torch.cat([outputs, contexts], dim=-1)
        return self.output(outputs)

    def start(
        self,
        rows: int,
        *,
        first: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> tuple[Tensor, DecoderState]:
        """Give the (rows, V) logits of the first token, and the state to step on from."""
        device = self.table.weight.device
        if first is None:
            width = state_width(self.config.cell, self.config.hidden)
            first = torch.zeros(self.config.layers, rows, width, device=device)
        remembered = None
        if self.attention is not None and encoded is not None:
            remembered = self.attention.remember(encoded)
        position = torch.full((rows,), -1, device=device)
        state = DecoderState(first, position, rows_of(covariates, rows), remembered, None)
        return self.step(torch.full((rows,), self.config.vocabulary, device=device), state)

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones. `state` stays usable."""
        position = state.position + 1
        inputs = self.table(tokens)
        if self.covariates is not None and state.covariates is not None:
            inputs = inputs + self.covariates.at(state.covariates, position)
        outputs, recurrent = self.body(inputs[:, None], state.recurrent)
        weights = None
        if self.attention is not None and state.memory is not None:
            contexts, all_weights = self.attention(outputs, state.memory)
            outputs, weights = torch.cat([outputs, contexts], dim=-1), all_weights[:, 0]
        logits = self.output(outputs[:, 0])
        state = replace(state, recurrent=recurrent, position=position, weights=weights)
        return logits, state
