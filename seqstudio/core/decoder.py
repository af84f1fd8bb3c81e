"""The flat decoder: one token a step, over itself alone or over an encoder."""

import torch
from torch import Tensor, nn

from seqstudio.core.attention import AdditiveAttention
from seqstudio.core.config import DecoderConfig
from seqstudio.core.encoder import Encoded
from seqstudio.core.flat_stepper import DecoderState, FlatStepper
from seqstudio.core.recurrent import RecurrentStack


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


def rows_of(covariates: Tensor | None, rows: int) -> Tensor | None:
    """Give every row the covariates of a (T, C) tensor; a (B, T, C) one stays as it is."""
    if covariates is None or covariates.ndim == 3:
        return covariates
    return covariates[None].expand(rows, -1, -1)


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
        logits: Tensor = self.output(outputs)
        return logits

    @torch.no_grad()
    def start(
        self,
        rows: int,
        *,
        first: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> tuple[Tensor, DecoderState]:
        """Give the (rows, V) logits of the first token, and the state to step on from."""
        if first is None:
            first = self.body.zero_state(rows)
        return FlatStepper(self).start(first, encoded, rows_of(covariates, rows))

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones. `state` stays usable."""
        return state.stepper.step(tokens, state)
