import pytest
import torch

from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.devices import choose_device
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import TaskBuffers, build
from seqstudio.errors import ConfigError

CONFIG = ModelConfig(
    source=FramesConfig(features=4),
    encoder=EncoderConfig(hidden=3),
    heads={"ctc": CTCConfig(vocabulary=5)},
)


@pytest.mark.medium
def test_a_config_rebuilds_the_same_weights() -> None:
    model, other = build(CONFIG), build(CONFIG)
    other.load_state_dict(model.state_dict())
    frames, lengths = torch.randn(2, 6, 4), torch.tensor([6, 3])
    found = [each.eval().head("ctc")(each.encode(frames, lengths)) for each in (model, other)]

    assert other.config == CONFIG
    assert torch.equal(*found)


def test_task_buffers_are_stored_with_the_weights() -> None:
    model = build(CONFIG)
    model.task_buffers = TaskBuffers({"mean": torch.arange(4.0)})

    assert "mean" in model.task_buffers
    assert model.task_buffers.names() == ("mean",)
    assert torch.equal(model.task_buffers["mean"], torch.arange(4.0))
    assert torch.equal(model.state_dict()["task_buffers.mean"], torch.arange(4.0))
    assert "task_buffers.mean" not in dict(model.named_parameters())


def test_stepping_computes_no_gradients() -> None:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5)))
    logits, state = model.start(1)
    assert not logits.requires_grad
    assert not model.step(torch.tensor([1]), state)[0].requires_grad


def test_a_missing_device_is_refused() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda")
    with pytest.raises(ConfigError, match=r"^device='cuda:99', expected auto or one of cpu"):
        choose_device("cuda:99")


def test_auto_leaves_an_apple_gpu_to_those_who_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == "cpu"
    assert choose_device("mps") == "mps"


def test_auto_is_a_gpu_except_for_what_draws_token_after_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    assert choose_device("auto") == "cuda"
    assert choose_device("auto", stepping=True) == "cpu"
    assert choose_device("cuda:0", stepping=True) == "cuda:0"


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu() -> None:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5))).eval()
    tokens, lengths = torch.randint(0, 5, (3, 20)), torch.full((3,), 20)
    on_cpu = model.decode(tokens, lengths)
    on_gpu = model.cuda().decode(tokens.cuda(), lengths.cuda()).cpu()
    logits, state = model.start(3)
    stepped, _ = model.step(tokens[:, 0].cuda(), state)

    assert torch.allclose(on_gpu, on_cpu, atol=1e-5)
    assert torch.allclose(logits.cpu(), on_cpu[:, 0], atol=1e-5)
    assert torch.allclose(stepped.cpu(), on_cpu[:, 1], atol=1e-5)
