"""Rows of different lengths as one padded tensor, and batches of sources with their targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seqstudio.contracts.data import Batch, Example


def pad(rows: Sequence[Tensor | Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Pad rows with zeros to the longest.

    Parameters
    ----------
    rows : B of (T,) tokens or (T, F) float features

    Returns
    -------
    (B, T) int64 or (B, T, F) float; and their lengths, (B,) int64

    >>> pad([(5, 6, 7), (8,)])
    (tensor([[5, 6, 7],
            [8, 0, 0]]), tensor([3, 1]))
    """
    tensors = [
        row if isinstance(row, Tensor) else torch.tensor(row, dtype=torch.int64) for row in rows
    ]
    return pad_sequence(tensors, batch_first=True), torch.tensor([len(row) for row in tensors])


@dataclass(frozen=True, kw_only=True)
class PairBatch(Batch):
    """Sources and what they are to become: recordings and texts, sentences and translations."""

    inputs: Tensor  # (B, T, F) float or (B, T) int64
    lengths: Tensor  # (B,) int64, of the inputs
    targets: Tensor  # (B, U) int64
    target_lengths: Tensor  # (B,) int64

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        inputs: Sequence[Tensor | Sequence[int]],
        targets: Sequence[Sequence[int]],
    ) -> Self:
        """Pad an input and a target for each example.

        >>> batch = PairBatch.of([Example(id="a")], [torch.zeros(7, 3)], [(1, 2)])
        >>> batch.inputs.shape, batch.lengths, batch.targets
        (torch.Size([1, 7, 3]), tensor([7]), tensor([[1, 2]]))
        """
        (padded, lengths), (labels, label_lengths) = pad(inputs), pad(targets)
        return cls(
            ids=tuple(example.id for example in examples),
            inputs=padded,
            lengths=lengths,
            targets=labels,
            target_lengths=label_lengths,
        )
