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
        table: Tensor,
        head: Linear | None = None,
    ) -> None:
        self.cell, self.hidden, self.width = cell, hidden, cell.state_width(hidden)
        self.recurrent, self.upward, self.table, self.head = recurrent, upward, table, head

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from, from a (layers, R, H or 2H) one."""
        pairs = zip(self.recurrent, state[..., : self.hidden], strict=True)
        return torch.cat([state, torch.stack([own(outputs) for own, outputs in pairs])], dim=2)

    def __call__(
        self, gates: Tensor, ids: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Step T times; see `CompiledLayers`."""
        if ids is not None:
            named = functional.embedding_bag(ids.flatten(0, 1), self.table, mode="sum")
            gates = gates + named.unflatten(0, ids.shape[:2])
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
        headed = passed[:, :0] if self.head is None else self.head(passed)
        return torch.stack(outputs), state, headed
