"""The flat decoder: one token a step, on its own or over an encoder.

It predicts whole sequences in training; for sampling see `FlatStepper`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.attention import Attention, AttentionWeights
from seqstudio.core.cells import Cell, RecurrentCell
from seqstudio.core.config import (
    PartConfig,
    check_covariates,
    check_positive,
    check_rates,
    check_recurrent,
)
from seqstudio.core.devices import at_least_float32
from seqstudio.core.dropout import optional_dropout
from seqstudio.core.encoder import Encoded
from seqstudio.core.flat_step import DecoderState, FlatStepper
from seqstudio.core.past_inputs import LogLinear, PastInput, PastInputs, sum_of_rows
from seqstudio.core.recurrent import valid_mask
from seqstudio.core.relative_output import RelativeOutput
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.tied_output import TiedOutput
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """A decoder of one token a step.

    `covariates` has the number of values of each covariate, which is known in advance; `past` holds
    the inputs that are functions of the tokens so far. With `past_attention` each step attends to
    the outputs of the steps before it (Cheng et al. 2016), and so finds what it said long before.
    With `past_output` they also reach the logits without the layers between, as the features of a
    log-linear model (Mikolov et al. 2011): what can be copied from the past is learnt within a few
    steps. With `past_reach` outputs for distances of up to so many tokens are added around each
    token that the inputs place, such as what a voice sounds: a step upwards is then learnt once for
    all pitches. With `attends_early` the first layer's outputs are the queries, and the layers
    above read the contexts too (Wu et al. 2016): so the decoder knows where it looked before, and
    is trained without a loop over the steps. With `readout` the output layer reads so many numbers,
    tanh of a linear map of output and contexts (Luong et al. 2015, equation 5). With `tied` the
    output layer's weights are the rows of the embedding. `input_dropout` drops what the body reads,
    `output_dropout` what the output layer reads.
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
    input_dropout: float = 0.0
    output_dropout: float = 0.0
    covariates: tuple[int, ...] = ()
    past: tuple[PartConfig, ...] = ()
    past_output: bool = False
    past_reach: int = 0
    past_attention: PartConfig | None = None
    layer_norm: bool = False
    residual: bool = False
    tied: bool = False
    attends_early: bool = False
    readout: int = 0

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_recurrent(self)
        check_covariates(self.covariates)
        check_rates(self, "input_dropout", "output_dropout")
        if self.past_output and not self.past:
            raise ConfigError("past_output without past, expected both")
        if self.past_reach < 0:
            raise ConfigError(f"past_reach={self.past_reach}, expected at least 0")
        own = self.past_attention
        if own is not None and not getattr(own, "attends_past", False):
            raise ConfigError(f"past_attention={own.part!r}, expected one such as additive or dot")
        if self.tied and self.dimension != (width := self.readout or self.hidden):
            raise ConfigError(f"tied with dimension={self.dimension}, expected {width}")
        if self.attends_early and self.layers < 2:
            raise ConfigError(f"attends_early with layers={self.layers}, expected 2 or more")


def _check_output(config: DecoderConfig, *, attending: bool, joint: bool) -> None:
    """Raise ConfigError unless the output layer fits what the decoder attends to."""
    if config.readout and not attending:
        raise ConfigError(f"readout={config.readout} without attention, expected both")
    if config.attends_early and not attending:
        raise ConfigError("attends_early without attention, expected both")
    if config.past_reach and joint:
        raise ConfigError(f"past_reach={config.past_reach} with a joint head, expected 0")
    if config.tied and ((attending and not config.readout) or joint):
        raise ConfigError("tied with attention or a joint head, expected a readout or neither")


