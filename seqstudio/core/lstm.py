"""torch's LSTM layer, in the precision that the device has one for."""

from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.core.devices import runs_bfloat16_lstm


class LSTMLayer(nn.LSTM):
    """torch's layer, batch first; in float32 where autocast asks for a bfloat16 that is not there.

    The products around it stay in bfloat16, so a recipe trains on any processor.
    """

    weight_ih_l0: Tensor

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, batch_first=True)

    def forward(self, frames: Any, state: Any = None) -> Any:
        """Run as torch's layer does, on (B, T, F) frames or a PackedSequence."""
        device = self.weight_ih_l0.device
        if runs_bfloat16_lstm(device) or not torch.is_autocast_enabled(device.type):
            return super().forward(frames, state)
        with torch.autocast(device.type, enabled=False):
            state = None if state is None else tuple(part.float() for part in state)
            return super().forward(frames.float(), state)
