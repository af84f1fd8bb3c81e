"""Steps of the nested decoder, fused; rows may be inside different groups."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seqstudio.core.fused_step import FoldedCovariates, FusedStack, StackState, select_layers

if TYPE_CHECKING:
    from seqstudio.core.nested import NestedDecoder


@dataclass(frozen=True, slots=True)
class NestedState:
    """Where each row of a stepping nested decoder stands."""

    stepper: "NestedStepper"
    outer: StackState
    inner: StackState
    told: Tensor  # (B, G') float, what the group's context adds to the inner gates
    offered: Tensor  # (B, V) float, what it adds to the logits
    heard: Tensor  # (B, G) float, outer gates of the group's tokens so far
    last: Tensor  # (B,) int64, the group's last token; -1 at its beginning
    slot: Tensor  # (B,) int64, how many tokens of the group are spelled
    position: Tensor  # (B,) int64, the group being spelled
    covariates: Tensor | None  # (B, T, C) int64

    def select(self, rows: Tensor) -> "NestedState":
        """Take rows by their numbers, (R,) int64: to repeat a prefix, or to drop what is over."""
        return NestedState(
            self.stepper,
            select_layers(self.outer, rows),
            select_layers(self.inner, rows),
            self.told[rows],
            self.offered[rows],
            self.heard[rows],
            self.last[rows],
            self.slot[rows],
            self.position[rows],
            None if self.covariates is None else self.covariates[rows],
        )

    def replaced(self, rows: Tensor, new: "NestedState") -> "NestedState":
        """Give a copy with `new` in place of `rows`."""
        outer = zip(self.outer, new.outer, strict=True)
        inner = zip(self.inner, new.inner, strict=True)
        return NestedState(
            self.stepper,
            tuple(old.replaced(rows, layer) for old, layer in outer),
            tuple(old.replaced(rows, layer) for old, layer in inner),
            self.told.index_copy(0, rows, new.told),
            self.offered.index_copy(0, rows, new.offered),
            self.heard.index_copy(0, rows, new.heard),
            self.last.index_copy(0, rows, new.last),
            self.slot.index_copy(0, rows, new.slot),
            self.position.index_copy(0, rows, new.position),
            self.covariates,
        )


class NestedStepper:
    """A nested decoder's weights, laid out for stepping."""

    def __init__(self, decoder: "NestedDecoder") -> None:
        self.grammar = decoder.grammar
        spelled, offered = decoder.split_output()
        self.inner = FusedStack([decoder.inner], *spelled)
        self.table = self.inner.fold(decoder.spelled.weight, biased=True)
        told, begun = decoder.told, decoder.begun
        folded = self.inner.fold(told.weight.T, biased=False).T
        told_bias = self.inner.fold(told.bias[None], biased=False)[0]
        self.widths = (len(folded), len(offered), len(begun.weight))
        self.outer = FusedStack(
            decoder.outer.layers,
            torch.cat([folded, offered, begun.weight]),
            torch.cat([told_bias, offered.new_zeros(len(offered)), begun.bias]),
        )
        self.heard = self.outer.fold(decoder.heard.weight, biased=False)
        self.silent = self.outer.fold(torch.zeros_like(decoder.first_input)[None], biased=True)
        self.first = self.outer.fold(decoder.first_input[None], biased=True)
        self.known = FoldedCovariates(self.outer, decoder.covariates)

    def start(self, first: Tensor, covariates: Tensor | None) -> tuple[Tensor, NestedState]:
        """Give the (B, V) logits of the first token, from (layers, B, S) outer states."""
        rows = first.shape[1]
        none = torch.full((rows,), -1, device=first.device)
        state = NestedState(
            self,
            self.outer.begin(first),
            (),
            none,
            none,
            self.first.expand(rows, -1),
            none,
            none,
            none,
            covariates,
        )
        return self.spell(self.begin_group(state))

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones."""
        heard = state.heard + self.heard[self.grammar.kinds(tokens, state.slot)]
        state = replace(state, heard=heard, last=tokens, slot=state.slot + 1)
        over = self.grammar.over(tokens, state.slot).nonzero()[:, 0]
        if len(over) == len(tokens):
            state = self.begin_group(state)
        elif len(over):
            state = state.replaced(over, self.begin_group(state.select(over)))
        return self.spell(state)

    def begin_group(self, state: NestedState) -> NestedState:
        """Let the outer RNN hear the finished group of every row, and begin the next one."""
        position = state.position + 1
        given = state.heard
        if state.covariates is not None:
            given = given + self.known.at(state.covariates, position)
        made, outer = self.outer.step(given, state.outer)
        told, offered, begun = made.split(self.widths, dim=1)
        return replace(
            state,
            outer=outer,
            inner=self.inner.begin(torch.tanh(begun)[None]),
            told=told,
            offered=offered,
            heard=self.silent.expand(len(position), -1),
            last=torch.full_like(position, -1),
            slot=torch.zeros_like(position),
            position=position,
        )

    def spell(self, state: NestedState) -> tuple[Tensor, NestedState]:
        """Step the inner RNN of every row, and give the logits of what it spells next."""
        before = self.grammar.kinds(state.last, state.slot - 1)
        made, inner = self.inner.step(self.table[before] + state.told, state.inner)
        allowed = self.grammar.allowed(state.last, state.slot)
        logits = (made + state.offered).masked_fill_(~allowed, -torch.inf)
        return logits, replace(state, inner=inner)
