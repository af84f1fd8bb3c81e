"""The flat decoder: one token a step, on its own or over an encoder.

`Decoder` predicts whole sequences in training. For sampling, `FlatStepper` lays its weights out for
fused steps, and `DecoderState` is where a step leaves each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.attention import Attention, AttentionMemory, AttentionWeights
from seqstudio.core.cells import Cell, RecurrentCell
from seqstudio.core.config import PartConfig, check_covariates, check_positive, check_recurrent
from seqstudio.core.devices import at_least_float32
from seqstudio.core.encoder import Encoded
from seqstudio.core.fused_step import (
    FoldedCovariates,
    FusedStack,
    StackState,
    StepRoute,
    replace_layers,
    select_layers,
)
from seqstudio.core.past_inputs import FoldedPast, PastInput, PastInputs, PastStates
from seqstudio.core.recurrent import valid_mask
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.tied_output import TiedOutput
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """A decoder of one token a step.

    `covariates` has the number of values of each covariate, which is known in advance; `past` holds
    the inputs that are functions of the tokens so far. With `past_attention` each step attends to
    the outputs of the steps before it (Cheng et al. 2016), and so finds what it said long before.
    With `tied` the output layer's weights are the rows of the embedding.
    """

    part: ClassVar[str] = "decoder"
    attends: ClassVar[bool] = True
    predicts: ClassVar[bool] = True  # can be the prediction network of a transducer
    vocabulary: int
    dimension: int = 128
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 2
    dropout: float = 0.0  # between layers only: one layer has none
    covariates: tuple[int, ...] = ()
    past: tuple[PartConfig, ...] = ()
    past_attention: PartConfig | None = None
    layer_norm: bool = False
    residual: bool = False
    tied: bool = False

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_recurrent(self)
        check_covariates(self.covariates)
        own = self.past_attention
        if own is not None and not getattr(own, "attends_past", False):
            raise ConfigError(f"past_attention={own.part!r}, expected one such as additive or dot")
        if self.tied and self.dimension != self.hidden:
            raise ConfigError(f"tied with dimension={self.dimension}, expected {self.hidden}")


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
    """Predicts each token from those before it; row `vocabulary` of the embedding is the start.

    With `outputs` it is the prediction network of a transducer (Graves 2012): instead of logits it
    returns so many numbers a step, for the joint head to read. `cell` is that of the config, or a
    cell of a plugin's own.
    """

    def __init__(
        self,
        config: DecoderConfig,
        attention: Attention | None,
        outputs: int | None = None,
        *,
        past_attention: Attention | None = None,
        past: Sequence[PastInput] = (),
        cell: RecurrentCell | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary + 1, config.dimension)
        self.covariates = (
            Covariates(config.covariates, config.dimension) if config.covariates else None
        )
        self.body = RecurrentStack(
            config.cell if cell is None else cell,
            config.dimension,
            config.hidden,
            config.layers,
            config.dropout,
            layer_norm=config.layer_norm,
            residual=config.residual,
        )
        self.attention = attention
        self.past = PastInputs(past, config.dimension) if past else None
        self.past_attention = past_attention
        attentions = [one for one in (attention, past_attention) if one is not None]
        width = config.hidden + sum(one.width for one in attentions)
        if config.tied and (attentions or outputs):
            raise ConfigError("tied with attention or a joint head, expected neither")
        self.output = (
            TiedOutput(self.embedding, config.vocabulary)
            if config.tied
            else nn.Linear(width, outputs or config.vocabulary)
        )

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
        outputs, _ = self.body(self.inputs(tokens, covariates), initial_state)
        logits: Tensor = self.output(self.attend(outputs, encoded)[0])
        return logits

    def inputs(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the (B, U, dimension) inputs of the body: that at u sees tokens[:, :u]."""
        tokens = tokens.clamp(0, self.config.vocabulary - 1)
        start = tokens.new_full((len(tokens), 1), self.config.vocabulary)
        inputs: Tensor = self.embedding(torch.cat([start, tokens[:, :-1]], dim=1))
        if covariates is not None:
            covariates = covariates[:, : tokens.shape[1]]
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates)
        return inputs if self.past is None else inputs + self.past(tokens, covariates)

    def attend(self, outputs: Tensor, encoded: Encoded | None) -> tuple[Tensor, AttentionWeights]:
        """Append the contexts of (B, U, H) outputs; return also the attention weights."""
        joined, weights, past_weights = [outputs], None, None
        if self.attention is not None and encoded is not None:
            context, weights = self.attention(outputs, self.attention.prepare_memory(encoded))
            joined.append(context)
        if self.past_attention is not None:
            memory = self.past_attention.past_memory(outputs)
            context, past_weights = self.past_attention(outputs, memory)
            joined.append(context)
        return torch.cat(joined, dim=-1), AttentionWeights(weights, past_weights)

    def attention_weights(
        self,
        tokens: Tensor,
        *,
        initial_state: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> AttentionWeights:
        """Return where each step of whole sequences attends to; see `logits`."""
        outputs, _ = self.body(self.inputs(tokens, covariates), initial_state)
        return self.attend(outputs, encoded)[1]

    def predict(self, tokens: Tensor) -> Tensor:
        """Return the (B, U + 1, outputs) predictions after 0 to U of the (B, U) tokens."""
        longer = functional.pad(tokens, (0, 1))
        return self.logits(longer, tokens.new_full((len(tokens),), longer.shape[1]))

    def log_probs(self, tokens: Tensor, lengths: Tensor, **inputs: Any) -> Tensor:
        """Return the (B, U) log-probabilities of the tokens, 0 past each length; see `logits`."""
        logits = at_least_float32(self.logits(tokens, lengths, **inputs))
        log_probs = logits.log_softmax(dim=-1)
        inside = valid_mask(lengths, tokens.shape[1])
        chosen = log_probs.gather(2, torch.where(inside, tokens, 0)[:, :, None])[:, :, 0]
        return chosen.masked_fill(~inside, 0.0)

    def start(self, rows: int, **inputs: Any) -> tuple[Tensor, "DecoderState"]:
        """Return the (rows, V) logits of the first token, and the state to step from; see `prime`.

        `inputs` are those of `logits`, but covariates are (T, C) or (rows, T, C), of every step.
        """
        none = torch.zeros(rows, 0, dtype=torch.int64, device=self.output.weight.device)
        return self.prime(none, **inputs)

    @torch.no_grad()
    def prime(
        self,
        prompts: Tensor,
        *,
        initial_state: Tensor | None = None,
        encoded: Encoded | None = None,
        covariates: Tensor | None = None,
    ) -> tuple[Tensor, "DecoderState"]:
        """Run over prompts at once; the same bits as `start` and a step for each of their tokens.

        Parameters
        ----------
        prompts : (B, U) int64, as far as `valid_prefix` allows

        Returns
        -------
        (B, V) logits of the token after the prompt, and the state to step from
        """
        rows = len(prompts)
        if initial_state is None:
            initial_state = self.body.zero_state(rows)
        covariates = expand_covariates(covariates, rows)
        return FlatStepper(self).start(prompts, initial_state, encoded, covariates)

    def valid_prefix(self, tokens: Sequence[int]) -> int:
        """Return how many of these tokens are in the vocabulary, counted from the first."""
        known = range(self.config.vocabulary)
        return next((at for at, one in enumerate(tokens) if one not in known), len(tokens))

    def step(self, tokens: Tensor, state: "DecoderState") -> tuple[Tensor, "DecoderState"]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.advance(tokens[None], state)


class DecoderState(NamedTuple):
    """The state of each row between two steps of a flat decoder."""

    stepper: "FlatStepper"
    layers: StackState
    position: int  # the step whose logits were returned last
    covariates: Tensor | None  # (B, T, C) int64
    memory: AttentionMemory | None
    weights: Tensor | None  # (B, T') float, the attention weights of the last step
    past: PastStates | None = None
    past_memory: AttentionMemory | None = None  # the outputs so far
    past_weights: Tensor | None = None  # (B, U) float, those of the last step over U steps

    def select(self, rows: Tensor) -> "DecoderState":
        """Select rows by index, (R,) int64: to repeat a prefix, or to drop finished rows."""
        return DecoderState(
            self.stepper,
            select_layers(self.layers, rows),
            self.position,
            None if self.covariates is None else self.covariates[rows],
            None if self.memory is None else self.memory.select(rows),
            None if self.weights is None else self.weights[rows],
            None if self.past is None else self.past.select(rows),
            None if self.past_memory is None else self.past_memory.select(rows),
            None if self.past_weights is None else self.past_weights[rows],
        )

    def replaced(self, rows: Tensor, new: "DecoderState") -> "DecoderState":
        """Return a copy with `new` in place of these (R,) rows, of a prediction network.

        Such a decoder has neither covariates nor attention, so that its rows may be at different
        positions.
        """
        layers, past = replace_layers(self.layers, rows, new.layers), self.past
        if past is not None and new.past is not None:
            past = past.replaced(rows, new.past)
        return self._replace(layers=layers, past=past, position=max(self.position, new.position))


class FlatStepper:
    """A flat decoder's weights, laid out for fused steps."""

    def __init__(self, decoder: Decoder, route: StepRoute | None = None) -> None:
        self.vocabulary = decoder.config.vocabulary
        self.stack = FusedStack(decoder.body, route)
        self.attention, self.past_attention = decoder.attention, decoder.past_attention
        maps = [] if self.attention is None else [self.attention.query]
        if self.past_attention is not None:
            maps += [self.past_attention.query, self.past_attention.key]
        self.widths = [len(one.weight) for one in maps]
        weight: Tensor = decoder.output.weight
        bias: Tensor = decoder.output.bias
        if maps:  # the head projects queries and keys; the output layer is separate
            self.output = self.stack.route.linear(weight.detach().float(), bias.detach().float())
            weight = torch.cat([one.weight.detach() for one in maps])
            bias = torch.cat([one(torch.zeros_like(one.weight[0])) for one in maps])
        self.head = self.stack.linear(weight, bias)
        self.token_gates = self.stack.fold(decoder.embedding.weight, biased=True)
        self.covariate_gates = FoldedCovariates(self.stack, decoder.covariates)
        self.past = None if decoder.past is None else FoldedPast(self.stack, decoder.past)

    def start(
        self,
        prompts: Tensor,
        initial_state: Tensor,
        encoded: Encoded | None,
        covariates: Tensor | None,
    ) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (B, U) prompts, from (layers, B, S) states."""
        memory = None
        if self.attention is not None and encoded is not None:
            memory = self.attention.prepare_rows(encoded)
        rows = len(prompts)
        layers = self.stack.initial_state(initial_state)
        state = DecoderState(self, layers, -1, covariates, memory, None)
        if self.past is not None:
            state = state._replace(past=self.past.start(rows, prompts.device))
        if self.past_attention is not None:
            state = state._replace(past_memory=self.past_attention.empty_memory(rows))
        return self.advance(functional.pad(prompts.t(), (0, 0, 1, 0), value=self.vocabulary), state)

    def advance(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (U, B) tokens, 1 or more, and the new state."""
        gates = torch.embedding(self.token_gates, tokens)
        first, steps = state.position + 1, tokens.shape[0]
        if state.covariates is not None:
            known = state.covariates[:, first : first + steps].transpose(0, 1)
            gates[: len(known)] += self.covariate_gates.sum(known)
        if self.past is not None and state.past is not None:
            added, past = self.past.run(state.past, tokens, state.covariates, first)
            gates, state = gates + added, state._replace(past=past)
        outputs, layers = self.stack.run(gates, state.layers)
        state = state._replace(layers=layers, position=first + steps - 1)
        if not self.widths:
            return self.head(outputs[-1]), state
        for output in outputs:
            logits, state = self.attend(self.head(output), output[:, : self.stack.hidden], state)
        return logits, state

    def attend(
        self, projected: Tensor, output: Tensor, state: DecoderState
    ) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits of (B, H) outputs, from their projections."""
        joined, parts = [output], iter(projected.split(self.widths, dim=1))
        if self.attention is not None and state.memory is not None:
            context, weights, memory = self.attention.attend_once(next(parts), state.memory)
            state = state._replace(memory=memory, weights=weights)
            joined.append(context)
        if self.past_attention is not None and state.past_memory is not None:
            query, key = parts
            memory = state.past_memory.appended(key, output)
            context, weights, memory = self.past_attention.attend_once(query, memory)
            state = state._replace(past_memory=memory, past_weights=weights)
            joined.append(context)
        return self.output(torch.cat(joined, dim=1)), state
