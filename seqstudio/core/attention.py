"""Attention over an encoder's output, or over a decoder's own past outputs.

All kinds share one protocol, that of `Attention`. B is the batch, U the decoder's steps, T' what is
attended to, A the width of projected queries and keys, D the width of values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.config import check_positive
from seqstudio.core.encoder import Encoded
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError

VECTOR = 64  # floats: a multiple of what torch computes at once on any CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveConfig:
    """Additive attention: scores v . tanh(W query + U key) (Bahdanau et al. 2015)."""

    part: ClassVar[str] = "additive"
    attends_past: ClassVar[bool] = True  # can be a decoder's `past_attention`
    dimension: int = 128

    def __post_init__(self) -> None:
        check_positive(self, "dimension")


@dataclass(frozen=True, slots=True, kw_only=True)
class DotConfig:
    """Scaled dot-product attention: scores W query . U key / sqrt(A).

    This is the "general" score of Luong et al. 2015, scaled as in Vaswani et al. 2017. It is the
    cheaper kind over long memories.
    """

    part: ClassVar[str] = "dot"
    attends_past: ClassVar[bool] = True  # can be a decoder's `past_attention`
    dimension: int = 128

    def __post_init__(self) -> None:
        check_positive(self, "dimension")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationConfig:
    """Location-aware attention (Chorowski et al. 2015, equation 9), over an encoder only.

    Convolutions of `kernel` frames over earlier weights tell it where it was: those of the previous
    step, or the sum over all steps. Training loops over the steps.
    """

    part: ClassVar[str] = "location"
    dimension: int = 128
    filters: int = 10
    kernel: int = 31  # frames, odd
    cumulative: bool = False

    def __post_init__(self) -> None:
        check_positive(self, "dimension", "filters", "kernel")
        if self.kernel % 2 == 0:
            raise ConfigError(f"kernel={self.kernel}, expected an odd number")


@dataclass(frozen=True, slots=True)
class AttentionMemory:
    """What is attended to. Keys are computed once and serve every step."""

    keys: Tensor  # (B, T', A) float
    values: Tensor  # (B, T', D) float
    valid: Tensor  # (B, T') bool; (1, U, T') for whole sequences that attend to their own past
    located: Tensor  # (B, T') float, the earlier weights of location-aware attention, else (B, 0)

    def select(self, rows: Tensor) -> "AttentionMemory":
        """Select rows by index, (R,) int64."""
        parts = (self.keys, self.values, self.valid, self.located)
        return AttentionMemory(*(select_rows(part, rows) for part in parts))

    @staticmethod
    def joined(memories: Sequence["AttentionMemory"]) -> "AttentionMemory":
        """Join the rows of memories of one T'."""
        return AttentionMemory(
            torch.cat([one.keys for one in memories]),
            torch.cat([one.values for one in memories]),
            torch.cat([one.valid for one in memories]),
            torch.cat([one.located for one in memories]),
        )

    def appended(self, keys: Tensor, values: Tensor) -> "AttentionMemory":
        """Return a memory with one more step, from (B, A) keys and (B, D) values."""
        return AttentionMemory(
            torch.cat([self.keys, keys[:, None]], dim=1),
            torch.cat([self.values, values[:, None]], dim=1),
            functional.pad(self.valid, (0, 1), value=True),
            self.located,
        )


def select_rows(part: Tensor, rows: Tensor) -> Tensor:
    """Select rows of (B, ...) by index, (R,) int64.

    A lone row is repeated without a copy: it may be a whole recording, which all hypotheses of a
    beam search attend to.
    """
    if len(part) == 1 or part.stride(0) == 0:
        return part[:1].expand(len(rows), *part.shape[1:])
    return part[rows]


class AttentionWeights(NamedTuple):
    """Where each step of whole sequences attends to; the weights of a step sum to 1."""

    encoder: Tensor | None  # (B, U, T') float, over the encoder's output
    past: Tensor | None  # (B, U, U) float, over the decoder's own outputs, up to the step's own


