"""Steps on the CPU: a layer and a linear map over a few rows, by the compiled kernel.

No row depends on the others, to the last bit, whatever their number.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.int8_kernel import BYTES, HIGH_BYTE_ZERO, LARGEST, compiled_int8_product
from seqstudio.core.step_kernel import PANEL, compiled_layers, compiled_product
from seqstudio.core.vector_code import LANES


class CompiledLinear:
    """Computes x @ weight.T + bias.

    Parameters
    ----------
    weight : (N, K) float32
    bias : (N,) float32
    """

    kernel = "product"

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.size, self.inputs = weight.shape
        padded = functional.pad(weight, (0, 0, 0, -self.size % PANEL))
        # (P, K, PANEL): the weights that are used together lie together
        self.panels = padded.unflatten(0, (-1, PANEL)).transpose(1, 2).contiguous()
        self.bias = functional.pad(bias, (0, len(padded) - self.size))
        self.columns = len(padded)
        self.addresses = self.panels.data_ptr(), self.bias.data_ptr()
        self.product = compiled_product()  # of the name `kernel`

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


class Int8Linear(CompiledLinear):
    """Computes what `CompiledLinear` does with eight-bit weights, each column with its own scale.

    The inputs of a row are rounded to 16 bits. (N, K) weight and (N,) bias, both float32.
    """

    kernel = "int8_product"

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.size = len(weight)
        self.given = weight.shape[1]
        missing = -self.size % PANEL
        scale, whole = eight_bits(functional.pad(weight, (0, -self.given % LANES, 0, missing)))
        self.columns, self.inputs = whole.shape
        # (P, K / BYTES, PANEL, BYTES)
        self.panels = (
            whole.unflatten(0, (-1, PANEL)).unflatten(2, (-1, BYTES)).transpose(1, 2).contiguous()
        )
        excess = whole.sum(dim=1, dtype=torch.int32) * -HIGH_BYTE_ZERO
        bias = functional.pad(bias, (0, missing))
        self.bias = torch.stack([bias, scale, excess.view(torch.float32)])
        self.addresses = self.panels.data_ptr(), self.bias.data_ptr()
        self.product = compiled_int8_product()

    def padded(self, rows: Tensor) -> Tensor:
        """Return what a call does, padded to whole panels."""
        if self.given != self.inputs:
            rows = functional.pad(rows, (0, self.inputs - self.given))
        return super().padded(rows)


def eight_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the (N,) scales and (N, K) int8 whole numbers of (N, K) weights.

    A column that is not finite has a scale that is not.
    """
    scale = weight.abs().amax(dim=1) / LARGEST
    whole = (weight / scale[:, None]).nan_to_num(0.0).round().clamp(-LARGEST, LARGEST)
    return scale, whole.to(torch.int8)


class CompiledLayers:
    """Steps layers of a cell from `CELLS`, each on the outputs of the layer below, and a head.

    A state is (layers, R, S): the output (H), for an LSTM its memory (H), and what the output adds
    to the gates of the next step, padded to whole panels.

    Parameters
    ----------
    cell : of the layers
    hidden : H, a multiple of `LANES`
    recurrent : for each layer the map from its output to its G gates of the next step
    upward : for each layer but the last the map to the G gates of the layer above
    table : (N, G) float32, whose rows ids add to the gates of the first layer
    head : a map from the outputs of the last layer
    """

    def __init__(
        self,
        cell: RecurrentCell,
        hidden: int,
        recurrent: Sequence[CompiledLinear],
        upward: Sequence[CompiledLinear],
        table: Tensor,
        head: CompiledLinear | None = None,
    ) -> None:
        self.hidden, self.recurrent, self.upward = hidden, recurrent, upward
        self.head, self.table, gates = head, table.contiguous(), table.shape[1]
        self.widest = max([gates, *(one.columns for one in upward)])
        of_cell = next(name for name, one in CELLS.items() if one is cell)
        columns = recurrent[0].columns
        state_step = cell.state_width(hidden) + columns
        sizes = hidden, state_step, columns, len(recurrent), gates
        weights = (0, 0, 0) if head is None else (*head.addresses, head.columns)
        self.head_shape = (0, 0) if head is None else (head.size, head.columns)
        above = [(*one.addresses, one.columns) for one in upward] + [(0, 0, 0)]
        below = [gates] + [one.columns for one in upward]
        rows = zip(recurrent, above, below, strict=True)
        layers = [entry for own, up, down in rows for entry in (*own.addresses, *up, down)]
        address = self.table.data_ptr()
        self.plan = torch.tensor([*sizes, address, len(table), *weights, *layers])
        self.run = compiled_layers(of_cell, recurrent[0].kernel)

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from, from a (layers, R, H or 2H) one."""
        pairs = zip(self.recurrent, state[..., : self.hidden], strict=True)
        added = [own.padded(outputs) for own, outputs in pairs]
        return torch.cat([state, added[0][None] if len(added) == 1 else torch.stack(added)], dim=2)

    def __call__(
        self, gates: Tensor, ids: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Step T times.

        Parameters
        ----------
        gates : (T, R, G) float32, or (1, 1, G) of all steps, of the inputs of the first layer
        ids : (T, R, K) int64, of rows of the table that are added; one outside adds the last row
        state : (layers, R, S), which is not changed

        Returns
        -------
        (T, R, H) outputs of the last layer, the state after the last step, and the (R, N) of the
        head at the last step
        """
        layers, rows, width = state.shape
        ids = state.new_empty(len(gates), rows, 0) if ids is None else ids.contiguous()
        steps, _, count = ids.shape
        gates = gates if steps == 1 else gates.contiguous()
        new, (size, columns) = torch.empty_like(state), self.head_shape
        # what the head makes of the outputs, then the gates of a layer; each tensor costs time
        room = state.new_empty(rows * (columns + steps * self.widest))
        headed = room.as_strided((rows, size), (columns, 1))
        headed_address = room.data_ptr()
        passed_address = headed_address + 4 * rows * columns
        if steps == 1:  # the outputs lie in the state
            distance, of_layer = width, rows * width
            place = (layers - 1) * of_layer
            outputs = new.as_strided((1, rows, self.hidden), (of_layer, width, 1), place)
            address = new.data_ptr()
        else:
            distance, of_layer = self.hidden, 0
            outputs = state.new_empty(steps, rows, self.hidden)
            address = outputs.data_ptr()
        gates_step = 0 if gates.shape[:2] == (1, 1) else gates.stride(1)
        self.run(
            steps, rows, count, gates_step, distance, of_layer,
            ids.data_ptr(), gates.data_ptr(), state.data_ptr(), new.data_ptr(), address,
            passed_address, headed_address, self.plan.data_ptr(),
        )  # fmt: skip
        return outputs, new, headed
