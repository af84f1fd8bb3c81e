"""The nested decoder: an outer RNN steps once a group of tokens, an inner RNN once a token.

The sum of a group's token log-probabilities is exactly the log-probability of the group: tokens
that the grammar forbids are masked and the rest renormalised, in training and in sampling alike.

`NestedDecoder` predicts whole pieces in training; `nested_step` steps for sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.cells import Cell, state_width
from seqstudio.core.config import PartConfig, check_covariates, check_positive, check_recurrent
from seqstudio.core.decoder import Covariates, expand_covariates
from seqstudio.core.devices import at_least_float32
from seqstudio.core.grammar import Grammar
from seqstudio.core.groups import PackedGroups, pack_groups
from seqstudio.core.nested_step import NestedState, NestedStepper
from seqstudio.core.past_inputs import LogLinear, PastInput, PastInputs, sum_of_rows
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedConfig:
    """A decoder of groups of tokens: an outer RNN steps once a group, an inner RNN once a token.

    With `slots` 0 a group is ascending: distinct tokens below `vocabulary - 1` in rising order,
    then END, which is `vocabulary - 1`; an empty group is END alone. With `slots` n a group has
    exactly n tokens, the j-th from the half-open range `slot_ranges[j]`. `covariates` and `past`
    are inputs of each group, as those of a flat decoder's token (`DecoderConfig`); with
    `past_output` the latter also reach the logits of each of its tokens.
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
    past_output: bool = False
    layer_norm: bool = False  # in the outer layers only
    residual: bool = False  # between the outer layers only

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "inner_hidden")
        check_recurrent(self, cells=("cell", "inner_cell"))
        check_covariates(self.covariates)
        if self.past_output and not self.past:
            raise ConfigError("past_output without past, expected both")
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

    steps_in_int8 = True

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
        direct = self.past if config.past_output else None
        self.past_output = None if direct is None else LogLinear(direct, config.vocabulary)
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
        past_ids = None if self.past is None else self.past.whole(tokens, covariates)
        contexts = self.contexts(tokens, initial_state, covariates, past_ids)
        packed = pack_groups(tokens)
        direct = None
        if self.past_output is not None and past_ids is not None:
            direct = self.past_output(past_ids).flatten(0, 1)[packed.groups]
        logits = self.token_logits(packed, contexts.flatten(0, 1)[packed.groups], direct)
        allowed = self.grammar.allowed(packed.previous, packed.slots)
        masked = at_least_float32(logits).masked_fill(~allowed, -torch.inf)
        log_probs = masked.log_softmax(dim=-1)
        chosen = log_probs.gather(1, packed.tokens[:, None])[:, 0]
        flat: Tensor = chosen.new_zeros(tokens.numel()).index_put((packed.positions,), chosen)
        return flat.view(tokens.shape)

    def token_logits(self, packed: PackedGroups, contexts: Tensor, direct: Tensor | None) -> Tensor:
        """Return the (N, V) logits of every token of G groups, from (G, H) outer outputs.

        `direct`, (G, V), is what each group's past adds to them.
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
        if direct is not None:
            context_logits = context_logits + direct
        repeated = torch.cat([context_logits[:size] for size in packed.sizes])
        return torch.addmm(repeated, torch.cat(outputs), weight.T)

    def contexts(
        self,
        tokens: Tensor,
        initial_state: Tensor | None,
        covariates: Tensor | None,
        past_ids: Tensor | None,
    ) -> Tensor:
        """Return the (B, T, H) outer outputs: that at t depends only on the groups before t."""
        slots = torch.arange(tokens.shape[2], device=tokens.device).expand_as(tokens)
        groups = self.group_embedding(self.grammar.embedding_ids(tokens, slots).flatten(0, 1))
        groups = groups.unflatten(0, tokens.shape[:2])
        start = self.first_input.expand(len(tokens), 1, -1)
        inputs = torch.cat([start, groups[:, :-1]], dim=1)
        if self.covariates is not None and covariates is not None:
            inputs = inputs + self.covariates(covariates)
        if self.past is not None and past_ids is not None:
            inputs = inputs + sum_of_rows(self.past.embedding, past_ids)
        outputs: Tensor = self.outer(inputs, initial_state)[0]
        return outputs

    def split_output(self) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Return the output layer's weight and bias for the inner RNN, and the outer's weight."""
        inner, outer = self.output.weight.split(
            (self.config.inner_hidden, self.config.hidden), dim=1
        )
        return (inner, self.output.bias), outer

    def start(self, rows: int, **inputs: Any) -> tuple[Tensor, NestedState]:
        """Return the (rows, V) logits of the first token, and the state to step from; see `prime`.

        `inputs` are those of `log_probs`, but covariates are (T, C) or (rows, T, C), of every step.
        """
        none = torch.zeros(rows, 0, dtype=torch.int64, device=self.first_input.device)
        return self.prime(none, **inputs)

    @torch.no_grad()
    def prime(
        self,
        prompts: Tensor,
        *,
        initial_state: Tensor | None = None,
        covariates: Tensor | None = None,
        int8: bool = False,
    ) -> tuple[Tensor, NestedState]:
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
            initial_state = self.outer.zero_state(rows)
        covariates = expand_covariates(covariates, rows)
        return NestedStepper(self, int8=int8).start(prompts, initial_state, covariates)

    def valid_prefix(self, tokens: Sequence[int]) -> int:
        """Return how many of these tokens follow the grammar, counted from the first."""
        return sum(map(len, self.grammar.split(tokens)))

    def step(self, tokens: Tensor, state: NestedState) -> tuple[Tensor, NestedState]:
        """Return the (B, V) logits that follow (B,) tokens, and the new state.

        `state` itself is not changed.
        """
        return state.stepper.step(tokens, state)