class Attention(nn.Module):
    """Queries are a decoder's outputs; the context is appended to them before the output layer.

    A whole sequence is thus trained in one pass (as in Luong et al. 2015). A subclass has
    `scores` and `scores_once`; one whose scores depend on earlier weights overrides more. Queries
    are projected by the linear map `query`, and keys by `key`.
    """

    def __init__(self, width: int, query: int, dimension: int, *, key_bias: bool) -> None:
        super().__init__()
        self.width = width  # D, of the contexts
        self.key = nn.Linear(width, dimension, bias=key_bias)
        self.query = nn.Linear(query, dimension, bias=False)

    def prepare_memory(self, encoded: Encoded) -> AttentionMemory:
        """Compute the keys of an encoded batch."""
        valid = valid_mask(encoded.lengths, encoded.output.shape[1])
        none = encoded.output.new_zeros(len(valid), 0)
        return AttentionMemory(self.key(encoded.output), encoded.output, valid, none)

    def prepare_rows(self, encoded: Encoded) -> AttentionMemory:
        """Do what `prepare_memory` does, so that no row's bits depend on the others, for stepping.

        A BLAS sums in another order for another number of rows: each item is projected alone.
        """
        rows = torch.arange(len(encoded.lengths), device=encoded.lengths.device).split(1)
        return AttentionMemory.joined([self.prepare_memory(encoded.select(row)) for row in rows])

    def past_memory(self, outputs: Tensor) -> AttentionMemory:
        """Compute the keys of (B, U, D) outputs, each of which sees itself and those before it."""
        steps = outputs.shape[1]
        causal = torch.ones(steps, steps, dtype=torch.bool, device=outputs.device).tril()
        none = outputs.new_zeros(len(outputs), 0)
        return AttentionMemory(self.key(outputs), outputs, causal[None], none)

    def empty_memory(self, rows: int) -> AttentionMemory:
        """Return a memory of no steps, to be appended to."""
        weight = self.key.weight.detach()
        keys, values = (weight.new_zeros(rows, 0, size) for size in weight.shape)
        none = weight.new_zeros(rows, 0)
        return AttentionMemory(keys, values, none.bool(), none)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return (B, U, T') scores of projected (B, U, A) queries and (B, T', A) keys."""
        raise NotImplementedError

    def scores_once(self, queries: Tensor, memory: AttentionMemory) -> Tensor:
        """Return (B, T') scores of projected (B, A) queries; no row depends on the others."""
        raise NotImplementedError

    def forward(self, queries: Tensor, memory: AttentionMemory) -> tuple[Tensor, Tensor]:
        """Attend with the queries of whole sequences.

        Parameters
        ----------
        queries : (B, U, Q) float, not projected

        Returns
        -------
        (B, U, D) float contexts and (B, U, T') float weights, which sum to 1 over what is valid
        """
        valid = memory.valid if memory.valid.ndim == 3 else memory.valid[:, None]
        scores = self.scores(self.query(queries), memory.keys)
        weights = scores.masked_fill(~valid, -torch.inf).softmax(dim=-1)
        return weights @ memory.values, weights

    @torch.no_grad()
    def attend_once(
        self, projected_queries: Tensor, memory: AttentionMemory
    ) -> tuple[Tensor, Tensor, AttentionMemory]:
        """Attend with one query a row, (B, A), to which `self.query` has been applied already.

        Returns
        -------
        (B, D) float contexts, (B, T') float weights, and the memory for the next step; no row
        depends on the others
        """
        return self.weigh(self.scores_once(projected_queries, memory), memory)

    def weigh(
        self, scores: Tensor, memory: AttentionMemory
    ) -> tuple[Tensor, Tensor, AttentionMemory]:
        """Return contexts, weights and memory from the (B, T') scores of one step."""
        weights = scores.masked_fill(~memory.valid, -torch.inf).softmax(dim=-1)
        return (weights[:, :, None] * memory.values).sum(dim=1), weights, memory


def tanh_by_row(values: Tensor) -> Tensor:
    """Return the tanh of (B, ...) values; no row's bits depend on the others.

    Torch computes what does not fill its vectors with other code: rows that would end inside one
    are computed alone.
    """
    if values[:1].numel() % VECTOR == 0:
        return values.tanh()
    return torch.cat([row.tanh() for row in values.split(1)])


class AdditiveAttention(Attention):
    """Scores v . tanh(W query + U key) (Bahdanau et al. 2015)."""

    def __init__(self, config: AdditiveConfig | LocationConfig, width: int, query: int) -> None:
        super().__init__(width, query, config.dimension, key_bias=True)
        self.score = nn.Linear(config.dimension, 1, bias=False)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return (B, U, T') scores."""
        energies = torch.tanh(queries[:, :, None] + keys[:, None])
        scores: Tensor = self.score(energies)
        return scores.squeeze(-1)

    def scores_once(self, queries: Tensor, memory: AttentionMemory) -> Tensor:
        """Return (B, T') scores."""
        energies = tanh_by_row(queries[:, None] + memory.keys)
        return (energies * self.score.weight[0]).sum(dim=-1)


class DotAttention(Attention):
    """Scores W query . U key / sqrt(A) (Luong et al. 2015; Vaswani et al. 2017)."""

    def __init__(self, config: DotConfig, width: int, query: int) -> None:
        super().__init__(width, query, config.dimension, key_bias=False)
        self.scale = sqrt(1 / config.dimension)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return (B, U, T') scores."""
        return torch.bmm(self.scale * queries, keys.transpose(1, 2))

    def scores_once(self, queries: Tensor, memory: AttentionMemory) -> Tensor:
        """Return (B, T') scores."""
        products = self.scale * queries[:, None] * memory.keys
        return products.sum(dim=-1)


class LocationAttention(AdditiveAttention):
    """Additive attention that knows its earlier weights (Chorowski et al. 2015, equation 9)."""

    def __init__(self, config: LocationConfig, width: int, query: int) -> None:
        super().__init__(config, width, query)
        self.cumulative = config.cumulative
        self.convolution = nn.Conv1d(
            1, config.filters, config.kernel, padding=config.kernel // 2, bias=False
        )
        self.location = nn.Linear(config.filters, config.dimension, bias=False)

    def prepare_memory(self, encoded: Encoded) -> AttentionMemory:
        """Compute the keys of an encoded batch; earlier weights are zero."""
        memory = super().prepare_memory(encoded)
        return replace(memory, located=memory.keys.new_zeros(memory.keys.shape[:2]))

    def forward(self, queries: Tensor, memory: AttentionMemory) -> tuple[Tensor, Tensor]:
        """Attend with the queries of whole sequences, step by step; see `Attention.forward`."""
        contexts, weights = [], []
        for query in self.query(queries).unbind(dim=1):
            energies = torch.tanh(query[:, None] + memory.keys + self.locate(memory.located))
            context, weight, memory = self.weigh(self.score(energies).squeeze(-1), memory)
            contexts.append(context)
            weights.append(weight)
        return torch.stack(contexts, dim=1), torch.stack(weights, dim=1)

    def scores_once(self, queries: Tensor, memory: AttentionMemory) -> Tensor:
        """Return (B, T') scores; each row is convolved alone, so that none depends on others."""
        location = torch.cat([self.locate(row) for row in memory.located.split(1)])
        energies = tanh_by_row(queries[:, None] + memory.keys + location)
        return (energies * self.score.weight[0]).sum(dim=-1)

    def locate(self, located: Tensor) -> Tensor:
        """Return what (B, T') earlier weights add to the (B, T', A) energies."""
        features: Tensor = self.convolution(located[:, None])
        added: Tensor = self.location(features.transpose(1, 2))
        return added

    def weigh(
        self, scores: Tensor, memory: AttentionMemory
    ) -> tuple[Tensor, Tensor, AttentionMemory]:
        """Return contexts and weights, and keep the weights in the memory."""
        context, weights, _ = super().weigh(scores, memory)
        located = memory.located + weights if self.cumulative else weights
        return context, weights, replace(memory, located=located)
