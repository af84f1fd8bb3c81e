"""The fused step: recurrent layers one step at a time, with as few products as there are layers.

What a layer gives to the layer above and to itself at the next step are one product of one
output, and tokens are looked up in a table that the first layer's input weights are folded into.
Made from a decoder's weights when stepping starts; computes no gradients.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.config import Cell
from seqstudio.core.devices import Product
from seqstudio.core.recurrent import RecurrentLayer


class LayerState(NamedTuple):
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


class LSTMStep:
    """Steps an LSTM for R rows, in buffers and views that are made once.

    A step is then seven small operations; making the views anew would cost as much again.
    """

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        self.gates = like.new_empty(rows, 4 * hidden)  # input, forget, output, candidate
        self.assured, self.candidate = self.gates.split((3 * hidden, hidden), dim=1)
        self.enter, self.keep, self.show = self.assured.split(hidden, dim=1)

    def __call__(self, given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Give the (R, H) output and memory of (R, 4H) gates from below and a state."""
        torch.add(given, state.ahead, out=self.gates)
        self.assured.sigmoid_()
        self.candidate.tanh_()
        memory = (self.keep * state.memory).addcmul_(self.enter, self.candidate)
        return memory.tanh().mul_(self.show), memory


class GRUStep:
    """Steps a GRU for R rows, likewise."""

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        self.split = (2 * hidden, hidden)
        self.gates = like.new_empty(rows, 2 * hidden)
        self.reset, self.update = self.gates.split(hidden, dim=1)

    def __call__(self, given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Give the (R, H) output, twice, of (R, 3H) gates: reset, update, candidate."""
        given_gates, given_new = given.split_with_sizes(self.split, 1)
        ahead_gates, ahead_new = state.ahead.split_with_sizes(self.split, 1)
        torch.add(given_gates, ahead_gates, out=self.gates)
        self.gates.sigmoid_()
        candidate = torch.addcmul(given_new, self.reset, ahead_new).tanh_()
        output = torch.lerp(candidate, state.output, self.update)
        return output, output


class TanhStep:
    """Steps a tanh RNN."""

    def __init__(self, rows: int, hidden: int, like: Tensor) -> None:
        pass

    def __call__(self, given: Tensor, state: LayerState) -> tuple[Tensor, Tensor]:
        """Give the (R, H) output, twice, of (R, H) sums from below."""
        output = (given + state.ahead).tanh_()
        return output, output


STEPS: dict[Cell, type[LSTMStep | GRUStep | TanhStep]] = {
    "lstm": LSTMStep,
    "gru": GRUStep,
    "tanh": TanhStep,
}


GATES: dict[Cell, tuple[int, ...]] = {"lstm": (0, 1, 3, 2), "gru": (0, 1, 2), "tanh": (0,)}
LANES = 64  # states are widened to a multiple: no row then ends in the middle of a vector


class FusedStack:
    """Layers of one cell, and the linear map of the last one's output that is wanted of them.

    Torch computes what does not fill a vector register by other code, whose last bits differ. The
    states are therefore widened with zeros, so that a row's bits do not depend on its neighbours.
    """

    def __init__(self, layers: Iterable[nn.Module], head: Tensor, bias: Tensor) -> None:
        self.cells = [layer for layer in layers if isinstance(layer, RecurrentLayer)]
        self.cell, self.hidden = self.cells[0].cell, self.cells[0].hidden
        self.spare = -self.hidden % LANES
        self.gates = len(GATES[self.cell]) * (self.hidden + self.spare)
        self.steps: dict[int, LSTMStep | GRUStep | TanhStep] = {}  # by number of rows
        ahead = [self.laid_out(*layer.weights("hh")) for layer in self.cells]
        above = [self.laid_out(*layer.weights("ih")) for layer in self.cells[1:]]
        self.products = [
            Product(
                torch.cat([self.widened(up[0]), self.widened(on[0])]), torch.cat([up[1], on[1]])
            )
            for up, on in zip([*above, (head.detach(), bias.detach())], ahead, strict=True)
        ]
        self.sizes = [(len(up), self.gates) for up, _ in [*above, (head, bias)]]

    def laid_out(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Give (G, F) weight and (G,) bias with gates in the order of `GATES`, each widened."""
        blocks = torch.cat([weight, bias[:, None]], dim=1).detach().unflatten(0, (-1, self.hidden))
        ordered = blocks[list(GATES[self.cell])]
        both = functional.pad(ordered, (0, 0, 0, self.spare)).flatten(0, 1)
        return both[:, :-1], both[:, -1]

    def widened(self, rows: Tensor) -> Tensor:
        """Widen (R, H) rows with zeros."""
        return functional.pad(rows, (0, self.spare))

    def fold(self, inputs: Tensor, *, biased: bool) -> Tensor:
        """Map (K, F) inputs of the first layer to the (K, G) gates that they give."""
        weight, bias = self.laid_out(*self.cells[0].weights("ih"))
        gates = inputs.detach() @ weight.T
        return gates + bias if biased else gates

    def begin(self, first: Tensor) -> StackState:
        """Start from (layers, R, S) states as `RecurrentStack` has them."""
        states = []
        for product, state in zip(self.products, first.detach(), strict=True):
            parts = [self.widened(part) for part in state.split(self.hidden, dim=1)]
            states.append(LayerState(parts[0], parts[-1], product(parts[0])[:, -self.gates :]))
        return tuple(states)

    def step_cell(self, given: Tensor) -> LSTMStep | GRUStep | TanhStep:
        """Give the step for as many rows as `given` has; layers of one stack share it."""
        if (rows := given.shape[0]) not in self.steps:
            self.steps[rows] = STEPS[self.cell](rows, self.hidden + self.spare, given)
        return self.steps[rows]

    def step(self, given: Tensor, states: StackState) -> tuple[Tensor, StackState]:
        """Step once from the (R, G) gates of the first layer: (R, N) of the head, new states."""
        step_cell = self.step_cell(given)
        after = []
        for product, sizes, state in zip(self.products, self.sizes, states, strict=True):
            output, memory = step_cell(given, state)
            given, ahead = product(output).split_with_sizes(sizes, 1)
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
        return self.sum(chosen) * inside[:, None]

    def sum(self, chosen: Tensor) -> Tensor:
        """Give the (B, G) gates of (B, C) covariates."""
        gates = self.tables[0][chosen[:, 0]]
        for number, table in enumerate(self.tables[1:], start=1):
            gates = gates + table[chosen[:, number]]
        return gates
