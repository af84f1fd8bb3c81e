"""The layers that run by their own loop equal torch's, gradients included."""

import pytest
import torch
from torch import Tensor, nn

from seqstudio.core.unrolled import BLOCK_FRAMES, GRULayer, TanhLayer

ROWS, WIDTH, HIDDEN = 3, 5, 7
LAYERS = ((TanhLayer, nn.RNN), (GRULayer, nn.GRU))


def results(layer: nn.Module, frames: Tensor, state: Tensor | None) -> list[Tensor]:
    """Return the outputs, the last state, and the gradients of all that they depend on."""
    leaves = [frames, *([] if state is None else [state]), *layer.parameters()]
    outputs, last = layer(frames, state)
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    total = (outputs * weights).sum() + last.square().sum()
    return [outputs, last, *torch.autograd.grad(total, leaves)]


@pytest.mark.medium
@pytest.mark.parametrize(("own", "stock"), LAYERS)
@pytest.mark.parametrize("frames", [1, 2 * BLOCK_FRAMES + 9])
@pytest.mark.parametrize("with_state", [True, False])
def test_layers_equal_those_of_torch(
    own: type[nn.Module], stock: type[nn.Module], frames: int, *, with_state: bool
) -> None:
    torch.manual_seed(0)
    layer = own(WIDTH, HIDDEN).double()
    reference = stock(WIDTH, HIDDEN, batch_first=True).double()
    reference.load_state_dict(layer.state_dict())
    inputs = torch.randn(ROWS, frames, WIDTH, dtype=torch.float64, requires_grad=True)
    state = torch.randn(1, ROWS, HIDDEN, dtype=torch.float64, requires_grad=True)
    given = state if with_state else None
    pairs = zip(results(layer, inputs, given), results(reference, inputs, given), strict=True)
    for ours, theirs in pairs:
        assert ours.shape == theirs.shape
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("own", "stock"), LAYERS)
def test_packed_sequences_take_the_layer_of_torch(
    own: type[nn.Module], stock: type[nn.Module]
) -> None:
    torch.manual_seed(0)
    layer, reference = own(WIDTH, HIDDEN), stock(WIDTH, HIDDEN, batch_first=True)
    reference.load_state_dict(layer.state_dict())
    packed = nn.utils.rnn.pack_sequence([torch.randn(4, WIDTH), torch.randn(2, WIDTH)])
    assert torch.equal(layer(packed)[0].data, reference(packed)[0].data)