def _build_layers(
    config: DecoderConfig, cell: Cell | RecurrentCell, width: int
) -> tuple[RecurrentStack, RecurrentStack | None]:
    """Return the layers below the attention, and those above it, which read `width` numbers."""
    layers_of = partial(
        RecurrentStack,
        cell,
        hidden=config.hidden,
        dropout=config.dropout,
        layer_norm=config.layer_norm,
        residual=config.residual,
    )
    if not config.attends_early:
        return layers_of(width=config.dimension, layers=config.layers), None
    below = layers_of(width=config.dimension, layers=1)
    return below, layers_of(width=width, layers=config.layers - 1)


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

    steps_in_int8 = True

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
        known = config.covariates
        self.covariates = Covariates(known, config.dimension) if known else None
        attending = [one.width for one in (attention, past_attention) if one is not None]
        _check_output(config, attending=bool(attending), joint=outputs is not None)
        width = config.hidden + sum(attending)
        self.body, self.above = _build_layers(config, config.cell if cell is None else cell, width)
        self.input_dropout = optional_dropout(config.input_dropout)
        self.between = optional_dropout(config.dropout)
        self.attention = attention
        self.past = PastInputs(past, config.dimension) if past else None
        direct = self.past if config.past_output else None
        count = outputs or config.vocabulary
        self.past_output = None if direct is None else LogLinear(direct, count)
        self.relative = self._relative_output(config.readout or width)
        self.past_attention = past_attention
        self.readout = nn.Linear(width, config.readout) if config.readout else None
        self.output = (
            TiedOutput(self.embedding, config.vocabulary)
            if config.tied
            else nn.Linear(config.readout or width, count)
        )
        self.output_dropout = optional_dropout(config.output_dropout)

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
        ids = self.past_ids(tokens, covariates)
        first, rest = self.split_state(initial_state)
        outputs, _ = self.body(self.inputs(tokens, covariates, ids), first)
        joined, _ = self.attend(outputs, encoded)
        if self.above is not None:
            outputs, _ = self.above(self.between(joined), rest)
            joined = torch.cat([outputs, joined[..., self.config.hidden :]], dim=-1)
        read = self.output_dropout(self.read_out(joined))
        logits: Tensor = self.output(read)
        if self.relative is not None and self.past is not None and ids is not None:
            logits = logits + self.relative(read, self.past.place(ids))
        if self.past_output is not None and ids is not None:
            logits = logits + self.past_output(ids)
        return logits

    def _relative_output(self, width: int) -> RelativeOutput | None:
        reach = self.config.past_reach
        if not reach:
            return None
        if self.past is None or not self.past.origins:
            raise ConfigError(f"past_reach={reach}, expected past inputs that place a token")
        return RelativeOutput(width, self.past.origins, reach, self.config.vocabulary)

    def past_ids(self, tokens: Tensor, covariates: Tensor | None) -> Tensor | None:
        """Return the (B, U, F) embedding ids of the inputs that are functions of the past."""
        if self.past is None:
            return None
        known = None if covariates is None else covariates[:, : tokens.shape[1]]
        return self.past.whole(tokens.clamp(0, self.config.vocabulary - 1), known)

    def inputs(self, tokens: Tensor, covariates: Tensor | None, past_ids: Tensor | None) -> Tensor:
        """Return the (B, U, dimension) inputs of the body: that at u sees tokens[:, :u]."""
        tokens = tokens.clamp(0, self.config.vocabulary - 1)
        start = tokens.new_full((len(tokens), 1), self.config.vocabulary)
        inputs: Tensor = self.embedding(torch.cat([start, tokens[:, :-1]], dim=1))
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates[:, : tokens.shape[1]])
        if self.past is not None and past_ids is not None:
            inputs = inputs + sum_of_rows(self.past.embedding, past_ids)
        dropped: Tensor = self.input_dropout(inputs)
        return dropped

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
        ids = self.past_ids(tokens, covariates)
        first, _ = self.split_state(initial_state)
        outputs, _ = self.body(self.inputs(tokens, covariates, ids), first)
        return self.attend(outputs, encoded)[1]

    def split_state(self, state: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Split a (layers, B, S) state into those of the layers below and above the attention."""
        below = len(self.body.layers)
        return (None, None) if state is None else (state[:below], state[below:])

    def read_out(self, joined: Tensor) -> Tensor:
        """Return what the output layer reads, from (..., W) outputs and contexts."""
        return joined if self.readout is None else torch.tanh(self.readout(joined))

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

    def start(self, rows: int, **inputs: Any) -> tuple[Tensor, DecoderState]:
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
        int8: bool = False,
    ) -> tuple[Tensor, DecoderState]:
        """Run over prompts at once; the same bits as `start` and a step for each of their tokens.

        Parameters
        ----------
        prompts : (B, U) int64, as far as `valid_prefix` allows
        int8 : whether this and the steps multiply by eight-bit weights; see `SamplingConfig`

        Returns
        -------
        (B, V) logits of the token after the prompt, and the state to step from
        """
        rows = len(prompts)
        if initial_state is None:
            stacks = [self.body] if self.above is None else [self.body, self.above]
            initial_state = torch.cat([stack.zero_state(rows) for stack in stacks])
        covariates = expand_covariates(covariates, rows)
        return FlatStepper(self, int8=int8).start(prompts, initial_state, encoded, covariates)

    def valid_prefix(self, tokens: Sequence[int]) -> int:
        """Return how many of these tokens are in the vocabulary, counted from the first."""
        known = range(self.config.vocabulary)
        return next((at for at, one in enumerate(tokens) if one not in known), len(tokens))

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.advance(tokens[None], state)
