"""Steps of the flat decoder, fused."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from seqstudio.core.attention import AttentionMemory
from seqstudio.core.devices import Product
from seqstudio.core.encoder import Encoded
from seqstudio.core.fused_step import FoldedCovariates, FusedStack, StackState, select_layers

if TYPE_CHECKING:
    from seqstudio.core.decoder import Decoder


class DecoderState(NamedTuple):
    """Where each row of a stepping decoder stands."""

    stepper: "FlatStepper"
    layers: StackState
    position: int  # the step whose logits were given last
    covariates: Tensor | None  # (B, T, C) int64
    memory: AttentionMemory | None
    weights: Tensor | None  # (B, T') float, where the last step attended

    def select(self, rows: Tensor) -> "DecoderState":
        """Take rows by their numbers, (R,) int64: to repeat a prefix, or to drop what is over."""
        return DecoderState(
            self.stepper,
            select_layers(self.layers, rows),
            self.position,
            None if self.covariates is None else self.covariates[rows],
            None if self.memory is None else self.memory.select(rows),
            None if self.weights is None else self.weights[rows],
        )


class FlatStepper:
    """A flat decoder's weights, laid out for stepping."""

    def __init__(self, decoder: "Decoder") -> None:
        self.vocabulary = decoder.config.vocabulary
        self.attention = decoder.attention
        weight, bias = decoder.output.weight.detach(), decoder.output.bias.detach()
        if self.attention is not None:  # the head asks; what it hears goes to the output
            self.output = Product(weight, bias)
            weight = self.attention.query.weight.detach()
            bias = weight.new_zeros(len(weight))
        self.stack = FusedStack(decoder.body.layers, weight, bias)
        self.table = self.stack.fold(decoder.table.weight, biased=True)
        self.known = FoldedCovariates(self.stack, decoder.covariates)

    def start(
        self, first: Tensor, encoded: Encoded | None, covariates: Tensor | None
    ) -> tuple[Tensor, DecoderState]:
        """Give the (B, V) logits of the first token, from (layers, B, S) states."""
        memory = None
        if self.attention is not None and encoded is not None:
            memory = self.attention.remember(encoded)
        rows, device = first.shape[1], first.device
        layers = self.stack.begin(first)
        state = DecoderState(self, layers, -1, covariates, memory, None)
        return self.step(torch.full((rows,), self.vocabulary, device=device), state)

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones."""
        position, memory, weights = state.position + 1, state.memory, None
        given = torch.embedding(self.table, tokens)
        if state.covariates is not None and position < state.covariates.shape[1]:
            given = given + self.known.sum(state.covariates[:, position])
        logits, layers = self.stack.step(given, state.layers)
        if self.attention is not None and memory is not None:
            context, weights = self.attention.attend(logits, memory)
            heard = layers[-1].output[:, : self.stack.hidden]
            logits = self.output(torch.cat([heard, context], dim=1))
        return logits, DecoderState(self, layers, position, state.covariates, memory, weights)
