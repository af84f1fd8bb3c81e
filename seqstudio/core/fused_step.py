"""Recurrent layers one step at a time, or over the steps of a prompt.

What a layer adds to its own gates at the next step is computed as soon as its output is, and tokens
index a table into which the first layer's input weights are folded. Built from a decoder's weights
when sampling starts; computes no gradients.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.cells import CELLS, RecurrentCell
from seqstudio.core.devices import compiles_steps
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.core.torch_step import TorchLayers, TorchLinear
from seqstudio.errors import ConfigError

StackState = Tensor  # (layers, R, S) float


class StepLayers(Protocol):
    """Layers between steps; see `CompiledLayers`."""

    def initial_state(self, state: Tensor) -> Tensor:
        """Return the (layers, R, S) state to step from."""

    def __call__(
        self, gates: Tensor, ids: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Step T times; return (T, R, H) outputs, the new state, and what the head makes of it."""


class StepRoute(NamedTuple):
    """How a device computes steps."""

    linear: Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]  # from weight and bias
    layers: Callable[..., StepLayers]
    lanes: int  # of which a layer's width is a multiple


def step_route(device: torch.device, cell: RecurrentCell, *, int8: bool = False) -> StepRoute:
    """Choose the kernels of steps; on a CPU no row depends on the others, to the last bit.

    Torch computes what does not fill a vector register with other code, whose last bits differ: so
    a plugin's own cell, which torch steps, is padded to whole registers.

    Raises
    ------
    ConfigError
        If eight-bit weights are wanted on a device that has no kernel for them.
    """
    if not compiles_steps(device):
        if int8:
            raise ConfigError(f"int8=True on device={device.type!r}, expected cpu")
        return StepRoute(TorchLinear, TorchLayers, lanes=1)
    # here, so that what never steps does not load a compiler
    from seqstudio.core.compiled_step import CompiledLayers, CompiledLinear, Int8Linear
    from seqstudio.core.vector_code import LANES

    linear = Int8Linear if int8 else CompiledLinear
    if cell not in CELLS.values():
        return StepRoute(linear, TorchLayers, lanes=64)
    return StepRoute(linear, CompiledLayers, lanes=LANES)


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

    Parameters
    ----------
    body : the layers
    head : (M, H) weight and (M,) bias of a map from the outputs
    route : of the device of the weights, if not given
    int8 : whether that one has eight-bit weights
    embeddings : (N, F) each: inputs of the first layer that ids add; see `run`
    """

    def __init__(
        self,
        body: RecurrentStack | RecurrentLayer,
        head: tuple[Tensor, Tensor],
        route: StepRoute | None = None,
        *,
        int8: bool = False,
        embeddings: Sequence[Tensor] = (),
    ) -> None:
        layers = list(body.layers) if isinstance(body, RecurrentStack) else [body]
        self.layers = [layer for layer in layers if isinstance(layer, RecurrentLayer)]
        self.hidden = body.hidden
        self.body = None  # the stack, if it changes what a layer passes on
        if isinstance(body, RecurrentStack) and (body.residual or len(body.norms)):
            self.body = body
        device = next(body.parameters()).device
        self.route = route or step_route(device, body.cell, int8=int8)
        self.padding = -self.hidden % self.route.lanes
        width = self.hidden + self.padding
        recurrent = [self.linear(*self.gates(*layer.weights("hh"))) for layer in self.layers]
        above = [layer.weights("ih") for layer in self.layers[1:]]
        self.upward = [self.linear(*self.gates(*weights)) for weights in above]
        self.head = self.linear(*head)
        self.offsets = list(accumulate(map(len, embeddings), initial=0))  # and last that of no id
        self.bias = self.gates(*self.layers[0].weights("ih"))[1].expand(1, 1, -1).contiguous()
        table = self.table(embeddings)
        if self.body is None:
            joined = recurrent, self.upward, table, self.head
            self.parts = [self.route.layers(body.cell, width, *joined)]
        else:  # one by one, since what a layer passes on is not its output
            tables = [table, *[table[:0]] * len(above)]
            pairs = zip(recurrent, tables, strict=True)
            self.parts = [self.route.layers(body.cell, width, [own], [], ids) for own, ids in pairs]

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

    def table(self, embeddings: Sequence[Tensor]) -> Tensor:
        """Return the gates that ids add: of the embeddings, then 0, then NaN for a wrong id."""
        zero = torch.zeros_like(self.bias[0])
        folded = [self.fold(one, biased=False) for one in embeddings]
        return torch.cat([*folded, zero, torch.full_like(zero, torch.nan)])

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

    def run(
        self, state: StackState, ids: Tensor | None = None, gates: Tensor | None = None
    ) -> tuple[Tensor, StackState, Tensor]:
        """Step T times.

        Parameters
        ----------
        ids : (T, R, K) int64: for row n of an embedding, its offset + n; the last offset for none
        gates : (T, R, G) of the first layer, with its bias; if not given, the bias alone

        Returns
        -------
        (T, R, H) outputs of the last layer, the state after the last step, and the (R, M) of the
        head at the last step
        """
        gates = self.bias if gates is None else gates
        if self.body is None:
            return self.parts[0](gates, ids, state)
        new_states, passed = [], gates  # nothing is below the first layer, which adds nothing
        for number, (part, own) in enumerate(zip(self.parts, state.split(1), strict=True)):
            if number:
                ids, gates = None, self.upward[number - 1](passed)
            output, new, _ = part(gates, ids, own)
            below = passed[..., : self.hidden]
            changed = self.body.passed_on(number, output[..., : self.hidden], below)
            passed = functional.pad(changed, (0, self.padding)).contiguous()
            new_states.append(new)
        return passed, torch.cat(new_states), self.head(passed[-1])


class CovariateIds:
    """The ids of covariates, whose embeddings are those of a stack from number `first` on."""

    def __init__(self, stack: FusedStack, first: int, covariates: nn.Module | None) -> None:
        sizes = [] if covariates is None else [len(one) for one in covariates.parameters()]
        device, offsets = stack.bias.device, stack.offsets[first : first + len(sizes)]
        self.sizes = torch.tensor(sizes, dtype=torch.int64, device=device)
        self.offsets = torch.tensor(offsets, dtype=torch.int64, device=device)
        self.no_id = stack.offsets[-1]

    def check(self, values: Tensor | None) -> None:
        """Check (B, T, C) int64 values once: a step would take another embedding's row for one.

        Raises
        ------
        ConfigError
            If a covariate has a value that it cannot have.
        """
        if values is None:
            return
        wrong = (values < 0) | (values >= self.sizes)
        for row, step, number in wrong.nonzero()[:1].tolist():
            found, size = int(values[row, step, number]), int(self.sizes[number])
            expected = f"expected 0 to {size - 1}"
            raise ConfigError(f"row {row}, step {step}: covariate {number} is {found}, {expected}")

    def of_steps(self, values: Tensor, first: int, steps: int) -> Tensor:
        """Return the (steps, B, C) ids from step `first` on of (B, T, C) int64 values.

        There are none past the end, where no token is used.
        """
        known = values[:, first : first + steps].transpose(0, 1) + self.offsets
        missing = steps - len(known)
        return functional.pad(known, (0, 0, 0, 0, 0, missing), value=self.no_id)

    def at(self, values: Tensor, position: Tensor) -> Tensor:
        """Return the (B, C) ids of each row's own step, at (B,) int64 positions; see `of_steps`."""
        inside = position < values.shape[1]
        rows = torch.arange(len(position), device=values.device)
        chosen = values[rows, torch.where(inside, position, 0)] + self.offsets
        return torch.where(inside[:, None], chosen, self.no_id)
