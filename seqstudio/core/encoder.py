"""The recurrent encoder, its output, and the bridge from its final state to a decoder."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.core.config import EncoderConfig
from seqstudio.core.dropout import Dropout
from seqstudio.core.front_end import mask_padding
from seqstudio.core.recurrent import BidirectionalLayer, RecurrentLayer, state_width


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


class FinalState(nn.Module):
    """Maps the encoder's final state to the decoder's initial state (Sutskever et al. 2014).

    Decoder layer i starts from encoder layer i, or from the last if there are fewer. A part of the
    state (output or memory) passes unchanged if the widths are equal, otherwise through a linear
    map. A decoder's memory starts from the encoder's output if the encoder has no memory.
    """

    def __init__(self, encoder: Encoder, cell_parts: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.encoder_width = encoder.width
        self.source_layers = [min(number, encoder.depth - 1) for number in range(layers)]
        self.source_parts = [min(part, encoder.state_parts - 1) for part in range(cell_parts)]
        same_width = encoder.width == hidden
        self.projections = nn.ModuleList(
            nn.Identity() if same_width else nn.Linear(encoder.width, hidden)
            for _ in range(layers * cell_parts)
        )

    def forward(self, state: Tensor) -> Tensor:
        """Return the (layers, B, S) initial state of the decoder."""
        parts = state.unflatten(2, (-1, self.encoder_width))
        projections = iter(self.projections)
        layers = []
        for layer in self.source_layers:
            projected = [next(projections)(parts[layer, :, part]) for part in self.source_parts]
            layers.append(torch.cat(projected, dim=1))
        return torch.stack(layers)
