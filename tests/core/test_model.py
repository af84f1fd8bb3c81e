import pytest
import torch

from seqstudio.core.config import (
    CTCConfig,
    DecoderConfig,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
)
from seqstudio.core.devices import Product, choose_device
from seqstudio.core.model import Extras, build
from seqstudio.errors import ConfigError

CONFIG = ModelConfig(
    source=FramesConfig(features=4), encoder=EncoderConfig(hidden=3), ctc=CTCConfig(vocabulary=5)
)


def test_a_config_rebuilds_the_same_weights() -> None:
    model, other = build(CONFIG), build(CONFIG)
    other.load_state_dict(model.state_dict())
    frames, lengths = torch.randn(2, 6, 4), torch.tensor([6, 3])
    found = [twin.eval().ctc_log_probs(twin.encode(frames, lengths)) for twin in (model, other)]

    assert other.config == CONFIG
    assert torch.equal(*found)


def test_a_task_keeps_its_tensors_with_the_weights() -> None:
    model = build(CONFIG)
    model.extras = Extras({"mean": torch.arange(4.0)})

    assert "mean" in model.extras
    assert model.extras.names() == ("mean",)
    assert torch.equal(model.extras["mean"], torch.arange(4.0))
    assert torch.equal(model.state_dict()["extras.mean"], torch.arange(4.0))
    assert "extras.mean" not in dict(model.named_parameters())


def test_stepping_computes_no_gradients() -> None:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5)))
    logits, state = model.start(1)
    assert not logits.requires_grad
    assert not model.step(torch.tensor([1]), state)[0].requires_grad


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda", "mps")
    with pytest.raises(ConfigError, match=r"^device='cuda:99', expected auto or one of cpu"):
        choose_device("cuda:99")


def test_a_product_never_mixes_its_rows() -> None:
    product = Product(torch.randn(96, 64), torch.randn(96))
    rows = torch.randn(16, 64)
    among = product(rows)
    for count in range(1, 16):
        assert torch.equal(product(rows[:count]), among[:count])
    assert torch.allclose(among, rows @ product.weight + product.bias, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_agrees_with_the_cpu() -> None:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5))).eval()
    tokens, lengths = torch.randint(0, 5, (3, 20)), torch.full((3,), 20)
    here = model.decode(tokens, lengths)
    there = model.cuda().decode(tokens.cuda(), lengths.cuda()).cpu()
    logits, state = model.start(3)
    stepped, _ = model.step(tokens[:, 0].cuda(), state)

    assert torch.allclose(there, here, atol=1e-5)
    assert torch.allclose(logits.cpu(), here[:, 0], atol=1e-5)
    assert torch.allclose(stepped.cpu(), here[:, 1], atol=1e-5)
