from typing import Literal

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.testing import assert_close

from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import build
from seqstudio.core.recurrent import PaddedLengths
from seqstudio.core.stack import RecurrentStack

LENGTHS = torch.tensor([7, 1, 4])


def test_residual_adds_what_the_layer_below_passed_and_the_norm_follows() -> None:
    stack = RecurrentStack("gru", 5, 4, 2, 0.0, layer_norm=True, residual=True)
    frames = torch.randn(3, 7, 5)
    first = nn.functional.layer_norm(stack.layers[0](frames)[0], (4,))
    expected = nn.functional.layer_norm(stack.layers[1](first)[0] + first, (4,))

    assert_close(stack(frames)[0], expected)


def test_a_stack_without_options_has_the_weights_of_its_layers_alone() -> None:
    plain, normed = (RecurrentStack("lstm", 5, 4, 2, 0.0, layer_norm=on) for on in (False, True))
    names = {name for name, _ in plain.named_parameters()}

    assert names == {name for name, _ in plain.layers.named_parameters(prefix="layers")}
    assert {name for name, _ in normed.named_parameters()} - names == {
        f"norms.{number}.{kind}" for number in (0, 1) for kind in ("weight", "bias")
    }


@pytest.mark.parametrize("cell", CELLS)
def test_both_directions_with_all_options_ignore_padding(cell: Cell) -> None:
    stack = RecurrentStack(
        cell, 5, 4, 2, 0.0, bidirectional=True, layer_norm=True, residual=True
    ).eval()
    frames = torch.randn(3, 7, 5)
    outputs, states = stack.over_padded(frames, PaddedLengths(LENGTHS, 7), with_state=True)
    assert states is not None
    for row, length in enumerate(LENGTHS.tolist()):
        one = frames[row : row + 1, :length]
        padded = PaddedLengths(LENGTHS[row : row + 1], length)
        alone, state = stack.over_padded(one, padded, with_state=True)
        assert state is not None
        assert_close(outputs[row, :length], alone[0], atol=1e-6, rtol=0)
        assert_close(states[:, row], state[:, 0], atol=1e-6, rtol=0)


class Copies(TorchFunctionMode):
    """Counts how often a tensor is copied to the host or read there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(self, function, types, arguments=(), keywords=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204  # torch's
        if (name := getattr(function, "__name__", "")) in ("cpu", "item", "__int__", "tolist"):
            self.found.append(name)
        return function(*arguments, **(keywords or {}))


def test_lengths_are_read_on_the_host_once_however_many_layers_there_are() -> None:
    model = build(
        ModelConfig(
            source=FramesConfig(features=4),
            encoder=EncoderConfig(hidden=6, layers=3),
            bridge=FinalStateConfig(),
            decoder=DecoderConfig(vocabulary=5, hidden=6),
        )
    )
    with Copies() as copies:
        model.encode(torch.randn(3, 7, 4), LENGTHS)

    assert copies.found == ["tolist"]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("subsampling", ["stack", "conv"])
@pytest.mark.parametrize("cell", CELLS)
def test_masks_orders_and_states_are_made_on_the_device_of_the_model(
    cell: Cell, subsampling: Literal["stack", "conv"], *, bidirectional: bool
) -> None:
    """On the device `meta` nothing is computed, and a tensor of another device is an error."""
    source = FramesConfig(features=4, subsampling=subsampling, factor=2)
    encoder = EncoderConfig(cell=cell, hidden=6, layers=2, bidirectional=bidirectional)
    model = build(
        ModelConfig(source=source, encoder=encoder, heads={"ctc": CTCConfig(vocabulary=5)})
    ).to("meta")
    encoded = model.encode(torch.empty(3, 7, 4, device="meta"), LENGTHS)

    assert encoded.output.device.type == encoded.lengths.device.type == "meta"
    assert encoded.output.shape == (3, 4, 12 if bidirectional else 6)
