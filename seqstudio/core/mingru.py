"""minGRU: a gated recurrence whose gates depend on the input alone (Feng et al. 2024).

Since no gate waits for the previous output, the gates of a whole sequence are one matrix product,
and what remains is linear: h(t) = (1 - z(t)) h(t-1) + z(t) c(t). A CPU computes it step by step; a
device with many cores computes it as a parallel scan, in log2(T) passes over the sequence.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from seqstudio.core.devices import at_least_float32, prefers_scans

BLOCK_FRAMES = 1024  # of a loop


class MinGRU(nn.Module):
    """minGRU over whole sequences, called as torch's layers are; gates: update, candidate.

    "Were RNNs all we needed?" (Feng et al. 2024), section 3.1: the candidate is linear.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.weight_ih_l0 = nn.Parameter(torch.empty(2 * hidden, width))
        self.bias_ih_l0 = nn.Parameter(torch.empty(2 * hidden))
        for parameter in self.parameters():  # as nn.Linear, whose bound is that of its inputs
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over (B, T, F) frames from a (1, B, H) state, or from zero.

        Returns
        -------
        (B, T, H) float outputs, and the (1, B, H) state after the last frame
        """
        # under autocast the recurrence stays in float32
        gates = at_least_float32(functional.linear(frames, self.weight_ih_l0, self.bias_ih_l0))
        update, candidate = gates.split(self.hidden, dim=2)
        first = candidate.new_zeros(len(frames), self.hidden) if state is None else state[0]
        outputs = interpolate(update.sigmoid(), candidate, first.to(candidate))
        return outputs, (outputs[:, -1] if frames.shape[1] else first)[None]


def interpolate(
    update: Tensor, candidate: Tensor, state: Tensor, *, scan: bool | None = None
) -> Tensor:
    """Return h(t) = (1 - update(t)) h(t-1) + update(t) candidate(t) for every t.

    Parameters
    ----------
    update : (B, T, H) float, 0 to 1
    candidate : (B, T, H) float
    state : (B, H) float, h(-1)
    scan : whether to compute a parallel scan instead of a loop; None: as the device prefers

    Returns
    -------
    (B, T, H) float; differentiable once
    """
    if scan is None:
        scan = prefers_scans(candidate.device)
    outputs: Tensor = _Interpolation.apply(update, candidate, state, scan)
    return outputs


class _Interpolation(torch.autograd.Function):
    """The recurrence and its gradient, which is a recurrence from the end."""

    @staticmethod
    def forward(ctx: Any, update: Tensor, candidate: Tensor, state: Tensor, scan: bool) -> Tensor:  # noqa: FBT001  # torch passes arguments by position
        if scan:
            outputs = _scan(1 - update, update * candidate, state)
        else:
            outputs = torch.empty_like(candidate, memory_format=torch.contiguous_format)
            before = state
            for block in _blocks(update, candidate, outputs):
                for rate, target, output in zip(*(each.unbind(1) for each in block), strict=True):
                    before = torch.lerp(before, target, rate, out=output)
        ctx.scan = scan
        ctx.save_for_backward(update, candidate, state, outputs)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        update, candidate, state, outputs = ctx.saved_tensors
        keep = 1 - update
        # What reaches h(t): its own gradient, and that of h(t+1) through keep(t+1).
        if ctx.scan:
            later = torch.cat([keep[:, 1:], torch.zeros_like(keep[:, :1])], dim=1)
            reached = _scan(later.flip(1), gradient.flip(1), torch.zeros_like(state)).flip(1)
        else:
            reached = gradient.clone(memory_format=torch.contiguous_format)
            for block in reversed(_blocks(reached[:, :-1], keep[:, 1:], reached[:, 1:])):
                steps = list(zip(*(each.unbind(1) for each in block), strict=True))
                for into, factor, after in reversed(steps):
                    into.addcmul_(factor, after)
        to_state = (keep[:, :1] * reached[:, :1]).sum(dim=1)  # a sum, so that T may be 0
        to_candidate = torch.mul(reached, update, out=keep)  # no new memory: it costs the most
        to_update = torch.empty_like(reached)
        torch.sub(candidate[:, :1], state[:, None], out=to_update[:, :1])
        torch.sub(candidate[:, 1:], outputs[:, :-1], out=to_update[:, 1:])
        return to_update.mul_(reached), to_candidate, to_state, None


def _blocks(*sequences: Tensor) -> list[tuple[Tensor, ...]]:
    """Split (B, T, H) tensors alike, so that few steps have Python objects at the same time."""
    return list(zip(*(each.split(BLOCK_FRAMES, dim=1) for each in sequences), strict=True))


def _scan(keep: Tensor, added: Tensor, state: Tensor) -> Tensor:
    """Return h(t) = keep(t) h(t-1) + added(t), each pass doubling the steps that are combined.

    Hillis and Steele 1986, "Data parallel algorithms". Every factor is a product of numbers from 0
    to 1, so no logarithms are needed against overflow.
    """
    added = torch.cat([added[:, :1] + keep[:, :1] * state[:, None], added[:, 1:]], dim=1)
    span, frames = 1, added.shape[1]
    while span < frames:
        combined = torch.addcmul(added[:, span:], keep[:, span:], added[:, :-span])
        added = torch.cat([added[:, :span], combined], dim=1)
        keep = torch.cat([keep[:, :span], keep[:, span:] * keep[:, :-span]], dim=1)
        span *= 2
    return added
