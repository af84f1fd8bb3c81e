import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from seqstudio.core.mingru import MinGRU, interpolate


def drawn(frames: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(frames)
    shape = (3, frames, 4)
    update = torch.rand(shape, generator=generator, dtype=torch.float64)
    candidate = torch.randn(shape, generator=generator, dtype=torch.float64)
    state = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    return update.requires_grad_(), candidate.requires_grad_(), state.requires_grad_()


def by_autograd(update: Tensor, candidate: Tensor, state: Tensor) -> Tensor:
    outputs = []
    for rate, target in zip(update.unbind(1), candidate.unbind(1), strict=True):
        state = (1 - rate) * state + rate * target
        outputs.append(state)
    return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("scan", [False, True])
@pytest.mark.parametrize("frames", [1, 2, 7, 64, 65])
def test_values_and_gradients_of_loop_and_scan_are_those_of_autograd(
    frames: int, *, scan: bool
) -> None:
    inputs = drawn(frames)
    expected, found = by_autograd(*inputs), interpolate(*inputs, scan=scan)
    weights = torch.randn(expected.shape, dtype=torch.float64)
    gradients = [
        torch.autograd.grad((outputs * weights).sum(), inputs) for outputs in (found, expected)
    ]

    assert_close(found, expected, atol=1e-12, rtol=0)
    for one, other in zip(*gradients, strict=True):
        assert_close(one, other, atol=1e-12, rtol=0)


@pytest.mark.parametrize("scan", [False, True])
def test_gradients_of_a_long_sequence_in_single_precision_agree_to_1e_4(*, scan: bool) -> None:
    exact = drawn(3000)
    single = [one.detach().float().requires_grad_() for one in exact]
    expected = torch.autograd.grad(interpolate(*exact).square().sum(), exact)
    found = torch.autograd.grad(interpolate(*single, scan=scan).square().sum(), single)

    for one, other in zip(found, expected, strict=True):
        assert_close(one.double(), other, atol=1e-4, rtol=1e-4)


def test_a_sequence_without_frames_keeps_the_state() -> None:
    layer = MinGRU(5, 4)
    state = torch.randn(1, 2, 4)
    outputs, after = layer(torch.zeros(2, 0, 5), state)

    assert outputs.shape == (2, 0, 4)
    assert torch.equal(after, state)
