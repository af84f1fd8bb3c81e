"""The nested decoder: an outer RNN steps once a group of tokens, an inner one spells the group.

The sum of a group's token log-probabilities is exactly the group's own, because tokens that the
grammar forbids are masked, and the rest renormalised, in training and in sampling alike.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from seqstudio.core.config import NestedConfig
from seqstudio.core.decoder import Covariates, rows_of
from seqstudio.core.grammar import Grammar
from seqstudio.core.groups import pack_groups
from seqstudio.core.recurrent import RecurrentLayer, RecurrentStack, state_width


@dataclass(frozen=True, slots=True)
class NestedState:
    """Where each row of a stepping nested decoder stands; rows may be inside different groups."""

    outer: Tensor  # (layers, B, S) float
    inner: Tensor  # (B, S') float
    context: Tensor  # (B, H) float, the outer output of the group being spelled
    heard: Tensor  # (B, H) float, what the group's tokens so far will tell the outer RNN
    last: Tensor  # (B,) int64, the group's last token; -1 at its beginning
    slot: Tensor  # (B,) int64, how many tokens of the group are spelled
    position: Tensor  # (B,) int64, the group being spelled
    covariates: Tensor | None  # (B, T, C) int64

    def select(self, rows: Tensor) -> "NestedState":
        """Take rows by their numbers, (R,) int64: to repeat a prefix, or to drop what is over."""
        return NestedState(
            self.outer[:, rows],
            self.inner[rows],
            self.context[rows],
            self.heard[rows],
            self.last[rows],
            self.slot[rows],
            self.position[rows],
            None if self.covariates is None else self.covariates[rows],
        )


class NestedDecoder(nn.Module):
    """An RNN over groups, and an RNN over the tokens of each group."""

    grouped = True

    def __init__(self, config: NestedConfig) -> None:
        super().__init__()
        self.config = config
        self.grammar = Grammar(config.vocabulary, config.slot_ranges)
        kinds = max(config.slots, 1) * config.vocabulary
        self.heard = nn.EmbeddingBag(kinds + 1, config.hidden, mode="sum", padding_idx=kinds)
        self.first_input = nn.Parameter(torch.zeros(config.hidden))
        self.covariates = (
            Covariates(config.covariates, config.hidden) if config.covariates else None
        )
        self.outer = RecurrentStack(
            config.cell, config.hidden, config.hidden, config.layers, config.dropout
        )
        self.spelled = nn.Embedding(kinds + 1, config.inner_hidden)  # the last row begins a group
        self.told = nn.Linear(config.hidden, config.inner_hidden)
        inner_width = state_width(config.inner_cell, config.inner_hidden)
        self.begun = nn.Linear(config.hidden, inner_width)
        self.inner = RecurrentLayer(config.inner_cell, config.inner_hidden, config.inner_hidden)
        self.output = nn.Linear(config.inner_hidden + config.hidden, config.vocabulary)
        nn.init.normal_(self.heard.weight, std=0.1)
        nn.init.normal_(self.spelled.weight, std=0.1)

    def forward(
        self,
        tokens: Tensor,
        lengths: Tensor,
        *,
        first: Tensor | None = None,
        covariates: Tensor | None = None,
    ) -> Tensor:
        """Give the log-probability of every token of whole pieces.

        Parameters
        ----------
        tokens : (B, T, L) int64, each group's tokens in order, then -1
        lengths : (B,) int64, groups of each item
        first : (layers, B, S) float, the outer state to start from; None is zero
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
        contexts = self.contexts(tokens, first, covariates)
        packed = pack_groups(tokens)
        before = self.grammar.kinds(packed.before, packed.slots - 1)
        of_group = contexts.flatten(0, 1)[packed.groups]
        inputs = self.spelled(before) + self.told(of_group)[packed.group_of]
        begun = torch.tanh(self.begun(of_group))
        spelled, _ = self.inner.packed(packed.sequence(inputs), begun)
        logits = self.logits(spelled, of_group[packed.group_of])
        logits = logits.masked_fill(~self.grammar.allowed(packed.before, packed.slots), -torch.inf)
        chosen = logits.log_softmax(dim=-1).gather(1, packed.tokens[:, None])[:, 0]
        flat = chosen.new_zeros(tokens.numel()).index_put((packed.places,), chosen)
        return flat.view(tokens.shape)

    def contexts(self, tokens: Tensor, first: Tensor | None, covariates: Tensor | None) -> Tensor:
        """Give the (B, T, H) outer outputs: that at t has heard the groups before t alone."""
        slots = torch.arange(tokens.shape[2], device=tokens.device).expand_as(tokens)
        heard = self.heard(self.grammar.kinds(tokens, slots).flatten(0, 1))
        heard = heard.unflatten(0, tokens.shape[:2])
        start = self.first_input.expand(len(tokens), 1, -1)
        inputs = torch.cat([start, heard[:, :-1]], dim=1)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates)
        outputs, _ = self.outer(inputs, first)
        return outputs

    def logits(self, spelled: Tensor, contexts: Tensor) -> Tensor:
        """Give (N, V) logits of (N, H') inner and (N, H) outer outputs."""
        return self.output(torch.cat([spelled, contexts], dim=-1))

    def start(
        self, rows: int, *, first: Tensor | None = None, covariates: Tensor | None = None
    ) -> tuple[Tensor, NestedState]:
        """Give the (rows, V) logits of the first token, and the state to step on from."""
        config, like = self.config, self.first_input
        if first is None:
            first = like.new_zeros(config.layers, rows, state_width(config.cell, config.hidden))
        begun = like.new_zeros(rows, state_width(config.inner_cell, config.inner_hidden))
        heard = like.expand(rows, -1)
        none = torch.full((rows,), -1, device=like.device)
        state = NestedState(first, begun, heard, heard, none, none, none, rows_of(covariates, rows))
        return self.spell(self.step_outer(state, torch.arange(rows, device=like.device)))

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones. `state` stays usable."""
        kinds = self.grammar.kinds(tokens, state.slot)
        heard = state.heard + self.heard.weight[kinds]
        state = replace(state, heard=heard, last=tokens, slot=state.slot + 1)
        over = self.grammar.over(tokens, state.slot).nonzero()[:, 0]
        if len(over):
            state = self.step_outer(state, over)
        return self.spell(state)

    def step_outer(self, state: NestedState, rows: Tensor) -> NestedState:
        """Let the outer RNN hear the finished groups of `rows`, and begin their next ones."""
        part = state.select(rows)
        position = part.position + 1
        inputs = part.heard
        if self.covariates is not None and part.covariates is not None:
            inputs = inputs + self.covariates.at(part.covariates, position)
        contexts, outer = self.outer(inputs[:, None], part.outer)
        context = contexts[:, 0]
        return replace(
            state,
            outer=state.outer.index_copy(1, rows, outer),
            inner=state.inner.index_copy(0, rows, torch.tanh(self.begun(context))),
            context=state.context.index_copy(0, rows, context),
            heard=state.heard.index_fill(0, rows, 0.0),
            last=state.last.index_fill(0, rows, -1),
            slot=state.slot.index_fill(0, rows, 0),
            position=state.position.index_copy(0, rows, position),
        )

    def spell(self, state: NestedState) -> tuple[Tensor, NestedState]:
        """Step the inner RNN of every row, and give the logits of what it spells next."""
        before = self.grammar.kinds(state.last, state.slot - 1)
        inputs = self.spelled(before) + self.told(state.context)
        spelled, inner = self.inner(inputs[:, None], state.inner)
        logits = self.logits(spelled[:, 0], state.context)
        allowed = self.grammar.allowed(state.last, state.slot)
        return logits.masked_fill(~allowed, -torch.inf), replace(state, inner=inner)
