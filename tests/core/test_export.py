"""ONNX files of encoders, run by ONNX Runtime; skipped without the extra `onnx`."""

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from seqstudio.core.cells import Cell
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.export import quantize_onnx, to_onnx
from seqstudio.core.front_end import FramesConfig, TokensConfig
from seqstudio.core.heads import CTCConfig, TagConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.errors import ConfigError

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
pytest.importorskip("onnx", reason="the extra onnx is not installed")

FRAMES = FramesConfig(features=6)
LENGTHS = torch.tensor([23, 9, 16])


def built(source: PartConfig = FRAMES, **encoder: Any) -> SequenceModel:
    """Build a model with weights so large that mistakes show."""
    config = ModelConfig(
        source=source,
        encoder=EncoderConfig(**{"hidden": 8, "layers": 2, **encoder}),
        heads={"ctc": CTCConfig(vocabulary=5), "tag": TagConfig(vocabulary=3)},
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(config).eval()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=2 / parameter.shape[-1] ** 0.5)
    return model


def run(file: bytes, inputs: Tensor, lengths: Tensor = LENGTHS) -> tuple[Tensor, Tensor]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    given = {"inputs": inputs.numpy(), "lengths": lengths.numpy()}
    output, output_lengths = session.run(["output", "output_lengths"], given)
    return torch.from_numpy(output), torch.from_numpy(output_lengths)


def noise(features: int = 6) -> Tensor:
    """Three items of different lengths; the padding is noise too."""
    return torch.randn(3, 23, features, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def assert_exact(model: SequenceModel, inputs: Tensor) -> None:
    encoded = model.encode(inputs, LENGTHS)
    output, lengths = run(to_onnx(model), inputs)
    assert lengths.tolist() == encoded.lengths.tolist()
    assert_close(output, encoded.output, atol=1e-5, rtol=0)
    log_probs, lengths = run(to_onnx(model, "ctc"), inputs)
    assert lengths.tolist() == encoded.lengths.tolist()
    assert_close(log_probs, model.head("ctc")(encoded), atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_cell_is_exact_at_three_lengths_in_one_batch(
    cell: Cell, *, bidirectional: bool
) -> None:
    assert_exact(built(cell=cell, bidirectional=bidirectional), noise())


@pytest.mark.parametrize(
    "source",
    [
        FramesConfig(features=6, subsampling="stack", factor=3),
        FramesConfig(features=6, subsampling="stack", factor=4),
        FramesConfig(features=6, subsampling="conv", factor=2),
        FramesConfig(features=6, subsampling="conv", factor=4),
    ],
)
def test_subsampling_is_exact_at_three_lengths_in_one_batch(source: FramesConfig) -> None:
    assert_exact(built(source), noise())


def test_an_encoder_of_tokens_is_exact_whatever_the_padding_holds() -> None:
    tokens = torch.randint(9, (3, 23), generator=torch.Generator().manual_seed(2))
    tokens[1, 9:] = -1
    assert_exact(built(TokensConfig(vocabulary=9, dimension=4)), tokens)


def test_layer_norm_and_residual_connections_are_exact() -> None:
    assert_exact(built(layers=3, layer_norm=True, residual=True), noise())


def test_the_file_runs_at_other_batch_sizes_and_lengths() -> None:
    model = built(FramesConfig(features=6, subsampling="stack", factor=4))
    file = to_onnx(model, "ctc")
    for items, frames in ((1, 1), (2, 40)):
        inputs, lengths = torch.randn(items, frames, 6), torch.tensor([frames] * items)
        with torch.no_grad():
            expected = model.head("ctc")(model.encode(inputs, lengths))
        assert_close(run(file, inputs, lengths)[0], expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_int8_takes_under_a_third_of_the_bytes_and_stays_close() -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        source=FRAMES,
        encoder=EncoderConfig(hidden=128, layers=2),
        heads={"ctc": CTCConfig(vocabulary=5)},
    )
    model = build(config).eval()
    file = to_onnx(model, "ctc")
    small = quantize_onnx(file)
    assert len(small) < len(file) / 3
    expected = model.head("ctc")(model.encode(noise(), LENGTHS))
    found, _ = run(small, noise())
    assert not torch.equal(found, expected)
    assert_close(found, expected, atol=0.02, rtol=0)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"onnx.*, expected the extra: pip install seqstudio"):
        to_onnx(built())


def test_what_cannot_be_exported_is_named() -> None:
    for model, head, message in (
        (built(cell="mingru"), "", "^cell MinGRUCell in ONNX, expected lstm, gru or tanh$"),
        (built(chunk_frames=4), "", "^encoder LatencyControlledEncoder in ONNX, expected a rec"),
        (built(), "tag", "^head TagHead in ONNX, expected a CTC head$"),
        (built(), "no", "^this model has no head 'no', expected one of ctc, tag$"),
    ):
        with pytest.raises(ConfigError, match=message):
            to_onnx(model, head)
