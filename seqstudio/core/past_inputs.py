"""Inputs that are functions of the past: integer features that tokens so far give the next step.

A part defines such an input once, over rows: `start`, `read`, `advance`. Whole sequences run the
same functions over time, so that training and stepping see the same values.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn

from seqstudio.core.fused_step import FusedStack
from seqstudio.errors import ConfigError

SCALE = 15.0  # of the weights of `LogLinear`
PastState = tuple[Tensor, ...]  # the state of one input; every tensor has the rows first


class PastInput(ABC):
    """Integer features of a step, computed from the tokens before it. Has no weights.

    R is the number of rows, F of features, C of covariates, L of tokens in a group. A row never
    depends on other rows. `tokens` are (R,) int64 of a flat decoder; of a nested one (R, L) int64
    groups, each group's tokens in order, then -1, and L may differ from call to call. Past an
    item's end tokens may be any of the vocabulary, or groups of -1 alone.
    """

    sizes: tuple[int, ...]  # the number of values of each of the F features
    origins: int = 0  # tokens of the past around which a decoder may lay logits; see `place`

    def place(self, features: Tensor) -> Tensor:
        """Return the (..., origins) tokens that (..., F) features tell, -1 where there is none."""
        return features[..., :0]

    @abstractmethod
    def start(self, rows: int, device: torch.device) -> PastState:
        """Return the state before the first step."""

    @abstractmethod
    def read(self, state: PastState, covariates: Tensor | None) -> Tensor:
        """Return the (R, F) int64 features of the next step; `covariates`, (R, C), are its own."""

    @abstractmethod
    def advance(self, state: PastState, tokens: Tensor, covariates: Tensor | None) -> PastState:
        """Return the state after a step, from its tokens and its (R, C) int64 covariates.

        `state` itself is not changed.
        """

    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the (B, T, F) int64 features of every step of whole sequences.

        A part may override this with a faster form that returns the same values.

        Parameters
        ----------
        tokens : (B, T) or (B, T, L) int64
        covariates : (B, T, C) int64
        """
        state = self.start(len(tokens), tokens.device)
        features = []
        for step in range(tokens.shape[1]):
            known = None if covariates is None else covariates[:, step]
            features.append(self.read(state, known))
            state = self.advance(state, tokens[:, step], known)
        return torch.stack(features, dim=1)


@dataclass(frozen=True, slots=True)
class PastStates:
    """The state of every input of a decoder between two steps."""

    inputs: tuple[PastState, ...]

    def select(self, rows: Tensor) -> "PastStates":
        """Select rows by index, (R,) int64."""
        return PastStates(tuple(tuple(part[rows] for part in state) for state in self.inputs))

    def replaced(self, rows: Tensor, new: "PastStates") -> "PastStates":
        """Return a copy with `new` in place of `rows`."""
        pairs = zip(self.inputs, new.inputs, strict=True)
        return PastStates(
            tuple(
                tuple(part.index_copy(0, rows, n) for part, n in zip(old, state, strict=True))
                for old, state in pairs
            )
        )


class PastInputs(nn.Module):
    """The inputs of one decoder: their features, embedded and summed."""

    sizes: Tensor  # (F,) int64, values of each feature
    offsets: Tensor  # (F,) int64, the first row of each feature in the embedding

    def __init__(self, inputs: Sequence[PastInput], width: int) -> None:
        super().__init__()
        self.inputs = list(inputs)
        sizes = [size for one in inputs for size in one.sizes]
        offsets = list(accumulate(sizes, initial=0))
        self.embedding = nn.EmbeddingBag(offsets.pop(), width, mode="sum")
        nn.init.normal_(self.embedding.weight, std=len(sizes) ** -0.5)
        self.register_buffer("sizes", torch.tensor(sizes), persistent=False)
        self.register_buffer("offsets", torch.tensor(offsets), persistent=False)

    @torch.no_grad()
    def whole(self, tokens: Tensor, covariates: Tensor | None) -> Tensor:
        """Return the (B, T, F) embedding ids of whole sequences; see `PastInput.whole`.

        Raises
        ------
        ConfigError
            If an input returns a value that its `sizes` do not allow.
        """
        features = [one.whole(tokens, covariates) for one in self.inputs]
        return self.embedding_ids(torch.cat(features, dim=2))

    def embedding_ids(self, values: Tensor) -> Tensor:
        """Return the rows of the embedding of (..., F) values; each feature has rows of its own."""
        features = self.sizes.shape[0]
        if values.shape[-1] != features:
            raise ConfigError(f"past inputs: {values.shape[-1]} features, expected {features}")
        # Waits for a GPU: a value too large would silently be another feature's.
        outside = torch.div(values, self.sizes, rounding_mode="floor")
        if outside.any():
            feature = int(outside.flatten(0, -2).any(dim=0).nonzero()[0])
            value = int(values[..., feature][outside[..., feature] != 0][0])
            expected = f"expected 0 to {int(self.sizes[feature]) - 1}"
            raise ConfigError(f"past feature {feature}: value {value}, {expected}")
        return values + self.offsets

    @property
    def origins(self) -> int:
        """The number of tokens around which logits may be laid."""
        return sum(one.origins for one in self.inputs)

    def place(self, ids: Tensor) -> Tensor:
        """Return the (..., origins) tokens that (..., F) embedding ids tell, -1 for none."""
        values = (ids - self.offsets).split([len(one.sizes) for one in self.inputs], dim=-1)
        pairs = zip(self.inputs, values, strict=True)
        return torch.cat([one.place(features) for one, features in pairs], dim=-1)

    def start(self, rows: int, device: torch.device) -> PastStates:
        """Return the states before the first step."""
        return PastStates(tuple(one.start(rows, device) for one in self.inputs))

    def read(self, states: PastStates, covariates: Tensor | None) -> Tensor:
        """Return the (R, F) embedding ids of the next step."""
        pairs = zip(self.inputs, states.inputs, strict=True)
        values = [one.read(state, covariates) for one, state in pairs]
        return self.embedding_ids(torch.cat(values, dim=1))

    def advance(self, states: PastStates, tokens: Tensor, covariates: Tensor | None) -> PastStates:
        """Return the states after a step; see `PastInput.advance`."""
        pairs = zip(self.inputs, states.inputs, strict=True)
        return PastStates(tuple(one.advance(state, tokens, covariates) for one, state in pairs))


