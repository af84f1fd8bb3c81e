"""Steps on other devices: what `compiled_step` computes, by torch's own operations.

Not yet measured on a GPU.
"""

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.cells import RecurrentCell


class TorchLinear:
    """Computes x @ weight.T + bias, from (N, K) weight and (N,) bias."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias = weight, bias

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (..., K) rows to (..., N)."""
        return functional.linear(rows, self.weight, self.bias)


class TorchLayer:
    """Steps one layer of any cell; see `CompiledLayer`.

    A state is (R, S): that of the cell, then what the output adds to the gates of the next step.
    """

    def __init__(self, cell: RecurrentCell, hidden: int, recurrent: TorchLinear) -> None:
        self.cell, self.hidden, self.width = cell, hidden, cell.state_width(hidden)
        self.own = recurrent

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (R, S) state to step from, from a (R, H or 2H) state of a layer."""
        return torch.cat([state, self.own(state[:, : self.hidden])], dim=1)

    def __call__(self, gates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Step T times from (T, R, G) gates; return (T, R, H) outputs and the last (R, S) state."""
        outputs = []
        for step_gates in gates:
            new = self.cell.step(step_gates, state[:, self.width :], state[:, : self.width])
            state = self.initial_state(new)
            outputs.append(new[:, : self.hidden])
        return torch.stack(outputs), state
