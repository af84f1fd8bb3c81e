"""Steps on other devices: what `compiled_step` computes, by torch's own operations.

Not yet measured on a GPU.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.cells import RecurrentCell

Linear = Callable[[Tensor], Tensor]


class TorchLinear:
    """Computes x @ weight.T + bias, from (N, K) weight and (N,) bias."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight, self.bias = weight, bias

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (..., K) rows to (..., N)."""
        return functional.linear(rows, self.weight, self.bias)


class TorchLayers:
    """Steps layers of any cell; see `CompiledLayers`.

    A state is (layers, R, S): that of the cell, then what the output adds to the gates of the next
    step.
    """

    def __init__(
        self,
        cell: RecurrentCell,
        hidden: int,
        recurrent: Sequence[Linear],
        upward: Sequence[Linear],
    ) -> None:
        self.cell, self.hidden, self.width = cell, hidden, cell.state_width(hidden)
        self.recurrent, self.upward = recurrent, upward

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from, from a (layers, R, H or 2H) one."""
        pairs = zip(self.recurrent, state[..., : self.hidden], strict=True)
        return torch.cat([state, torch.stack([own(outputs) for own, outputs in pairs])], dim=2)

    def __call__(self, gates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Step T times; return (T, R, H) outputs of the last layer and the last state."""
        outputs = []
        for step_gates in gates:
            states, passed = [], step_gates
            for number, old in enumerate(state):
                if number:
                    passed = self.upward[number - 1](passed)
                new = self.cell.step(passed, old[:, self.width :], old[:, : self.width])
                passed = new[:, : self.hidden]
                states.append(new)
            state = self.initial_state(torch.stack(states))
            outputs.append(passed)
        return torch.stack(outputs), state