def sum_of_rows(embedding: nn.EmbeddingBag, ids: Tensor) -> Tensor:
    """Return the (B, T, width) sums of the rows that (B, T, F) ids name."""
    summed: Tensor = embedding(ids.flatten(0, 1))
    return summed.view(*ids.shape[:2], -1)


class LogLinear(nn.Module):
    """Outputs that are linear in the values of the features of past inputs, at first zero.

    Each output is `SCALE` times a sum of weights: features that say much, such as what can be
    copied, need large ones, which an optimiser with a fixed step would take long to reach.
    """

    def __init__(self, past: PastInputs, outputs: int) -> None:
        super().__init__()
        self.weights = nn.EmbeddingBag(past.embedding.num_embeddings, outputs, mode="sum")
        nn.init.zeros_(self.weights.weight)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the (B, T, outputs) of (B, T, F) embedding ids."""
        return SCALE * sum_of_rows(self.weights, ids)

    @torch.no_grad()
    def table(self) -> Tensor:
        """Return the (K, outputs) float32 of each embedding id."""
        return SCALE * self.weights.weight.float()


class PastIds:
    """The ids of past inputs, whose embedding is number `number` of a stack."""

    def __init__(self, stack: FusedStack, number: int, past: PastInputs) -> None:
        self.inputs, self.offset = past, stack.offsets[number]

    def start(self, rows: int, device: torch.device) -> PastStates:
        """Return the states before the first step."""
        return self.inputs.start(rows, device)

    def read(self, states: PastStates, covariates: Tensor | None, position: int | Tensor) -> Tensor:
        """Return the (R, F) ids of the next step, which is at `position`.

        Parameters
        ----------
        covariates : (R, T, C) int64, of all steps
        position : of all rows, or (R,) int64; past the end, where no token is used, any
        """
        return self.inputs.read(states, covariates_at(covariates, position)) + self.offset

    def advance(
        self,
        states: PastStates,
        tokens: Tensor,
        covariates: Tensor | None,
        position: int | Tensor,
    ) -> PastStates:
        """Return the states after the step at `position`, from its tokens; see `read`."""
        return self.inputs.advance(states, tokens, covariates_at(covariates, position))

    def run(
        self, states: PastStates, preceding: Tensor, covariates: Tensor | None, first: int
    ) -> tuple[Tensor, PastStates]:
        """Read every step from `first` on.

        Parameters
        ----------
        preceding : (U, R) or (U, R, L) int64, the tokens before each step; any before step 0

        Returns
        -------
        (U, R, F) ids of the steps, and the states before the last of them
        """
        if first == 0 and len(preceding) > 1:
            return self._run_prompt(states, preceding, covariates)
        ids = []
        for position, tokens in enumerate(preceding, start=first):
            if position > 0:
                states = self.advance(states, tokens, covariates, position - 1)
            ids.append(self.read(states, covariates, position))
        return torch.stack(ids) if len(ids) > 1 else ids[0][None], states

    def _run_prompt(
        self, states: PastStates, preceding: Tensor, covariates: Tensor | None
    ) -> tuple[Tensor, PastStates]:
        """Read the first steps at once; see `run`."""
        for position, tokens in enumerate(preceding[1:]):
            states = self.advance(states, tokens, covariates, position)
        if covariates is not None:
            steps = torch.arange(len(preceding), device=covariates.device)
            covariates = covariates[:, steps.clamp(max=covariates.shape[1] - 1)]
        # The last token is of a step that nothing reads.
        tokens = torch.cat([preceding[1:], preceding[-1:]]).transpose(0, 1)
        return self.inputs.whole(tokens, covariates).transpose(0, 1) + self.offset, states


def covariates_at(covariates: Tensor | None, position: int | Tensor) -> Tensor | None:
    """Return the (R, C) covariates of one step of each row; past the end, those of the last."""
    if covariates is None:
        return None
    last = covariates.shape[1] - 1
    if isinstance(position, int):
        return covariates[:, min(position, last)]
    rows = torch.arange(len(covariates), device=covariates.device)
    return covariates[rows, position.clamp(max=last)]
