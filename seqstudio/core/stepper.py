"""The fused step: recurrent layers one step at a time, with as few products as there are layers.

What a layer gives to the layer above and to itself at the next step are one product of one
output, and tokens are looked up in a table that the first layer's input weights are folded into.
Made from a decoder's weights when stepping starts; computes no gradients.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqstudio.core.config import Cell
from seqstudio.core.devices import Product
from seqstudio.core.recurrent import RecurrentLayer


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer between two steps, R rows."""

    output: Tensor  # (R, H) float
    memory: Tensor  # (R, H) float; in cells other than an LSTM the output again
    ahead: Tensor  # (R, G) float, what the output adds to the gates of the next step

    def select(self, rows: Tensor) -> "LayerState":
        """Take rows by their numbers, (R',) int64."""
        return LayerState(self.output[rows], self.memory[rows], self.ahead[rows])

    def replaced(self, rows: Tensor, new: "LayerState") -> "LayerState":
        """Give a copy with `new` in place of `rows`."""
        return LayerState(
            self.output.index_copy(0, rows, new.output),
            self.memory.index_copy(0, rows, new.memory),
            self.ahead.index_copy(0, rows, new.ahead),
        )


StackState = tuple[LayerState, ...]


def select_layers(layers: StackState, rows: Tensor) -> StackState:
    """Take rows of every layer by their numbers, (R',) int64."""
    return tuple(layer.select(rows) for layer in layers)


def lstm_step(given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
    """Step an LSTM from (R, 4H) gates in the order input, forget, output, candidate."""
    gates = given + state.ahead
    hidden = gates.shape[1] // 4
    assured, candidate = gates.split((3 * hidden, hidden), dim=1)
    enter, keep, show = assured.sigmoid_().split(hidden, dim=1)
    memory = torch.addcmul(enter * candidate.tanh_(), keep, state.memory)
    return torch.tanh(memory).mul_(show), memory


def gru_step(given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
    """Step a GRU from (R, 3H) gates in the order reset, update, candidate."""
    hidden = given.shape[1] // 3
    given_gates, given_new = given.split((2 * hidden, hidden), dim=1)
    ahead_gates, ahead_new = state.ahead.split((2 * hidden, hidden), dim=1)
    reset, update = (given_gates + ahead_gates).sigmoid_().split(hidden, dim=1)
    candidate = torch.addcmul(given_new, reset, ahead_new).tanh_()
    output = torch.lerp(candidate, state.output, update)
    return output, output


def tanh_step(given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
    """Step a tanh RNN from its (R, H) sums."""
    output = (given + state.ahead).tanh_()
    return output, output


STEPS = {"lstm": lstm_step, "gru": gru_step, "tanh": tanh_step}


def gate_order(cell: Cell, hidden: int) -> Tensor:
    """Give the rows of torch's gate weights in the order that `STEPS` want them."""
    if cell != "lstm":
        return torch.arange(hidden * (3 if cell == "gru" else 1))
    enter, keep, candidate, show = torch.arange(4 * hidden).split(hidden)
    return torch.cat([enter, keep, show, candidate])


class FusedStack:
    """Layers of one cell, and the linear map of the last one's output that is wanted of them."""

    def __init__(self, layers: Iterable[nn.Module], head: Tensor, bias: Tensor) -> None:
        self.cells = [layer for layer in layers if isinstance(layer, RecurrentLayer)]
        self.hidden = self.cells[0].hidden
        self.step_cell = STEPS[self.cells[0].cell]
        self.order = gate_order(self.cells[0].cell, self.hidden).to(head.device)
        ahead = [self.weights(layer, "hh") for layer in self.cells]
        above = [*(self.weights(layer, "ih") for layer in self.cells[1:]), (head, bias)]
        self.products = [
            Product(torch.cat([up[0], on[0]]).detach(), torch.cat([up[1], on[1]]).detach())
            for up, on in zip(above, ahead, strict=True)
        ]

    def weights(self, layer: RecurrentLayer, kind: str) -> tuple[Tensor, Tensor]:
        """Give a layer's weight and bias of one kind, `ih` or `hh`, gates in order."""
        weight, bias = (
            getattr(layer.rnn, f"weight_{kind}_l0"),
            getattr(layer.rnn, f"bias_{kind}_l0"),
        )
        return weight[self.order], bias[self.order]

    def fold(self, inputs: Tensor, *, biased: bool) -> Tensor:
        """Map (K, F) inputs of the first layer to the (K, G) gates that they give."""
        weight, bias = self.weights(self.cells[0], "ih")
        gates = inputs.detach() @ weight.detach().T
        return gates + bias.detach() if biased else gates

    def begin(self, first: Tensor) -> StackState:
        """Start from (layers, R, S) states as `RecurrentStack` has them."""
        gates = len(self.order)
        states = []
        for product, state in zip(self.products, first.detach(), strict=True):
            parts = [part.contiguous() for part in state.split(self.hidden, dim=1)]
            states.append(LayerState(parts[0], parts[-1], product(parts[0])[:, -gates:]))
        return tuple(states)

    def step(self, given: Tensor, states: StackState) -> tuple[Tensor, StackState]:
        """Step once from the (R, G) gates of the first layer: (R, N) of the head, new states."""
        gates = len(self.order)
        after = []
        for product, state in zip(self.products, states, strict=True):
            output, memory = self.step_cell(given, state)
            made = product(output)
            given, ahead = made.split((made.shape[1] - gates, gates), dim=1)
            after.append(LayerState(output, memory, ahead))
        return given, tuple(after)


class FoldedCovariates:
    """Tables of known covariates, folded into the gates of a stack's first layer."""

    def __init__(self, stack: FusedStack, covariates: nn.Module | None) -> None:
        tables = [] if covariates is None else list(covariates.parameters())
        self.tables = [stack.fold(table, biased=False) for table in tables]

    def at(self, values: Tensor, position: Tensor) -> Tensor:
        """Give the gates of each row's own step.

        Parameters
        ----------
        values : (B, T, C) int64
        position : (B,) int64

        Returns
        -------
        (B, G) float; zero for a row past the end, whose next token nobody needs
        """
        inside = position < values.shape[1]
        rows = torch.arange(len(position), device=values.device)
        chosen = values[rows, torch.where(inside, position, 0)]
        gates = self.tables[0][chosen[:, 0]]
        for number, table in enumerate(self.tables[1:], start=1):
            gates = gates + table[chosen[:, number]]
        return gates * inside[:, None]
