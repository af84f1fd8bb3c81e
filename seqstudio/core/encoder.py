"""The recurrent encoder and its output."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from seqstudio.core.cells import Cell, state_width
from seqstudio.core.config import check_recurrent
from seqstudio.core.dropout import Dropout
from seqstudio.core.front_end import mask_padding
from seqstudio.core.recurrent import BidirectionalLayer, RecurrentLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Shape of the recurrent encoder. `hidden` is the width of one direction."""

    part: ClassVar[str] = "encoder"
    cell: Cell = "lstm"
    hidden: int = 256
    layers: int = 3
    bidirectional: bool = True
    dropout: float = 0.0  # between layers only: one layer has none

    def __post_init__(self) -> None:
        check_recurrent(self)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The output of an encoder for a padded batch."""

    output: Tensor  # (B, T', D) float, zero past each length
    lengths: Tensor  # (B,) int64, valid frames of `output`
    state: Tensor | None  # (layers, B, S) float after each item's last frame, for a bridge


class Encoder(nn.Module):
    """Layers of one cell, in one or both directions, with dropout between them."""

    def __init__(self, config: EncoderConfig, width: int) -> None:
        super().__init__()
        directions = 2 if config.bidirectional else 1
        self.width = directions * config.hidden
        self.state_parts = directions * state_width(config.cell, config.hidden) // self.width
        self.depth = config.layers
        layer: type[nn.Module] = BidirectionalLayer if config.bidirectional else RecurrentLayer
        widths = [width] + [self.width] * (config.layers - 1)
        self.layers = nn.ModuleList(layer(config.cell, size, config.hidden) for size in widths)
        self.dropouts = nn.ModuleList(Dropout(config.dropout) for _ in widths[1:])

    def forward(self, frames: Tensor, lengths: Tensor, *, with_state: bool) -> Encoded:
        """Encode a padded batch.

        Parameters
        ----------
        frames : (B, T, F) float
        lengths : (B,) int64, valid frames of each item, 1 to T
        with_state : whether to return the final states
        """
        states: list[Tensor] = []
        layers: list[Any] = list(self.layers)
        for number, layer in enumerate(layers):
            if number > 0:
                frames = self.dropouts[number - 1](frames)
            if with_state:
                frames, state = layer.outputs_and_state(frames, lengths)
                states.append(state)
            else:
                frames = layer.outputs(frames, lengths)
        stacked = torch.stack(states) if with_state else None
        return Encoded(mask_padding(frames, lengths), lengths, stacked)
