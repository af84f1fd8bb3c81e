"""Recurrent layers one step at a time, or over the steps of a prompt.

What a layer adds to its own gates at the next step is computed as soon as its output is, and tokens
index a table into which the first layer's input weights are folded. Built from a decoder's weights
when sampling starts; computes no gradients.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.devices import compiles_steps
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.torch_step import TorchLayers, TorchLinear

StackState = Tensor  # (layers, R, S) float


class StepLayers(Protocol):
    """Layers between steps; see `CompiledLayers`."""

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from."""

    def __call__(self, gates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Step T times; return (T, R, H) outputs and the new state."""


class StepRoute(NamedTuple):
    """How a device computes steps."""

    linear: Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]  # from weight and bias
    layers: Callable[[RecurrentCell, int, Any, Any], StepLayers]
    lanes: int  # of which a layer's width is a multiple


def step_route(device: torch.device, cell: RecurrentCell) -> StepRoute:
    """Choose the kernels of steps; on a CPU no row depends on the others, to the last bit.

    Torch computes what does not fill a vector register with other code, whose last bits differ: so
    a plugin's own cell, which torch steps, is padded to whole registers.
    """
    if not compiles_steps(device):
        return StepRoute(TorchLinear, TorchLayers, lanes=1)
    # here, so that what never steps does not load a compiler
    from seqstudio.core.compiled_step import CompiledLayers, CompiledLinear
    from seqstudio.core.vector_code import LANES

    if cell not in CELLS.values():
        return StepRoute(CompiledLinear, TorchLayers, lanes=64)
    return StepRoute(CompiledLinear, CompiledLayers, lanes=LANES)


def select_layers(state: StackState, rows: Tensor) -> StackState:
    """Select rows of every layer by index, (R',) int64."""
    return state.index_select(1, rows)


def replace_layers(state: StackState, rows: Tensor, new: StackState) -> StackState:
    """Return a copy with `new` in place of `rows`."""
    return state.index_copy(1, rows, new)


class FusedStack:
    """The weights of a stack, or of one layer, laid out for steps.

    The hidden width H is padded with zeros to a multiple of the lanes of the route, and with it the
    width G of the gates; R is the number of rows.
    """

    def __init__(
        self, body: RecurrentStack | RecurrentLayer, route: StepRoute | None = None
    ) -> None:
        layers = list(body.layers) if isinstance(body, RecurrentStack) else [body]
        self.layers = [layer for layer in layers if isinstance(layer, RecurrentLayer)]
        self.hidden = body.hidden
        self.body = None  # the stack, if it changes what a layer passes on
        if isinstance(body, RecurrentStack) and (body.residual or len(body.norms)):
            self.body = body
        self.route = route or step_route(next(body.parameters()).device, body.cell)
        self.padding = -self.hidden % self.route.lanes
        width = self.hidden + self.padding
        recurrent = [self.linear(*self.gates(*layer.weights("hh"))) for layer in self.layers]
        above = [layer.weights("ih") for layer in self.layers[1:]]
        self.upward = [self.linear(*self.gates(*weights)) for weights in above]
        if self.body is None:
            self.parts = [self.route.layers(body.cell, width, recurrent, self.upward)]
        else:  # one by one, since what a layer passes on is not its output
            self.parts = [self.route.layers(body.cell, width, [own], []) for own in recurrent]

    def gates(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return the (G, F) weight and (G,) bias of the gates with each gate padded."""
        shape = (len(weight) // self.hidden, self.hidden, weight.shape[1] + 1)
        blocks = torch.cat([weight, bias[:, None]], dim=1).detach().float().view(shape)
        joined = functional.pad(blocks, (0, 0, 0, self.padding)).flatten(0, 1)
        return joined[:, :-1], joined[:, -1]

    def linear(self, weight: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the linear map of a layer's padded outputs, from (N, H) weight and (N,) bias."""
        padded = functional.pad(weight.detach().float(), (0, self.padding))
        return self.route.linear(padded, bias.detach().float())

    def fold(self, inputs: Tensor, *, biased: bool) -> Tensor:
        """Return the (K, G) gates of (K, F) inputs of the first layer, with or without its bias."""
        weight, bias = self.gates(*self.layers[0].weights("ih"))
        gates = inputs.detach().float() @ weight.T
        return gates + bias if biased else gates

    def initial_state(self, state: Tensor) -> StackState:
        """Convert a (layers, R, S) state of a `RecurrentStack`."""
        state = state.detach().float()
        if self.padding:
            parts = state.unflatten(2, (-1, self.hidden))
            state = functional.pad(parts, (0, self.padding)).flatten(2)
        if len(self.parts) == 1:
            return self.parts[0].initial_state(state)
        pairs = zip(self.parts, state.split(1), strict=True)
        return torch.cat([part.initial_state(own) for part, own in pairs])

    def run(self, gates: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """Step T times from the (T, R, G) gates of the first layer.

        Returns
        -------
        (T, R, H) outputs of the last layer, and the state after the last step
        """
        if self.body is None:
            return self.parts[0](gates, state)
        new_states, passed = [], gates
        for number, (part, own) in enumerate(zip(self.parts, state.split(1), strict=True)):
            if number:
                gates = self.upward[number - 1](passed)
            output, new = part(gates, own)
            below = passed[..., : self.hidden]
            changed = self.body.passed_on(number, output[..., : self.hidden], below)
            passed = functional.pad(changed, (0, self.padding)).contiguous()
            new_states.append(new)
        return passed, torch.cat(new_states)


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
        """Return the (..., G) gates of (..., C) covariates."""
        gates = self.tables[0][chosen[..., 0]]
        for number, table in enumerate(self.tables[1:], start=1):
            gates = gates + table[chosen[..., number]]
        return gates
