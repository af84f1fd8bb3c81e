"""The tanh network and the GRU over whole sequences on a CPU, with gradients of our own.

torch's layers record every operation of every step there: the record costs several times as much as
the products, and the more the longer the sequence is. Here a step stores its gates, and the
backward pass takes three operations a step, since each gate's gradient is the output's gradient
times a factor that is computed for many steps at once.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

BLOCK_FRAMES = 256  # whose factors are computed at once


def runs_unrolled(frames: Tensor | PackedSequence) -> bool:
    """Return whether the layers below run by their own loop: padded float32 or 64 on a CPU."""
    if isinstance(frames, PackedSequence) or torch.onnx.is_in_onnx_export():
        return False
    return frames.device.type == "cpu" and not torch.is_autocast_enabled("cpu")


class TanhLayer(nn.RNN):
    """torch's tanh layer, batch first."""

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, batch_first=True)

    def forward(self, frames: Any, state: Any = None) -> Any:
        """Run as torch's layer does."""
        if not runs_unrolled(frames):
            return super().forward(frames, state)
        bias = self.bias_ih_l0 + self.bias_hh_l0
        gates = functional.linear(frames, self.weight_ih_l0, bias).transpose(0, 1)
        outputs = _Tanh.apply(gates, self.weight_hh_l0, _first(frames, state, self.hidden_size))
        return outputs[1:].transpose(0, 1), outputs[-1:]


class GRULayer(nn.GRU):
    """torch's GRU layer, batch first."""

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, batch_first=True)

    def forward(self, frames: Any, state: Any = None) -> Any:
        """Run as torch's layer does."""
        if not runs_unrolled(frames):
            return super().forward(frames, state)
        gates = functional.linear(frames, self.weight_ih_l0, self.bias_ih_l0).transpose(0, 1)
        first = _first(frames, state, self.hidden_size)
        outputs = _GRU.apply(gates, self.weight_hh_l0, self.bias_hh_l0, first)
        return outputs[1:].transpose(0, 1), outputs[-1:]


def _first(frames: Tensor, state: Tensor | None, hidden: int) -> Tensor:
    return frames.new_zeros(len(frames), hidden) if state is None else state[0]


class _Tanh(torch.autograd.Function):
    """h(t) = tanh(gates(t) + W h(t-1)): (T + 1, B, H) outputs, h(-1) first."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, state: Tensor) -> Tensor:
        outputs = gates.new_empty(len(gates) + 1, *state.shape)
        before, columns = outputs[0].copy_(state), weight.t()
        for step, output in zip(gates.unbind(0), outputs[1:].unbind(0), strict=True):
            before = torch.addmm(step, before, columns, out=output).tanh_()
        ctx.save_for_backward(weight, outputs)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight, outputs = ctx.saved_tensors
        frames = len(outputs) - 1
        into_gates = torch.empty_like(outputs[1:])
        reached = gradient[-1]
        for start, stop in _blocks_from_end(frames):
            factors = 1 - outputs[start + 1 : stop + 1].square()
            steps = factors.unbind(0), into_gates[start:stop].unbind(0), gradient[start:stop]
            for factor, own, below in reversed(list(zip(*steps, strict=True))):
                torch.mul(reached, factor, out=own)
                reached = torch.addmm(below, own, weight)
        to_weight = into_gates.flatten(0, 1).t() @ outputs[:-1].flatten(0, 1)
        return into_gates, to_weight, reached


class _GRU(torch.autograd.Function):
    """torch's GRU from its input gates: (T + 1, B, H) outputs, h(-1) first."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, bias: Tensor, state: Tensor) -> Tensor:
        hidden, columns = state.shape[1], weight.t()
        outputs = gates.new_empty(len(gates) + 1, *state.shape)
        own = gates.new_empty(gates.shape)  # what the output before adds
        opened = gates.new_empty(*gates.shape[:2], 2 * hidden)  # reset, update
        candidates = torch.empty_like(outputs[1:])
        before = outputs[0].copy_(state)
        steps = (*_parts(gates, hidden), own, *_parts(own, hidden), opened)
        more = (*opened.chunk(2, dim=2), candidates, outputs[1:])
        for one in zip(*(each.unbind(0) for each in (*steps, *more)), strict=True):
            sums, target, added, added_sums, added_target, gate, reset, update, new, output = one
            torch.addmm(bias, before, columns, out=added)
            torch.add(sums, added_sums, out=gate).sigmoid_()
            torch.addcmul(target, reset, added_target, out=new).tanh_()
            before = torch.lerp(new, before, update, out=output)
        ctx.save_for_backward(weight, outputs, own, opened, candidates)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        weight, outputs, own, opened, candidates = ctx.saved_tensors
        frames, rows, hidden = candidates.shape
        into_own = torch.empty_like(own)
        into_gates = own.new_empty(rows, frames, 3 * hidden).transpose(0, 1)
        reached = torch.empty_like(outputs)  # the gradient of each output, by all ways
        reached[-1] = gradient[-1]
        for start, stop in _blocks_from_end(frames):
            block, after = slice(start, stop), slice(start + 1, stop + 1)
            keep = opened[block, :, hidden:]
            factors = _factors(outputs[block], own[block], opened[block], candidates[block])
            into_steps = into_own[block].view(-1, rows, 3, hidden)
            steps = factors[:, :, :3], reached[after], into_steps, keep, gradient[block]
            in_turn = zip(*(each.unbind(0) for each in (*steps, reached[block])), strict=True)
            for factor, known, into, kept, own_gradient, below in reversed(list(in_turn)):
                torch.mul(factor, known[:, None], out=into)
                torch.addcmul(own_gradient, known, kept, out=below)
                below.addmm_(into.view(rows, -1), weight)
            into_gates[block, :, : 2 * hidden] = into_own[block, :, : 2 * hidden]
            torch.mul(factors[:, :, 3], reached[after], out=into_gates[block, :, 2 * hidden :])
        to_weight = into_own.flatten(0, 1).t() @ outputs[:-1].flatten(0, 1)
        return into_gates, to_weight, into_own.sum(dim=(0, 1)), reached[0]


def _parts(gates: Tensor, hidden: int) -> tuple[Tensor, Tensor]:
    """Return the gates that are sigmoids, and that of the candidate."""
    sigmoids, candidate = gates.split(2 * hidden, dim=2)
    return sigmoids, candidate


def _factors(before: Tensor, own: Tensor, opened: Tensor, candidates: Tensor) -> Tensor:
    """Return what the gradient of an output is multiplied by to reach its gates.

    Parameters
    ----------
    before : (T, B, H) outputs of the steps before
    own : (T, B, 3H) what they added to the gates
    opened : (T, B, 2H) reset and update
    candidates : (T, B, H)

    Returns
    -------
    (T, B, 4, H): of reset, update, the candidate's recurrent part, and its sum
    """
    reset, update = opened.chunk(2, dim=2)
    factors = candidates.new_empty(*candidates.shape[:2], 4, candidates.shape[2])
    target = torch.mul(1 - update, 1 - candidates.square(), out=factors[:, :, 3])
    recurrent = torch.mul(target, reset, out=factors[:, :, 2])
    torch.mul(recurrent * (1 - reset), own.chunk(3, dim=2)[2], out=factors[:, :, 0])
    torch.mul((before - candidates) * update, 1 - update, out=factors[:, :, 1])
    return factors


def _blocks_from_end(frames: int) -> list[tuple[int, int]]:
    """Return the bounds of blocks of frames, the last first."""
    starts = range(0, frames, BLOCK_FRAMES)
    return [(start, min(start + BLOCK_FRAMES, frames)) for start in reversed(starts)]
