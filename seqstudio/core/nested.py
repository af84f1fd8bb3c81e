"""The nested decoder: an outer RNN steps once a group of tokens, an inner one spells the group.

The sum of a group's token log-probabilities is exactly the group's own, because tokens that the
grammar forbids are masked, and the rest renormalised, in training and in sampling alike.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.config import NestedConfig
from seqstudio.core.decoder import Covariates, rows_of
from seqstudio.core.grammar import Grammar
from seqstudio.core.groups import PackedGroups, pack_groups
from seqstudio.core.nested_stepper import NestedState, NestedStepper
from seqstudio.core.recurrent import RecurrentLayer, RecurrentStack, state_width


class NestedDecoder(nn.Module):
    """An RNN over groups, and an RNN over the tokens of each group."""

    grouped = True

    def __init__(self, config: NestedConfig) -> None:
        super().__init__()
        self.config = config
        self.grammar = Grammar(config.vocabulary, config.slot_ranges)
        kinds = self.grammar.no_kind
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
        spelled = self.spell(packed, contexts.flatten(0, 1)[packed.groups])
        logits = spelled.masked_fill(~self.grammar.allowed(packed.before, packed.slots), -torch.inf)
        chosen = logits.log_softmax(dim=-1).gather(1, packed.tokens[:, None])[:, 0]
        flat: Tensor = chosen.new_zeros(tokens.numel()).index_put((packed.places,), chosen)
        return flat.view(tokens.shape)

    def spell(self, packed: PackedGroups, contexts: Tensor) -> Tensor:
        """Give the (N, V) logits of every token of G groups, from (G, H) outer outputs.

        What a group's context adds to gates and logits is computed once a group, and what a token
        adds once a token of the vocabulary, not once for each token that is there.
        """
        (weight, bias), offering = self.split_output()
        before = self.grammar.kinds(packed.before, packed.slots - 1).split(packed.sizes)
        table, told = self.inner.given(self.spelled.weight), self.inner.given(self.told(contexts))
        state = torch.tanh(self.begun(contexts))
        outputs = []
        for kinds in before:
            given = functional.embedding(kinds, table) + told[: len(kinds)]
            state = self.inner.advance(given, state[: len(kinds)])
            outputs.append(state[:, : self.inner.hidden])
        offered = functional.linear(contexts, offering, bias)
        all_offered = torch.cat([offered[:size] for size in packed.sizes])
        return torch.addmm(all_offered, torch.cat(outputs), weight.T)

    def contexts(self, tokens: Tensor, first: Tensor | None, covariates: Tensor | None) -> Tensor:
        """Give the (B, T, H) outer outputs: that at t has heard the groups before t alone."""
        slots = torch.arange(tokens.shape[2], device=tokens.device).expand_as(tokens)
        heard = self.heard(self.grammar.kinds(tokens, slots).flatten(0, 1))
        heard = heard.unflatten(0, tokens.shape[:2])
        start = self.first_input.expand(len(tokens), 1, -1)
        inputs = torch.cat([start, heard[:, :-1]], dim=1)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates)
        outputs: Tensor = self.outer(inputs, first)[0]
        return outputs

    def split_output(self) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Give the output layer's part for the inner RNN, with its bias, and that for the outer."""
        inner, outer = self.output.weight.split(
            (self.config.inner_hidden, self.config.hidden), dim=1
        )
        return (inner, self.output.bias), outer

    @torch.no_grad()
    def start(
        self, rows: int, *, first: Tensor | None = None, covariates: Tensor | None = None
    ) -> tuple[Tensor, NestedState]:
        """Give the (rows, V) logits of the first token, and the state to step on from."""
        if first is None:
            first = self.outer.zero_state(rows)
        return NestedStepper(self).start(first, rows_of(covariates, rows))

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Take (B,) tokens and give the (B, V) logits of the next ones. `state` stays usable."""
        return state.stepper.step(tokens, state)
