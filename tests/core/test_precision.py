"""Models under the autocast of a training: products in bfloat16, the rest in float32."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence
from torch.testing import assert_close

from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.cells import CELLS, Cell, find_cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.devices import autocast, keep_float32_exact
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig

CPU = torch.device("cpu")
TOKENS = torch.tensor([[0, 2, 1, 3], [1, 3, 0, 0]])
LENGTHS = torch.tensor([4, 2])


def built(config: ModelConfig) -> SequenceModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(config)


def gradients_of(model: SequenceModel, loss: Tensor) -> list[Tensor]:
    model.zero_grad()
    loss.backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


def assert_close_to_float32(model: SequenceModel, loss: Callable[[], Tensor]) -> None:
    exact = loss()
    with autocast(CPU, "bf16"):
        rounded = loss()
    assert rounded.dtype == torch.float32
    assert_close(rounded, exact, rtol=0.02, atol=0)
    assert rounded != exact
    pairs = zip(gradients_of(model, rounded), gradients_of(model, exact), strict=True)
    for found, expected in pairs:
        assert found.dtype == torch.float32
        assert (found - expected).norm() < 0.1 * expected.norm() + 1e-3


@pytest.mark.parametrize("cell", CELLS)
def test_a_flat_decoder_trains_in_bf16(cell: Cell) -> None:
    model = built(ModelConfig(decoder=DecoderConfig(vocabulary=4, cell=cell, hidden=16)))
    assert_close_to_float32(
        model, lambda: cross_entropy_sum(model.decode(TOKENS, LENGTHS), TOKENS, LENGTHS)[0]
    )


@pytest.mark.parametrize("cell", CELLS)
def test_a_nested_decoder_trains_in_bf16(cell: Cell) -> None:
    config = NestedConfig(vocabulary=5, hidden=16, inner_cell=cell, inner_hidden=16)
    model = built(ModelConfig(decoder=config))
    groups = torch.tensor([[[0, 2, 4], [1, 4, -1]], [[3, 4, -1], [4, -1, -1]]])
    assert_close_to_float32(model, lambda: -model.log_probs(groups, torch.tensor([2, 2])).sum())


@pytest.mark.parametrize("cell", CELLS)
def test_ctc_and_attention_train_in_bf16(cell: Cell) -> None:
    config = ModelConfig(
        source=FramesConfig(features=3, subsampling="none"),
        encoder=EncoderConfig(cell=cell, hidden=16, layers=2),
        attention=AdditiveConfig(dimension=8),
        decoder=DecoderConfig(vocabulary=4, hidden=16),
        heads={"ctc": CTCConfig(vocabulary=5)},
    )
    model = built(config)
    frames = torch.linspace(-1, 1, 2 * 12 * 3).view(2, 12, 3)

    def loss() -> Tensor:
        encoded = model.encode(frames, torch.tensor([12, 9]))
        logits = model.decode(TOKENS, LENGTHS, encoded=encoded)
        ctc, _ = model.head("ctc").loss(encoded, TOKENS + 1, LENGTHS)
        total: Tensor = ctc + cross_entropy_sum(logits, TOKENS, LENGTHS)[0]
        return total

    assert_close_to_float32(model, loss)


@pytest.mark.parametrize(
    ("precision", "enabled"), [("auto", False), ("fp32", False), ("bf16", True)]
)
def test_on_a_cpu_only_bf16_by_name_is_bf16(precision: str, enabled: bool) -> None:  # noqa: FBT001
    layer = torch.nn.Linear(2, 2)
    with autocast(CPU, precision):
        assert (layer(torch.ones(1, 2)).dtype == torch.bfloat16) is enabled


def test_tf32_is_off_for_float32_on_a_gpu_and_stays_off() -> None:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        keep_float32_exact()
        with torch.backends.cudnn.flags(enabled=False):
            pass
        assert not torch.backends.cuda.matmul.allow_tf32
        assert not torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def test_without_a_bfloat16_lstm_the_layer_stays_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames, state = torch.randn(2, 3, 4), (torch.zeros(1, 2, 5), torch.zeros(1, 2, 5))
    layer = find_cell("lstm").layer(4, 5)
    exact = layer(frames, state)[0]
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    with autocast(CPU, "bf16"):
        half = frames.bfloat16(), tuple(part.bfloat16() for part in state)
        rounded, packed = (
            layer(*half)[0],
            layer(pack_padded_sequence(half[0], [3, 3], batch_first=True))[0],
        )
    assert rounded.dtype == packed.data.dtype == torch.float32
    assert_close(rounded, exact, rtol=0, atol=0.01)
