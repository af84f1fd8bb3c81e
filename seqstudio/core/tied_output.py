"""An output layer that shares its weights with an embedding."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class TiedOutput(nn.Module):
    """A linear layer whose weights are the first rows of an embedding; only its bias is its own.

    Inan et al. 2017, "Tying word vectors and word classifiers"; Press and Wolf 2017. The embedding
    is drawn again, so that an output of unit size gives logits of unit size.
    """

    def __init__(self, embedding: nn.Embedding, rows: int) -> None:
        super().__init__()
        self.embedding = (embedding,)  # in a tuple it is no submodule, so it is stored once
        self.rows = rows
        self.bias = nn.Parameter(torch.zeros(rows))
        nn.init.normal_(embedding.weight, std=embedding.embedding_dim**-0.5)

    @property
    def weight(self) -> Tensor:
        """The (rows, H) weights."""
        return self.embedding[0].weight[: self.rows]

    def forward(self, outputs: Tensor) -> Tensor:
        """Return the (..., rows) logits of (..., H) outputs."""
        return functional.linear(outputs, self.weight, self.bias)
