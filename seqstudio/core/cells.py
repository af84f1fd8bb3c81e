"""The recurrent cells: what each computes, over whole sequences and in one step.

A new cell is a class here and its name in `Cell`; the step of sampling needs its kernel too
(`step_kernel.py`). A plugin passes a cell of its own to the parts that it builds.

In the shapes below B is a batch, H the width of the output, S the width of the state: H, or 2H for
a cell with a memory, which follows the output.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from seqstudio.core.lstm import LSTMLayer
from seqstudio.core.mingru import MinGRU
from seqstudio.core.unrolled import GRULayer, TanhLayer

Cell = Literal["tanh", "gru", "lstm", "mingru"]


class RecurrentCell(ABC):
    """One kind of recurrent cell: a layer over whole sequences and a step that equals it.

    A gate is H rows of the layer's weights; `weight_ih_l0` holds `gates` of them, `weight_hh_l0`
    `recurrent_gates`, in the order of torch's layers.
    """

    gates: ClassVar[int]
    recurrent_gates: ClassVar[int]  # 0: the gates do not depend on the previous output
    memory: ClassVar[bool] = False

    def state_width(self, hidden: int) -> int:
        """Return S for an output of width H."""
        return 2 * hidden if self.memory else hidden

    @abstractmethod
    def layer(self, width: int, hidden: int) -> nn.Module:
        """Return a layer over (B, T, width) frames.

        It has parameters `weight_ih_l0`, `bias_ih_l0` and, with recurrent gates, `weight_hh_l0` and
        `bias_hh_l0`; it is called with frames and a state, and returns outputs and the last state,
        all as torch's layers do. That of a cell with a memory takes a PackedSequence too.
        """

    @abstractmethod
    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        """Return the (B, S) states one step after `state`, differentiable.

        Parameters
        ----------
        input_gates : (B, gates * H) float, from the inputs, with their bias
        recurrent_gates : (B, recurrent_gates * H) float, from the outputs before, with their bias
        state : (B, S) float
        """


class TanhCell(RecurrentCell):
    """The simple recurrent network (Elman 1990)."""

    gates, recurrent_gates = 1, 1

    def layer(self, width: int, hidden: int) -> nn.Module:
        """Return torch's layer."""
        return TanhLayer(width, hidden)

    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        """Return tanh of the sum of both gates."""
        return torch.tanh(input_gates + recurrent_gates)


class GRUCell(RecurrentCell):
    """The gated recurrent unit (Cho et al. 2014), in torch's form; reset, update, candidate."""

    gates, recurrent_gates = 3, 3

    def layer(self, width: int, hidden: int) -> nn.Module:
        """Return torch's layer."""
        return GRULayer(width, hidden)

    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        """Step from the output to the candidate, as far as the update gate allows."""
        split = (2 * state.shape[1], state.shape[1])
        input_sigmoids, input_candidate = input_gates.split(split, 1)
        recurrent_sigmoids, recurrent_candidate = recurrent_gates.split(split, 1)
        reset, update = torch.sigmoid(input_sigmoids + recurrent_sigmoids).chunk(2, dim=1)
        candidate = torch.tanh(input_candidate + reset * recurrent_candidate)
        return torch.lerp(candidate, state, update)


class LSTMCell(RecurrentCell):
    """Long short-term memory (Gers et al. 2000); input, forget, candidate, output."""

    gates, recurrent_gates, memory = 4, 4, True

    def layer(self, width: int, hidden: int) -> nn.Module:
        """Return torch's layer."""
        return LSTMLayer(width, hidden)

    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        """Return the new output and, behind it, the new memory."""
        memory = state[:, state.shape[1] // 2 :]
        gates = (input_gates + recurrent_gates).chunk(4, dim=1)
        input_gate, forget_gate, candidate, output_gate = gates
        memory = forget_gate.sigmoid() * memory + input_gate.sigmoid() * candidate.tanh()
        return torch.cat([output_gate.sigmoid() * memory.tanh(), memory], dim=1)


class MinGRUCell(RecurrentCell):
    """minGRU (Feng et al. 2024), its gates from the input alone; update, candidate."""

    gates, recurrent_gates = 2, 0

    def layer(self, width: int, hidden: int) -> nn.Module:
        """Return a loop or a scan, as the device prefers."""
        return MinGRU(width, hidden)

    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        """Step from the output to the candidate, as far as the update gate allows."""
        update, candidate = input_gates.chunk(2, dim=1)
        return torch.lerp(state, candidate, update.sigmoid())


CELLS: Mapping[Cell, RecurrentCell] = {
    "tanh": TanhCell(),
    "gru": GRUCell(),
    "lstm": LSTMCell(),
    "mingru": MinGRUCell(),
}


def find_cell(cell: Cell | RecurrentCell) -> RecurrentCell:
    """Return the cell of a name; a cell itself is returned unchanged."""
    return cell if isinstance(cell, RecurrentCell) else CELLS[cell]


def state_width(cell: Cell | RecurrentCell, hidden: int) -> int:
    """Return the width of one layer's state: an LSTM has a memory and an output."""
    return find_cell(cell).state_width(hidden)
