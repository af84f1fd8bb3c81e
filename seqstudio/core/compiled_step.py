"""Steps on the CPU: a layer and a linear map over a few rows, by the compiled kernel.

No row depends on the others, to the last bit, whatever their number.
"""

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.step_kernel import PANEL, compiled_layer, compiled_product


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
        result = rows.new_empty((*rows.shape[:-1], self.columns))
        self.product(
            rows.numel() // self.inputs, self.inputs, rows.stride(-2), self.columns, self.columns,
            rows.data_ptr(), *self.addresses, result.data_ptr(),
        )  # fmt: skip
        return result if self.columns == self.size else result.narrow(-1, 0, self.size)


class CompiledLayer:
    """Steps one layer of a cell from `CELLS`.

    A state is (R, S): the output (H), for an LSTM its memory (H), and what the output adds to the
    gates of the next step, padded to whole panels.

    Parameters
    ----------
    cell : of the layer
    hidden : H, a multiple of `LANES`
    recurrent : the map from an output to the G gates of the next step
    """

    def __init__(self, cell: RecurrentCell, hidden: int, recurrent: CompiledLinear) -> None:
        self.hidden, self.own = hidden, recurrent
        name = next(name for name, known in CELLS.items() if known is cell)
        self.layer = compiled_layer(name)

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (R, S) state to step from, from a (R, H or 2H) state of a layer."""
        padding = self.own.columns - self.own.size
        added = functional.pad(self.own(state[:, : self.hidden]), (0, padding))
        return torch.cat([state, added], dim=1)

    def __call__(self, gates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Step T times.

        Parameters
        ----------
        gates : (T, R, G) float32, of the inputs
        state : (R, S), which is not changed

        Returns
        -------
        (T, R, H) outputs and the (R, S) state after the last step
        """
        steps, rows, _ = gates.shape
        new, width = torch.empty_like(state), state.shape[1]
        if steps == 1:  # the outputs lie in the state, and the rows of gates at any distance
            outputs = new.as_strided((1, rows, self.hidden), (rows * width, width, 1))
        else:
            outputs, gates = gates.new_empty(steps, rows, self.hidden), gates.contiguous()
        self.layer(
            steps, rows, self.hidden, gates.stride(1), width, self.own.columns, outputs.stride(1),
            gates.data_ptr(), state.data_ptr(), new.data_ptr(), *self.own.addresses,
            outputs.data_ptr(),
        )  # fmt: skip
        return outputs, new
