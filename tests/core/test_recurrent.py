from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.testing import assert_close

from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.recurrent import (
    BidirectionalLayer,
    PaddedLengths,
    RecurrentLayer,
    reverse_within,
)
from seqstudio.core.stack import RecurrentStack

LENGTHS = torch.tensor([7, 1, 4, 11])
PADDED = PaddedLengths(LENGTHS, 11)
TORCH: dict[Cell, Any] = {"tanh": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def packed_run(rnn: nn.RNNBase, frames: Tensor) -> tuple[Tensor, Tensor]:
    packed = pack_padded_sequence(frames, LENGTHS, batch_first=True, enforce_sorted=False)
    output, final = rnn(packed)
    padded, _ = pad_packed_sequence(output, batch_first=True, total_length=frames.shape[1])
    return padded, torch.stack(final) if isinstance(final, tuple) else final[None]


def torch_equivalent(layer: BidirectionalLayer, cell: Cell) -> nn.RNNBase:
    equivalent: nn.RNNBase = TORCH[cell](5, 3, batch_first=True, bidirectional=True)
    for suffix, direction in (("", layer.forward_rnn), ("_reverse", layer.backward_rnn)):
        for name, weight in direction.rnn.named_parameters():
            getattr(equivalent, name + suffix).data = weight.data
    return equivalent


@pytest.mark.parametrize("cell", TORCH)
def test_both_directions_equal_the_packed_layer_of_torch(cell: Cell) -> None:
    layer = BidirectionalLayer(cell, 5, 3)
    frames = torch.randn(4, 11, 5)
    expected, _ = packed_run(torch_equivalent(layer, cell), frames)
    found = layer.outputs(frames, PADDED)

    for row, length in enumerate(LENGTHS):
        assert_close(found[row, :length], expected[row, :length], atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", TORCH)
def test_gradients_equal_those_of_the_packed_layer(cell: Cell) -> None:
    layer = BidirectionalLayer(cell, 5, 3)
    equivalent = torch_equivalent(layer, cell)
    frames = torch.randn(4, 11, 5)
    inside = torch.arange(11) < LENGTHS[:, None]
    (layer.outputs(frames, PADDED)[inside] ** 2).sum().backward()
    (packed_run(equivalent, frames)[0][inside] ** 2).sum().backward()

    for name, weight in layer.forward_rnn.rnn.named_parameters():
        assert_close(weight.grad, getattr(equivalent, name).grad, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("cell", TORCH)
def test_final_states_are_those_after_each_last_frame(cell: Cell) -> None:
    layer = BidirectionalLayer(cell, 5, 3)
    frames = torch.randn(4, 11, 5)
    _, state = layer.outputs_and_state(frames, PADDED)
    _, expected = packed_run(torch_equivalent(layer, cell), frames)  # (parts, directions, B, H)

    assert_close(state, expected.permute(2, 0, 1, 3).flatten(1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", TORCH)
def test_the_packed_route_of_cudnn_gives_the_same_outputs_states_and_gradients(cell: Cell) -> None:
    layer = BidirectionalLayer(cell, 5, 3)
    frames = torch.randn(4, 11, 5, requires_grad=True)
    inside = torch.arange(11) < LENGTHS[:, None]
    found, gradients = [], []
    for run in (layer.packed_outputs_and_state, layer.outputs_and_state):
        outputs, state = run(frames, PADDED)
        found.append((outputs[inside], state))
        total = (outputs[inside] ** 2).sum() + state.sum()
        gradients.append(torch.autograd.grad(total, [frames, *layer.parameters()]))

    assert layer.packable
    for packed, padded in zip(*found, strict=True):
        assert_close(packed, padded, atol=1e-4, rtol=0)
    for packed, padded in zip(*gradients, strict=True):
        assert_close(packed, padded, atol=1e-4, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
def test_an_item_among_others_is_encoded_as_alone(cell: Cell) -> None:
    layer = BidirectionalLayer(cell, 5, 3)
    frames = torch.randn(4, 11, 5)
    outputs, states = layer.outputs_and_state(frames, PADDED)

    for row, length in enumerate(LENGTHS):
        alone = layer.outputs_and_state(
            frames[row : row + 1, :length], PaddedLengths(length[None], int(length))
        )
        assert_close(outputs[row, :length], alone[0][0], atol=1e-6, rtol=0)
        assert_close(states[row], alone[1][0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
def test_one_step_equals_the_layer(cell: Cell) -> None:
    layer = RecurrentLayer(cell, 5, 3)
    frames = torch.randn(4, 2, 5)
    outputs, state = layer(frames)
    _, before = layer(frames[:, :1])

    stepped = layer.step(layer.input_gates(frames[:, 1]), before)
    assert_close(stepped, state, atol=1e-6, rtol=0)
    assert_close(stepped[:, :3], outputs[:, 1], atol=1e-6, rtol=0)


def test_a_stack_continues_from_its_own_state() -> None:
    stack = RecurrentStack("lstm", 5, 3, 2, 0.0)
    frames = torch.randn(2, 6, 5)
    whole, final = stack(frames)
    first, state = stack(frames[:, :4])
    rest, end = stack(frames[:, 4:], state)

    assert_close(torch.cat([first, rest], dim=1), whole)
    assert_close(end, final)


def test_reversing_twice_changes_nothing_and_keeps_padding() -> None:
    frames = torch.arange(12.0).view(2, 6, 1)
    once = reverse_within(frames, torch.tensor([4, 6]))

    assert once[0, :, 0].tolist() == [3, 2, 1, 0, 4, 5]
    assert_close(reverse_within(once, torch.tensor([4, 6])), frames)
