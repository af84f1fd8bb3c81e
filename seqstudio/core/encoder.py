"""The recurrent encoder, what it gives, and the bridge from its final state to a decoder."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.core.config import EncoderConfig
from seqstudio.core.dropout import Dropout
from seqstudio.core.front_end import masked
from seqstudio.core.recurrent import BidirectionalLayer, RecurrentLayer, state_width


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder made of a padded batch."""

    output: Tensor  # (B, T', D) float, zero past each length
    lengths: Tensor  # (B,) int64, frames of `output` that are valid
    state: Tensor | None  # (layers, B, S) float after each item's last frame, where a bridge asks


class Encoder(nn.Module):
    """Layers of one cell, in one or both directions, with dropout between them."""

    def __init__(self, config: EncoderConfig, width: int) -> None:
        super().__init__()
        directions = 2 if config.bidirectional else 1
        self.width = directions * config.hidden
        self.state_parts = directions * state_width(config.cell, config.hidden) // self.width
        self.depth = config.layers
        kind: type[nn.Module] = BidirectionalLayer if config.bidirectional else RecurrentLayer
        widths = [width] + [self.width] * (config.layers - 1)
        self.layers = nn.ModuleList(kind(config.cell, size, config.hidden) for size in widths)
        self.between = nn.ModuleList(Dropout(config.dropout) for _ in widths[1:])

    def forward(self, frames: Tensor, lengths: Tensor, *, final: bool) -> Encoded:
        """Encode a padded batch.

        Parameters
        ----------
        frames : (B, T, F) float
        lengths : (B,) int64, valid frames of each item, 1 to T
        final : whether the final states are wanted
        """
        states: list[Tensor] = []
        layers: list[Any] = list(self.layers)
        for number, layer in enumerate(layers):
            if number > 0:
                frames = self.between[number - 1](frames)
            if final:
                frames, last = layer.final(frames, lengths)
                states.append(last)
            else:
                frames = layer.outputs(frames, lengths)
        return Encoded(masked(frames, lengths), lengths, torch.stack(states) if final else None)


class FinalState(nn.Module):
    """Maps the encoder's final state to the decoder's first (Sutskever et al. 2014).

    Decoder layer i starts from encoder layer i, or its last; a part of the state whose width fits
    passes as it is, another goes through a linear map; a memory the encoder lacks starts from its
    output.
    """

    def __init__(self, encoder: Encoder, cell_parts: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.encoder_width = encoder.width
        self.taken = [min(number, encoder.depth - 1) for number in range(layers)]
        self.parts = [min(part, encoder.state_parts - 1) for part in range(cell_parts)]
        fits = encoder.width == hidden
        self.maps = nn.ModuleList(
            nn.Identity() if fits else nn.Linear(encoder.width, hidden)
            for _ in range(layers * cell_parts)
        )

    def forward(self, state: Tensor) -> Tensor:
        """Give the (layers, B, S) first state of the decoder."""
        parts = state.unflatten(2, (-1, self.encoder_width))
        made = iter(self.maps)
        layers = [
            torch.cat([next(made)(parts[layer, :, part]) for part in self.parts], dim=1)
            for layer in self.taken
        ]
        return torch.stack(layers)
