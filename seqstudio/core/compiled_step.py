"""Steps on the CPU: a layer and a linear map over a few rows, by the compiled kernel.

No row depends on the others, to the last bit, whatever their number.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.step_kernel import PANEL, compiled_layers, compiled_product


class CompiledLinear:
    """Computes x @ weight.T + bias.

    Parameters
    ----------
    weight : (N, K) float32
    bias : (N,) float32
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.size, self.inputs = weight.shape
        padded = functional.pad(weight, (0, 0, 0, -self.size % PANEL))
        # (P, K, PANEL): the weights that are used together lie together
        self.panels = padded.unflatten(0, (-1, PANEL)).transpose(1, 2).contiguous()
        self.bias = functional.pad(bias, (0, len(padded) - self.size))
        self.columns = len(padded)
        self.addresses = self.panels.data_ptr(), self.bias.data_ptr()
        self.product = compiled_product()

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (..., K) rows, which lie one after another at one distance, to (..., N)."""
        result = self.padded(rows)
        return result if self.columns == self.size else result.narrow(-1, 0, self.size)

    def padded(self, rows: Tensor) -> Tensor:
        """Return what a call does, padded to whole panels."""
        result = rows.new_empty((*rows.shape[:-1], self.columns))
        self.product(
            rows.numel() // self.inputs, self.inputs, rows.stride(-2), self.columns, self.columns,
            rows.data_ptr(), *self.addresses, result.data_ptr(),
        )  # fmt: skip
        return result


class CompiledLayers:
    """Steps layers of a cell from `CELLS`, each on the outputs of the layer below.

    A state is (layers, R, S): the output (H), for an LSTM its memory (H), and what the output adds
    to the gates of the next step, padded to whole panels.

    Parameters
    ----------
    cell : of the layers
    hidden : H, a multiple of `LANES`
    recurrent : for each layer the map from its output to its G gates of the next step
    upward : for each layer but the last the map to the G gates of the layer above
    """

    def __init__(
        self,
        cell: RecurrentCell,
        hidden: int,
        recurrent: Sequence[CompiledLinear],
        upward: Sequence[CompiledLinear],
    ) -> None:
        self.hidden, self.recurrent, self.upward = hidden, recurrent, upward
        self.columns = recurrent[0].columns
        self.widest = max((one.columns for one in upward), default=0)
        above = [(*one.addresses, one.columns) for one in upward] + [(0, 0, 0)]
        below = [0] + [one.columns for one in upward]
        rows = zip(recurrent, above, below, strict=True)
        self.plan = torch.tensor([(*own.addresses, *up, down) for own, up, down in rows])
        self.run = compiled_layers(next(name for name, one in CELLS.items() if one is cell))

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from, from a (layers, R, H or 2H) one."""
        pairs = zip(self.recurrent, state[..., : self.hidden], strict=True)
        added = [own.padded(outputs) for own, outputs in pairs]
        return torch.cat([state, added[0][None] if len(added) == 1 else torch.stack(added)], dim=2)

    def __call__(self, gates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Step T times.

        Parameters
        ----------
        gates : (T, R, G) float32, of the inputs of the first layer
        state : (layers, R, S), which is not changed

        Returns
        -------
        (T, R, H) outputs of the last layer, and the state after the last step
        """
        steps, rows, _ = gates.shape
        layers, _, width = state.shape
        new, passed = torch.empty_like(state), gates.new_empty(steps * rows * self.widest)
        if steps == 1:  # the outputs lie in the state, and the rows of gates at any distance
            distance, of_layer = width, rows * width
            place = (layers - 1) * of_layer
            outputs = new.as_strided((1, rows, self.hidden), (of_layer, width, 1), place)
            address = new.data_ptr()
        else:
            distance, of_layer = self.hidden, 0
            outputs, gates = gates.new_empty(steps, rows, self.hidden), gates.contiguous()
            address = outputs.data_ptr()
        self.run(
            steps, rows, self.hidden, gates.stride(1), width, self.columns, distance, layers,
            of_layer, gates.data_ptr(), state.data_ptr(), new.data_ptr(), address,
            passed.data_ptr(), self.plan.data_ptr(),
        )  # fmt: skip
        return outputs, new
