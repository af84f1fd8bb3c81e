"""The flat decoder: one token a step, on its own or over an encoder.

`Decoder` predicts whole sequences in training. For sampling, `FlatStepper` lays its weights out for
fused steps, and `DecoderState` is where a step leaves each row.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from seqstudio.core.attention import AdditiveAttention, AttentionMemory
from seqstudio.core.cells import Cell
from seqstudio.core.config import check_covariates, check_positive, check_recurrent
from seqstudio.core.devices import RowwiseLinear
from seqstudio.core.encoder import Encoded
from seqstudio.core.fused_step import (
    FoldedCovariates,
    FusedStack,
    StackState,
    select_layers,
)
from seqstudio.core.recurrent import RecurrentStack, valid_mask


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """A decoder of one token a step. `covariates`: the number of values of each covariate."""

    part: ClassVar[str] = "decoder"
    attends: ClassVar[bool] = True
    vocabulary: int
    dimension: int = 128
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 2
    dropout: float = 0.0  # between layers only: one layer has none
    covariates: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_recurrent(self)
        check_covariates(self.covariates)


class Covariates(nn.Module):
    """Sums embeddings of what is known of a step in advance, such as its position in the bar."""

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in sizes)

    def forward(self, values: Tensor) -> Tensor:
        """Embed (..., C) int64 values as (..., width) float."""
        embedded = [
            embedding(values[..., number]) for number, embedding in enumerate(self.embeddings)
        ]
        return torch.stack(embedded).sum(dim=0)


def expand_covariates(covariates: Tensor | None, rows: int) -> Tensor | None:
    """Repeat (T, C) covariates for every row; (B, T, C) ones are returned unchanged."""
    if covariates is None or covariates.ndim == 3:
        return covariates
    return covariates[None].expand(rows, -1, -1)


class Decoder(nn.Module):
    """Predicts each token from those before it; row `vocabulary` of the embedding is the start."""

    def __init__(self, config: DecoderConfig, attention: AdditiveAttention | None) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary + 1, config.dimension)
        self.covariates = (
            Covariates(config.covariates, config.dimension) if config.covariates else None
        )
        self.body = RecurrentStack(
            config.cell, config.dimension, config.hidden, config.layers, config.dropout
        )
        self.attention = attention
        context_width = 0 if attention is None else attention.width
        self.output = nn.Linear(config.hidden + context_width, config.vocabulary)

    def logits(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        initial_state: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Predict whole sequences.

        Parameters
        ----------
        tokens : (B, U) int64; padding may hold any number
        lengths : (B,) int64, 1 to U
        initial_state : (layers, B, S) float; None is zero
        encoded : what to attend to
        covariates : (B, U, C) int64

        Returns
        -------
        (B, U, V) float logits: those at u predict tokens[:, u]
        """
        start = tokens.new_full((len(tokens), 1), self.config.vocabulary)
        previous = torch.cat([start, tokens[:, :-1].clamp(0, self.config.vocabulary - 1)], dim=1)
        inputs = self.embedding(previous)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates[:, : tokens.shape[1]])
        outputs, _ = self.body(inputs, initial_state)
        if self.attention is not None and encoded is not None:
            contexts, _ = self.attention(outputs, self.attention.prepare_memory(encoded))
            outputs = torch.cat([outputs, contexts], dim=-1)
        logits: Tensor = self.output(outputs)
        return logits

    def log_probs(self, tokens: Tensor, lengths: Tensor, **inputs: Any) -> Tensor:
        """Return the (B, U) log-probabilities of the tokens, 0 past each length; see `logits`."""
        log_probs = self.logits(tokens, lengths, **inputs).log_softmax(dim=-1)
        inside = valid_mask(lengths, tokens.shape[1])
        chosen = log_probs.gather(2, torch.where(inside, tokens, 0)[:, :, None])[:, :, 0]
        return chosen.masked_fill(~inside, 0.0)

    @torch.no_grad()
    def start(
        self,
        rows: int,
        *,
        initial_state: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> tuple[Tensor, "DecoderState"]:
        """Return the (rows, V) logits of the first token, and the state to step from."""
        if initial_state is None:
            initial_state = self.body.zero_state(rows)
        stepper = FlatStepper(self)
        return stepper.start(initial_state, encoded, expand_covariates(covariates, rows))

    def step(self, tokens: Tensor, state: "DecoderState") -> tuple[Tensor, "DecoderState"]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.step(tokens, state)


class DecoderState(NamedTuple):
    """The state of each row between two steps of a flat decoder."""

    stepper: "FlatStepper"
    layers: StackState
    position: int  # the step whose logits were returned last
    covariates: Tensor | None  # (B, T, C) int64
    memory: AttentionMemory | None
    weights: Tensor | None  # (B, T') float, the attention weights of the last step

    def select(self, rows: Tensor) -> "DecoderState":
        """Select rows by index, (R,) int64: to repeat a prefix, or to drop finished rows."""
        return DecoderState(
            self.stepper,
            select_layers(self.layers, rows),
            self.position,
            None if self.covariates is None else self.covariates[rows],
            None if self.memory is None else self.memory.select(rows),
            None if self.weights is None else self.weights[rows],
        )


class FlatStepper:
    """A flat decoder's weights, laid out for fused steps."""

    def __init__(self, decoder: Decoder) -> None:
        self.vocabulary = decoder.config.vocabulary
        self.attention = decoder.attention
        weight, bias = decoder.output.weight.detach(), decoder.output.bias.detach()
        if self.attention is not None:  # the fused head is the query; the output layer is separate
            self.output = RowwiseLinear(weight, bias)
            weight = self.attention.query.weight.detach()
            bias = weight.new_zeros(len(weight))
        self.stack = FusedStack(decoder.body.layers, weight, bias)
        self.token_gates = self.stack.fold(decoder.embedding.weight, biased=True)
        self.covariate_gates = FoldedCovariates(self.stack, decoder.covariates)

    def start(
        self, initial_state: Tensor, encoded: Encoded | None, covariates: Tensor | None
    ) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits of the first token, from (layers, B, S) states."""
        memory = None
        if self.attention is not None and encoded is not None:
            memory = self.attention.prepare_memory(encoded)
        rows, device = initial_state.shape[1], initial_state.device
        layers = self.stack.initial_state(initial_state)
        state = DecoderState(self, layers, -1, covariates, memory, None)
        return self.step(torch.full((rows,), self.vocabulary, device=device), state)

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state."""
        position, memory, weights = state.position + 1, state.memory, None
        input_gates = torch.embedding(self.token_gates, tokens)
        if state.covariates is not None and position < state.covariates.shape[1]:
            input_gates = input_gates + self.covariate_gates.sum(state.covariates[:, position])
        logits, layers = self.stack.step(input_gates, state.layers)
        if self.attention is not None and memory is not None:
            context, weights = self.attention.attend_once(logits, memory)
            output = layers[-1].output[:, : self.stack.hidden]
            logits = self.output(torch.cat([output, context], dim=1))
        return logits, DecoderState(self, layers, position, state.covariates, memory, weights)
