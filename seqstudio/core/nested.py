"""The nested decoder: an outer RNN steps once a group of tokens, an inner RNN once a token.

The sum of a group's token log-probabilities is exactly the log-probability of the group: tokens
that the grammar forbids are masked and the rest renormalised, in training and in sampling alike.

`NestedDecoder` predicts whole pieces in training. For sampling, `NestedStepper` lays its weights
out for fused steps, and `NestedState` is where a step leaves each row; rows may be inside different
groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.cells import Cell, state_width
from seqstudio.core.config import PartConfig, check_covariates, check_positive, check_recurrent
from seqstudio.core.decoder import Covariates, expand_covariates
from seqstudio.core.fused_step import (
    FoldedCovariates,
    FusedStack,
    StackState,
    StepRoute,
    replace_layers,
    select_layers,
)
from seqstudio.core.grammar import Grammar
from seqstudio.core.groups import PackedGroups, pack_groups
from seqstudio.core.past_inputs import FoldedPast, PastInput, PastInputs, PastStates
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedConfig:
    """A decoder of groups of tokens: an outer RNN steps once a group, an inner RNN once a token.

    With `slots` 0 a group is ascending: distinct tokens below `vocabulary - 1` in rising order,
    then END, which is `vocabulary - 1`; an empty group is END alone. With `slots` n a group has
    exactly n tokens, the j-th from the half-open range `slot_ranges[j]`. `covariates` and `past`
    are inputs of each group, as those of a flat decoder's token (`DecoderConfig`).
    """

    part: ClassVar[str] = "nested"
    vocabulary: int
    slots: int = 0
    slot_ranges: tuple[tuple[int, int], ...] = ()
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 2
    inner_cell: Cell = "gru"
    inner_hidden: int = 192
    dropout: float = 0.0  # between the outer layers only
    covariates: tuple[int, ...] = ()
    past: tuple[PartConfig, ...] = ()
    layer_norm: bool = False  # in the outer layers only
    residual: bool = False  # between the outer layers only

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "inner_hidden")
        check_recurrent(self, cells=("cell", "inner_cell"))
        check_covariates(self.covariates)
        if self.slots < 0:
            raise ConfigError(f"slots={self.slots}, expected 0 or more")
        if len(self.slot_ranges) != self.slots:
            raise ConfigError(f"{len(self.slot_ranges)} slot_ranges, expected {self.slots}")
        for number, (low, high) in enumerate(self.slot_ranges):
            if not 0 <= low < high <= self.vocabulary:
                limits = f"0 <= low < high <= {self.vocabulary}"
                raise ConfigError(f"slot_ranges[{number}]={(low, high)}, expected {limits}")


class NestedDecoder(nn.Module):
    """An RNN over groups, and an RNN over the tokens of each group."""

    def __init__(self, config: NestedConfig, past: Sequence[PastInput] = ()) -> None:
        super().__init__()
        self.config = config
        self.grammar = Grammar(config.vocabulary, config.slot_ranges)
        no_token = self.grammar.no_token_id
        self.group_embedding = nn.EmbeddingBag(
            no_token + 1, config.hidden, mode="sum", padding_idx=no_token
        )
        self.first_input = nn.Parameter(torch.zeros(config.hidden))
        self.covariates = (
            Covariates(config.covariates, config.hidden) if config.covariates else None
        )
        self.outer = RecurrentStack(
            config.cell,
            config.hidden,
            config.hidden,
            config.layers,
            config.dropout,
            layer_norm=config.layer_norm,
            residual=config.residual,
        )
        self.token_embedding = nn.Embedding(no_token + 1, config.inner_hidden)  # last: group start
        self.context_projection = nn.Linear(config.hidden, config.inner_hidden)
        inner_width = state_width(config.inner_cell, config.inner_hidden)
        self.inner_init = nn.Linear(config.hidden, inner_width)
        self.inner = RecurrentLayer(config.inner_cell, config.inner_hidden, config.inner_hidden)
        self.output = nn.Linear(config.inner_hidden + config.hidden, config.vocabulary)
        self.past = PastInputs(past, config.hidden) if past else None
        nn.init.normal_(self.group_embedding.weight, std=0.1)
        nn.init.normal_(self.token_embedding.weight, std=0.1)

    def log_probs(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        initial_state: Tensor | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Return the log-probability of every token of whole pieces.

        Parameters
        ----------
        tokens : (B, T, L) int64, each group's tokens in order, then -1
        lengths : (B,) int64, groups of each item
        initial_state : (layers, B, S) float, of the outer RNN; None is zero
        covariates : (B, T, C) int64

        Returns
        -------
        (B, T, L) float, 0 where there is no token

        Raises
        ------
        DataError
            If a group breaks the grammar.
        """
        self.grammar.check(tokens, lengths)
        contexts = self.contexts(tokens, initial_state, covariates)
        packed = pack_groups(tokens)
        logits = self.token_logits(packed, contexts.flatten(0, 1)[packed.groups])
        allowed = self.grammar.allowed(packed.previous, packed.slots)
        log_probs = logits.masked_fill(~allowed, -torch.inf).log_softmax(dim=-1)
        chosen = log_probs.gather(1, packed.tokens[:, None])[:, 0]
        flat: Tensor = chosen.new_zeros(tokens.numel()).index_put((packed.positions,), chosen)
        return flat.view(tokens.shape)

    def token_logits(self, packed: PackedGroups, contexts: Tensor) -> Tensor:
        """Return the (N, V) logits of every token of G groups, from (G, H) outer outputs.

        What a context adds to gates and logits is computed once for each group, and what a token
        adds once for each token of the vocabulary, instead of once for each token in the batch.
        """
        (weight, bias), context_weight = self.split_output()
        previous = self.grammar.embedding_ids(packed.previous, packed.slots - 1)
        token_gates = self.inner.input_gates(self.token_embedding.weight)
        context_gates = self.inner.input_gates(self.context_projection(contexts))
        state = torch.tanh(self.inner_init(contexts))
        outputs = []
        for ids in previous.split(packed.sizes):
            input_gates = functional.embedding(ids, token_gates) + context_gates[: len(ids)]
            state = self.inner.step(input_gates, state[: len(ids)])
            outputs.append(state[:, : self.inner.hidden])
        context_logits = functional.linear(contexts, context_weight, bias)
        repeated = torch.cat([context_logits[:size] for size in packed.sizes])
        return torch.addmm(repeated, torch.cat(outputs), weight.T)

    def contexts(
        self, tokens: Tensor, initial_state: Tensor | None, covariates: Tensor | None
    ) -> Tensor:
        """Return the (B, T, H) outer outputs: that at t depends only on the groups before t."""
        slots = torch.arange(tokens.shape[2], device=tokens.device).expand_as(tokens)
        groups = self.group_embedding(self.grammar.embedding_ids(tokens, slots).flatten(0, 1))
        groups = groups.unflatten(0, tokens.shape[:2])
        start = self.first_input.expand(len(tokens), 1, -1)
        inputs = torch.cat([start, groups[:, :-1]], dim=1)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates)
        if self.past is not None:
            inputs = inputs + self.past(tokens, covariates)
        outputs: Tensor = self.outer(inputs, initial_state)[0]
        return outputs

    def split_output(self) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Return the output layer's weight and bias for the inner RNN, and the outer's weight."""
        inner, outer = self.output.weight.split(
            (self.config.inner_hidden, self.config.hidden), dim=1
        )
        return (inner, self.output.bias), outer

    @torch.no_grad()
    def start(
        self, rows: int, *, initial_state: Tensor | None = None, covariates: Tensor | None = None
    ) -> tuple[Tensor, "NestedState"]:
        """Return the (rows, V) logits of the first token, and the state to step from."""
        if initial_state is None:
            initial_state = self.outer.zero_state(rows)
        return NestedStepper(self).start(initial_state, expand_covariates(covariates, rows))

    def step(self, tokens: Tensor, state: "NestedState") -> tuple[Tensor, "NestedState"]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.step(tokens, state)


@dataclass(frozen=True, slots=True)
class NestedState:
    """The state of each row between two steps of a nested decoder."""

    stepper: "NestedStepper"
    outer: StackState
    inner: StackState
    context_gates: Tensor  # (B, G') float, what the group's context adds to the inner gates
    context_logits: Tensor  # (B, V) float, what it adds to the logits
    group_gates: Tensor  # (B, G) float, outer gates of the group's tokens so far
    last: Tensor  # (B,) int64, the group's last token; -1 at its beginning
    slot: Tensor  # (B,) int64, how many tokens of the group are complete
    position: Tensor  # (B,) int64, the current group
    covariates: Tensor | None  # (B, T, C) int64
    past: "GroupPast | None" = None

    def select(self, rows: Tensor) -> "NestedState":
        """Select rows by index, (R,) int64: to repeat a prefix, or to drop finished rows."""
        return NestedState(
            self.stepper,
            select_layers(self.outer, rows),
            select_layers(self.inner, rows),
            self.context_gates[rows],
            self.context_logits[rows],
            self.group_gates[rows],
            self.last[rows],
            self.slot[rows],
            self.position[rows],
            None if self.covariates is None else self.covariates[rows],
            None if self.past is None else self.past.select(rows),
        )

    def replaced(self, rows: Tensor, new: "NestedState") -> "NestedState":
        """Return a copy with `new` in place of `rows`."""
        return NestedState(
            self.stepper,
            replace_layers(self.outer, rows, new.outer),
            replace_layers(self.inner, rows, new.inner),
            self.context_gates.index_copy(0, rows, new.context_gates),
            self.context_logits.index_copy(0, rows, new.context_logits),
            self.group_gates.index_copy(0, rows, new.group_gates),
            self.last.index_copy(0, rows, new.last),
            self.slot.index_copy(0, rows, new.slot),
            self.position.index_copy(0, rows, new.position),
            self.covariates,
            None if self.past is None or new.past is None else self.past.replaced(rows, new.past),
        )


@dataclass(frozen=True, slots=True)
class GroupPast:
    """The inputs that are functions of the past, and the tokens that they read next."""

    states: PastStates  # before the current group
    group: Tensor  # (B, L) int64, the group's tokens so far, then -1

    def select(self, rows: Tensor) -> "GroupPast":
        """Select rows by index, (R,) int64."""
        return GroupPast(self.states.select(rows), self.group[rows])

    def replaced(self, rows: Tensor, new: "GroupPast") -> "GroupPast":
        """Return a copy with `new` in place of `rows`."""
        states = self.states.replaced(rows, new.states)
        return GroupPast(states, self.group.index_copy(0, rows, new.group))

    def appended(self, tokens: Tensor, slot: Tensor) -> "GroupPast":
        """Return a copy with (B,) tokens in these slots."""
        return GroupPast(self.states, self.group.scatter(1, slot[:, None], tokens[:, None]))


class NestedStepper:
    """A nested decoder's weights, laid out for fused steps."""

    def __init__(self, decoder: NestedDecoder, route: StepRoute | None = None) -> None:
        self.grammar = decoder.grammar
        inner_output, context_weight = decoder.split_output()
        self.inner = FusedStack(decoder.inner, route)
        self.inner_head = self.inner.linear(*inner_output)
        self.token_gates = self.inner.fold(decoder.token_embedding.weight, biased=True)
        projection, init = decoder.context_projection, decoder.inner_init
        gates_weight = self.inner.fold(projection.weight.T, biased=False).T
        gates_bias = self.inner.fold(projection.bias[None], biased=False)[0]
        self.widths = (len(gates_weight), len(context_weight), len(init.weight))
        self.outer = FusedStack(decoder.outer, route)
        self.outer_head = self.outer.linear(
            torch.cat([gates_weight, context_weight, init.weight]),
            torch.cat([gates_bias, context_weight.new_zeros(len(context_weight)), init.bias]),
        )
        first_input = decoder.first_input
        self.group_gates = self.outer.fold(decoder.group_embedding.weight, biased=False)
        self.empty_gates = self.outer.fold(torch.zeros_like(first_input)[None], biased=True)
        self.first_gates = self.outer.fold(first_input[None], biased=True)
        self.covariate_gates = FoldedCovariates(self.outer, decoder.covariates)
        self.past = None if decoder.past is None else FoldedPast(self.outer, decoder.past)

    def start(self, initial_state: Tensor, covariates: Tensor | None) -> tuple[Tensor, NestedState]:
        """Return the (B, V) logits of the first token, from (layers, B, S) outer states."""
        rows = initial_state.shape[1]
        none = torch.full((rows,), -1, device=initial_state.device)
        state = NestedState(
            self,
            self.outer.initial_state(initial_state),
            (),
            none,
            none,
            self.first_gates.expand(rows, -1),
            none,
            none,
            none,
            covariates,
        )
        if self.past is not None:
            longest = len(self.grammar.slot_ranges) or self.grammar.vocabulary
            group = torch.full((rows, longest), -1, device=none.device)
            state = replace(state, past=GroupPast(self.past.start(rows, none.device), group))
        return self.step_inner(self.begin_group(state))

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state."""
        added = self.group_gates[self.grammar.embedding_ids(tokens, state.slot)]
        state = replace(
            state,
            group_gates=state.group_gates + added,
            last=tokens,
            slot=state.slot + 1,
            past=None if state.past is None else state.past.appended(tokens, state.slot),
        )
        complete = self.grammar.complete(tokens, state.slot).nonzero()[:, 0]
        if len(complete) == len(tokens):
            state = self.begin_group(self.read_group(state))
        elif len(complete):
            new = self.begin_group(self.read_group(state.select(complete)))
            state = state.replaced(complete, new)
        return self.step_inner(state)

    def read_group(self, state: NestedState) -> NestedState:
        """Advance the inputs that are functions of the past over every row's complete group."""
        if self.past is None or state.past is None:
            return state
        group, states = state.past.group, state.past.states
        states = self.past.advance(states, group, state.covariates, state.position)
        return replace(state, past=GroupPast(states, torch.full_like(group, -1)))

    def begin_group(self, state: NestedState) -> NestedState:
        """Step the outer RNN of every row over its complete group, and begin the next group."""
        position = state.position + 1
        input_gates = state.group_gates
        if state.covariates is not None:
            input_gates = input_gates + self.covariate_gates.at(state.covariates, position)
        if self.past is not None and state.past is not None:
            gates = self.past.gates(state.past.states, state.covariates, position)
            input_gates = input_gates + gates
        outputs, outer = self.outer.run(input_gates[None], state.outer)
        head = self.outer_head(outputs[0])
        context_gates, context_logits, init = head.split(self.widths, dim=1)
        return replace(
            state,
            outer=outer,
            inner=self.inner.initial_state(torch.tanh(init)[None]),
            context_gates=context_gates,
            context_logits=context_logits,
            group_gates=self.empty_gates.expand(len(position), -1),
            last=torch.full_like(position, -1),
            slot=torch.zeros_like(position),
            position=position,
        )

    def step_inner(self, state: NestedState) -> tuple[Tensor, NestedState]:
        """Step the inner RNN of every row; return the (B, V) logits of the next token."""
        previous = self.grammar.embedding_ids(state.last, state.slot - 1)
        input_gates = self.token_gates[previous] + state.context_gates
        outputs, inner = self.inner.run(input_gates[None], state.inner)
        allowed = self.grammar.allowed(state.last, state.slot)
        logits = self.inner_head(outputs[0]) + state.context_logits
        return logits.masked_fill_(~allowed, -torch.inf), replace(state, inner=inner)
