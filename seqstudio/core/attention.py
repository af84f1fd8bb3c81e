"""Additive attention over the encoder's output, masked by its lengths."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqstudio.core.config import check_positive
from seqstudio.core.encoder import Encoded
from seqstudio.core.recurrent import valid_mask


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveConfig:
    """Additive attention over the encoder's output (Bahdanau et al. 2015)."""

    part: ClassVar[str] = "additive"
    dimension: int = 128

    def __post_init__(self) -> None:
        check_positive(self, "dimension")


@dataclass(frozen=True, slots=True)
class AttentionMemory:
    """What is attended to. Keys are computed once and serve every step."""

    keys: Tensor  # (B, T', A) float
    values: Tensor  # (B, T', D) float
    valid: Tensor  # (B, T') bool

    def select(self, rows: Tensor) -> "AttentionMemory":
        """Select rows by index, (R,) int64."""
        return AttentionMemory(self.keys[rows], self.values[rows], self.valid[rows])


class AdditiveAttention(nn.Module):
    """Scores v . tanh(W query + U key) (Bahdanau et al. 2015).

    The query is the decoder's output at the same step, and the context is appended to it before the
    output layer. A whole sequence is thus trained in one pass (as in Luong et al. 2015).
    """

    def __init__(self, config: AdditiveConfig, width: int, query: int) -> None:
        super().__init__()
        self.width = width
        self.key = nn.Linear(width, config.dimension)
        self.query = nn.Linear(query, config.dimension, bias=False)
        self.score = nn.Linear(config.dimension, 1, bias=False)

    def prepare_memory(self, encoded: Encoded) -> AttentionMemory:
        """Compute the keys of an encoded batch."""
        valid = valid_mask(encoded.lengths, encoded.output.shape[1])
        return AttentionMemory(self.key(encoded.output), encoded.output, valid)

    def forward(self, queries: Tensor, memory: AttentionMemory) -> tuple[Tensor, Tensor]:
        """Attend with the queries of whole sequences.

        Parameters
        ----------
        queries : (B, U, Q) float

        Returns
        -------
        (B, U, D) float contexts and (B, U, T') float weights, which sum to 1 over each length
        """
        energies = torch.tanh(self.query(queries)[:, :, None] + memory.keys[:, None])
        scores = self.score(energies).squeeze(-1)
        weights = scores.masked_fill(~memory.valid[:, None], -torch.inf).softmax(dim=-1)
        return weights @ memory.values, weights

    def attend_once(
        self, projected_queries: Tensor, memory: AttentionMemory
    ) -> tuple[Tensor, Tensor]:
        """Attend with one query a row, (B, A), to which `self.query` has been applied already.

        Returns
        -------
        (B, D) float contexts and (B, T') float weights; no row depends on the others
        """
        energies = torch.tanh(projected_queries[:, None] + memory.keys)
        scores = (energies * self.score.weight[0].detach()).sum(dim=-1)
        weights = scores.masked_fill(~memory.valid, -torch.inf).softmax(dim=-1)
        return (weights[:, :, None] * memory.values).sum(dim=1), weights
