"""Steps of the nested decoder: `NestedStepper` lays its weights out for fused steps.

`NestedState` is where a step leaves each row; rows may be inside different groups.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.fused_step import (
    CovariateIds,
    FusedStack,
    StackState,
    StepRoute,
    replace_layers,
    select_layers,
)
from seqstudio.core.past_inputs import PastIds, PastStates


class NestedState(NamedTuple):
    """The state of each row between two steps of a nested decoder."""

    stepper: "NestedStepper"
    outer: StackState
    inner: StackState
    context_gates: Tensor  # (B, G') float, what the group's context adds to the inner gates
    context_logits: Tensor  # (B, V) float, what it adds to the logits
    group_gates: Tensor  # (B, G) float, outer gates of the group's tokens so far
    last: Tensor  # (B,) int64, the embedding id of the group's last token, or of no token
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
    """The weights of a `NestedDecoder`, laid out for fused steps."""

    def __init__(self, decoder: Any, route: StepRoute | None = None, *, int8: bool = False) -> None:
        self.grammar = decoder.grammar
        inner_output, context_weight = decoder.split_output()
        tokens, known, past = decoder.token_embedding.weight, decoder.covariates, decoder.past
        how: Any = {"route": route, "int8": int8}
        self.inner = FusedStack(decoder.inner, inner_output, embeddings=[tokens], **how)
        projection, init = decoder.context_projection, decoder.inner_init
        gates_weight = self.inner.fold(projection.weight.T, biased=False).T
        gates_bias = self.inner.fold(projection.bias[None], biased=True)[0]
        self.widths = (len(gates_weight), len(context_weight), len(init.weight))
        head = (
            torch.cat([gates_weight, context_weight, init.weight]),
            torch.cat([gates_bias, context_weight.new_zeros(len(context_weight)), init.bias]),
        )
        embeddings = [] if known is None else list(known.parameters())
        embeddings += [] if past is None else [past.embedding.weight]
        self.outer = FusedStack(decoder.outer, head, embeddings=embeddings, **how)
        first_input = decoder.first_input
        self.group_gates = self.outer.fold(decoder.group_embedding.weight, biased=False)
        self.empty_gates = self.outer.bias[0]
        self.first_gates = self.outer.fold(first_input[None], biased=True)
        self.covariates = CovariateIds(self.outer, 0, known)
        self.past = None if past is None else PastIds(self.outer, len(embeddings) - 1, past)
        direct = decoder.past_output
        self.past_output = None if direct is None else direct.table()
        self.forbidden = ~self.grammar.table(decoder.first_input.device)

    def start(
        self, prompts: Tensor, initial_state: Tensor, covariates: Tensor | None
    ) -> tuple[Tensor, NestedState]:
        """Return the (B, V) logits that follow (B, U) prompts, from (layers, B, S) outer states."""
        self.covariates.check(covariates)
        before = self.before_first(initial_state, covariates)
        logits, state = self.step_inner(self.begin_group(before))
        if prompts.shape[1]:
            for number, tokens in enumerate(prompts.tolist()):
                row = torch.tensor([number], device=prompts.device)
                row_logits, new = self.prime_row(tokens, before.select(row))
                logits, state = logits.index_copy(0, row, row_logits), state.replaced(row, new)
        return logits, state

    def before_first(self, initial_state: Tensor, covariates: Tensor | None) -> NestedState:
        """Return the state before the first group."""
        rows = initial_state.shape[1]
        none = torch.full((rows,), -1, device=initial_state.device)
        state = NestedState(
            self,
            self.outer.initial_state(initial_state),
            none[None],
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
            state = state._replace(past=GroupPast(self.past.start(rows, none.device), group))
        return state

    def prime_row(self, tokens: list[int], before: NestedState) -> tuple[Tensor, NestedState]:
        """Return the (1, V) logits that follow a prompt, and its state, from one before the first.

        The outer RNN runs over all complete groups; the inner RNN steps in the last group only.
        """
        *groups, rest = self.grammar.split(tokens)
        gates, ids, past = self.run_inputs(groups, before)
        _, outer, head = self.outer.run(before.outer, ids, gates[:, None])
        position = torch.full_like(before.position, len(groups))
        state = before._replace(past=past, outer=outer, position=position)
        logits, state = self.step_inner(
            self.enter_group(state, head, None if ids is None else ids[-1])
        )
        for token in rest:
            logits, state = self.step(torch.full_like(position, token), state)
        return logits, state

    def run_inputs(
        self, groups: list[list[int]], before: NestedState
    ) -> tuple[Tensor, Tensor | None, GroupPast | None]:
        """Return the (N + 1, G) outer gates of one row's steps over N groups, ids, and its past."""
        width = max(map(len, groups), default=0)
        padded = [group + [-1] * (width - len(group)) for group in groups]
        device, steps = before.position.device, len(groups) + 1
        tokens = torch.tensor(padded, dtype=torch.int64, device=device).view(len(groups), width)
        gates = self.empty_gates.expand(len(groups), -1)
        for slot, column in enumerate(tokens.t()):  # in the order in which steps add them
            ids = self.grammar.embedding_ids(column, torch.full_like(column, slot))
            gates = torch.where(column[:, None] < 0, gates, gates + self.group_gates[ids])
        gates, ids, past = torch.cat([before.group_gates, gates]), [], before.past
        if before.covariates is not None:
            ids.append(self.covariates.of_steps(before.covariates, 0, steps))
        if self.past is not None and past is not None:
            preceding = functional.pad(tokens, (0, 0, 1, 0))[:, None]
            past_ids, states = self.past.run(past.states, preceding, before.covariates, 0)
            ids.append(past_ids)
            past = GroupPast(states, past.group)
        return gates, torch.cat(ids, dim=2) if ids else None, past

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state."""
        ids = tokens + state.slot * self.grammar.vocabulary if self.grammar.slot_ranges else tokens
        state = state._replace(
            group_gates=state.group_gates + self.group_gates.index_select(0, ids),
            last=ids,
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
        return state._replace(past=GroupPast(states, torch.full_like(group, -1)))

    def begin_group(self, state: NestedState) -> NestedState:
        """Step the outer RNN of every row over its complete group, and begin the next group."""
        position, ids = state.position + 1, []
        if state.covariates is not None:
            ids.append(self.covariates.at(state.covariates, position))
        if self.past is not None and state.past is not None:
            ids.append(self.past.read(state.past.states, state.covariates, position))
        joined = torch.cat(ids, dim=1) if ids else None
        inputs = None if joined is None else joined[None]
        _, outer, head = self.outer.run(state.outer, inputs, state.group_gates[None])
        return self.enter_group(state._replace(outer=outer, position=position), head, joined)

    def enter_group(self, state: NestedState, head: Tensor, ids: Tensor | None) -> NestedState:
        """Begin a group in the context that the outer RNN's head gives each row.

        `ids`, (B, F), are those of the group's covariates and, last, of its past.
        """
        context_gates, context_logits, init = head.split(self.widths, dim=1)
        if self.past is not None and self.past_output is not None and ids is not None:
            features = self.past.inputs.sizes.shape[0]
            direct = ids[:, -features:] - self.past.offset
            context_logits = context_logits + functional.embedding_bag(
                direct, self.past_output, mode="sum"
            )
        return state._replace(
            inner=self.inner.initial_state(torch.tanh(init)[None]),
            context_gates=context_gates,
            context_logits=context_logits,
            group_gates=self.empty_gates.expand(len(head), -1),
            last=torch.full_like(state.position, self.grammar.no_token_id),
            slot=torch.zeros_like(state.position),
        )

    def step_inner(self, state: NestedState) -> tuple[Tensor, NestedState]:
        """Step the inner RNN of every row; return the (B, V) logits of the next token."""
        ids, gates = state.last[None, :, None], state.context_gates[None]
        _, inner, logits = self.inner.run(state.inner, ids, gates)
        place = state.slot if self.grammar.slot_ranges else state.last
        logits = logits + state.context_logits
        logits.masked_fill_(self.forbidden.index_select(0, place), -torch.inf)
        return logits, state._replace(inner=inner)
