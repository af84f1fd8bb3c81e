import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.cells import CELLS, Cell
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.errors import ConfigError

SOURCES = [
    FramesConfig(features=4),
    FramesConfig(features=4, subsampling="stack", factor=3),
    FramesConfig(features=4, subsampling="conv", factor=4),
    TokensConfig(vocabulary=9),
]


def encoder_model(
    source: PartConfig, *, cell: Cell = "lstm", bidirectional: bool = True
) -> SequenceModel:
    return build(
        ModelConfig(
            source=source,
            encoder=EncoderConfig(cell=cell, hidden=6, layers=2, bidirectional=bidirectional),
            bridge=FinalStateConfig(),
            decoder=DecoderConfig(vocabulary=5, hidden=6, cell=cell),
            heads={"ctc": CTCConfig(vocabulary=5)},
        )
    ).eval()


def inputs_of(source: PartConfig, frames: int) -> torch.Tensor:
    if isinstance(source, TokensConfig):
        return torch.randint(0, 9, (2, frames))
    return torch.randn(2, frames, 4)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: getattr(source, "subsampling", "t"))
def test_padding_never_changes_the_encoding(source: PartConfig, *, bidirectional: bool) -> None:
    model = encoder_model(source, bidirectional=bidirectional)
    inputs = inputs_of(source, 17)
    corrupted = inputs.clone()
    corrupted[0, 9:] = 5 if isinstance(source, TokensConfig) else torch.nan
    batch = model.encode(corrupted, torch.tensor([9, 17]))
    alone = model.encode(inputs[:1, :9], torch.tensor([9]))
    length = int(alone.lengths[0])

    assert length == model.geometry.output_length(9) == int(batch.lengths[0])
    assert_close(batch.output[:1, :length], alone.output, atol=1e-5, rtol=0)
    assert not batch.output[0, length:].any()
    assert batch.state is not None
    assert alone.state is not None
    assert_close(batch.state[:, :1], alone.state, atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_encodes_and_starts_a_decoder(cell: Cell) -> None:
    model = encoder_model(SOURCES[1], cell=cell)
    encoded = model.encode(torch.randn(2, 7, 4), torch.tensor([7, 4]))
    initial = model.initial_state(encoded)

    assert encoded.output.shape == (2, 3, 12)
    assert initial is not None
    assert initial.shape == (2, 2, 12 if cell == "lstm" else 6)
    assert_close(model.head("ctc")(encoded).exp().sum(dim=-1), torch.ones(2, 3))


def test_a_state_of_equal_width_passes_the_bridge_unchanged() -> None:
    model = encoder_model(SOURCES[0], bidirectional=False)
    encoded = model.encode(torch.randn(2, 5, 4), torch.tensor([5, 3]))
    initial = model.initial_state(encoded)

    assert initial is not None
    assert encoded.state is not None
    assert torch.equal(initial, encoded.state)
    assert not list(model.bridge.parameters())


@pytest.mark.parametrize("source", SOURCES[1:3], ids=["stack", "conv"])
def test_an_output_frame_depends_on_the_input_around_its_centre(source: FramesConfig) -> None:
    model = encoder_model(source)
    frames = torch.zeros(1, 40, 4, requires_grad=True)
    outputs, _ = model.source(frames, torch.tensor([40]))
    gradients = torch.autograd.grad(outputs[0, 5].sum(), frames)
    used = gradients[0][0].abs().sum(dim=1).nonzero()[:, 0].double()

    assert float(used.min()) <= model.geometry.input_frame(5) <= float(used.max())
    assert float(used.mean()) == pytest.approx(model.geometry.input_frame(5), abs=1.0)


@pytest.mark.parametrize("lengths", [[0, 5], [5, 6]])
def test_an_item_without_frames_is_refused(lengths: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"^lengths=\[\d, \d\], expected 1 to 5"):
        encoder_model(SOURCES[0]).encode(torch.randn(2, 5, 4), torch.tensor(lengths))


def test_frames_of_another_width_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^inputs of shape \(1, 5, 3\), expected \(B, T, 4\)"):
        encoder_model(SOURCES[0]).encode(torch.randn(1, 5, 3), torch.tensor([5]))
