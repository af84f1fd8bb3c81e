"""The fused step: recurrent layers one step at a time, with one matrix product a layer.

What a layer passes to the layer above and to itself at the next step is one product of its output,
and tokens index a table into which the first layer's input weights are folded. Built from a
decoder's weights when sampling starts; computes no gradients.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.devices import RowwiseLinear
from seqstudio.core.recurrent import RecurrentLayer


class LayerState(NamedTuple):
    """One layer between two steps, R rows."""

    output: Tensor  # (R, H) float
    memory: Tensor  # (R, H) float; in cells other than an LSTM the output again
    recurrent_gates: Tensor  # (R, G) float, what the output adds to the gates of the next step

    def select(self, rows: Tensor) -> "LayerState":
        """Select rows by index, (R',) int64."""
        return LayerState(self.output[rows], self.memory[rows], self.recurrent_gates[rows])

    def replaced(self, rows: Tensor, new: "LayerState") -> "LayerState":
        """Return a copy with `new` in place of `rows`."""
        return LayerState(
            self.output.index_copy(0, rows, new.output),
            self.memory.index_copy(0, rows, new.memory),
            self.recurrent_gates.index_copy(0, rows, new.recurrent_gates),
        )


StackState = tuple[LayerState, ...]


def select_layers(layers: StackState, rows: Tensor) -> StackState:
    """Select rows of every layer by index, (R',) int64."""
    return tuple(layer.select(rows) for layer in layers)


class LSTMStep:
    """Steps an LSTM for R rows, in buffers and views that are made once.

    A step is then seven small operations; making the views at every step would double its cost.
    """

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        self.gates = like.new_empty(rows, 4 * hidden)  # input, forget, output, candidate
        self.sigmoids, self.candidate = self.gates.split((3 * hidden, hidden), dim=1)
        self.input, self.forget, self.output = self.sigmoids.split(hidden, dim=1)

    def __call__(self, input_gates: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Return the (R, H) output and memory, from (R, 4H) input gates and a state."""
        torch.add(input_gates, state.recurrent_gates, out=self.gates)
        self.sigmoids.sigmoid_()
        self.candidate.tanh_()
        memory = (self.forget * state.memory).addcmul_(self.input, self.candidate)
        return memory.tanh().mul_(self.output), memory


class GRUStep:
    """Steps a GRU for R rows, in buffers and views that are made once."""

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        self.split = (2 * hidden, hidden)
        self.gates = like.new_empty(rows, 2 * hidden)
        self.reset, self.update = self.gates.split(hidden, dim=1)

    def __call__(self, input_gates: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Return the (R, H) output, twice, from (R, 3H) gates: reset, update, candidate."""
        input_sigmoids, input_candidate = input_gates.split_with_sizes(self.split, 1)
        recurrent_gates = state.recurrent_gates
        recurrent_sigmoids, recurrent_candidate = recurrent_gates.split_with_sizes(self.split, 1)
        torch.add(input_sigmoids, recurrent_sigmoids, out=self.gates)
        self.gates.sigmoid_()
        candidate = torch.addcmul(input_candidate, self.reset, recurrent_candidate).tanh_()
        output = torch.lerp(candidate, state.output, self.update)
        return output, output


class TanhStep:
    """Steps a tanh RNN."""

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        pass

    def __call__(self, input_gates: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Return the (R, H) output, twice, from (R, H) input gates."""
        output = (input_gates + state.recurrent_gates).tanh_()
        return output, output


class MinGRUStep:
    """Steps a minGRU, whose gates depend on the input alone."""

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        pass

    def __call__(self, input_gates: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Return the (R, H) output, twice, from (R, 2H) gates: update, candidate."""
        update, candidate = input_gates.chunk(2, dim=1)
        output = torch.lerp(state.output, candidate, update.sigmoid())
        return output, output


CellStep = LSTMStep | GRUStep | TanhStep | MinGRUStep
STEPS: dict[RecurrentCell, type[CellStep]] = {
    CELLS["lstm"]: LSTMStep,
    CELLS["gru"]: GRUStep,
    CELLS["tanh"]: TanhStep,
    CELLS["mingru"]: MinGRUStep,
}
LANES = 64  # states are padded to a multiple, so that no row ends in the middle of a vector


class FusedStack:
    """Layers of one cell, and a linear map (the head) of the last layer's output.

    Torch computes what does not fill a vector register with other code, whose last bits differ.
    States are therefore padded with zeros, so that a row's bits do not depend on the other rows.
    """

    def __init__(self, layers: Iterable[nn.Module], head: Tensor, bias: Tensor) -> None:
        self.layers = [layer for layer in layers if isinstance(layer, RecurrentLayer)]
        self.cell, self.hidden = self.layers[0].cell, self.layers[0].hidden
        self.padding = -self.hidden % LANES
        self.gates = self.cell.recurrent_gates * (self.hidden + self.padding)
        self.steps: dict[int, CellStep] = {}  # by number of rows
        recurrent = [self.reorder_gates(*layer.weights("hh")) for layer in self.layers]
        upward = [self.reorder_gates(*layer.weights("ih")) for layer in self.layers[1:]]
        upward.append((head.detach(), bias.detach()))
        self.products = [
            RowwiseLinear(
                torch.cat([self.pad_hidden(up[0]), self.pad_hidden(own[0])]),
                torch.cat([up[1], own[1]]),
            )
            for up, own in zip(upward, recurrent, strict=True)
        ]
        self.sizes = [(len(weight), self.gates) for weight, _ in upward]

    def reorder_gates(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return (G, F) weight and (G,) bias with the gates in the order of the step, padded."""
        if len(weight) == 0:
            return weight, bias
        blocks = torch.cat([weight, bias[:, None]], dim=1).detach().unflatten(0, (-1, self.hidden))
        ordered = blocks[list(self.cell.step_order)]
        joined = functional.pad(ordered, (0, 0, 0, self.padding)).flatten(0, 1)
        return joined[:, :-1], joined[:, -1]

    def pad_hidden(self, rows: Tensor) -> Tensor:
        """Pad (R, H) rows with zeros to a multiple of `LANES`."""
        return functional.pad(rows, (0, self.padding))

    def fold(self, inputs: Tensor, *, biased: bool) -> Tensor:
        """Return the (K, G) gates of (K, F) inputs of the first layer, with or without its bias."""
        weight, bias = self.reorder_gates(*self.layers[0].weights("ih"))
        gates = inputs.detach() @ weight.T
        return gates + bias if biased else gates

    def initial_state(self, state: Tensor) -> StackState:
        """Convert a (layers, R, S) state of a `RecurrentStack`."""
        layers = []
        for product, layer_state in zip(self.products, state.detach(), strict=True):
            parts = [self.pad_hidden(part) for part in layer_state.split(self.hidden, dim=1)]
            products = product(parts[0])
            recurrent_gates = products[:, products.shape[1] - self.gates :]
            layers.append(LayerState(parts[0], parts[-1], recurrent_gates))
        return tuple(layers)

    def cell_step(self, input_gates: Tensor) -> CellStep:
        """Return the step for as many rows as `input_gates` has; the layers share it."""
        if (rows := input_gates.shape[0]) not in self.steps:
            padded = self.hidden + self.padding
            self.steps[rows] = STEPS[self.cell](rows, padded, input_gates)
        return self.steps[rows]

    def step(self, input_gates: Tensor, states: StackState) -> tuple[Tensor, StackState]:
        """Step once from the (R, G) gates of the first layer.

        Returns
        -------
        (R, N) output of the head, and the new states
        """
        cell_step = self.cell_step(input_gates)
        new_states, passed = [], input_gates
        for product, sizes, state in zip(self.products, self.sizes, states, strict=True):
            output, memory = cell_step(passed, state)
            passed, recurrent_gates = product(output).split_with_sizes(sizes, 1)
            new_states.append(LayerState(output, memory, recurrent_gates))
        return passed, tuple(new_states)


class FoldedCovariates:
    """Embeddings of covariates, folded into the gates of a stack's first layer."""

    def __init__(self, stack: FusedStack, covariates: nn.Module | None) -> None:
        weights = [] if covariates is None else list(covariates.parameters())
        self.tables = [stack.fold(weight, biased=False) for weight in weights]

    def at(self, values: Tensor, position: Tensor) -> Tensor:
        """Return the gates of each row's own step.

        Parameters
        ----------
        values : (B, T, C) int64
        position : (B,) int64

        Returns
        -------
        (B, G) float; zero for a row past the end, whose next token is not used
        """
        inside = position < values.shape[1]
        rows = torch.arange(len(position), device=values.device)
        chosen = values[rows, torch.where(inside, position, 0)]
        return self.sum(chosen) * inside[:, None]

    def sum(self, chosen: Tensor) -> Tensor:
        """Return the (B, G) gates of (B, C) covariates."""
        gates = self.tables[0][chosen[:, 0]]
        for number, table in enumerate(self.tables[1:], start=1):
            gates = gates + table[chosen[:, number]]
        return gates
