"""Bridges: how a decoder starts from what an encoder returned."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqstudio.core.encoder import Encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalStateConfig:
    """Initialises the decoder with the encoder's final state (Sutskever et al. 2014)."""

    part: ClassVar[str] = "final_state"


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
