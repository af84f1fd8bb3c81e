import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from seqstudio.contracts.formats import PartSpec
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.densities import DensityConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig, LabelConfig, LabelHead, TagConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.parts import BuildContext, default_parts, with_plugin_parts
from seqstudio.errors import ConfigError

LENGTHS = torch.tensor([5, 2])


def model_with(**heads: Any) -> SequenceModel:
    torch.manual_seed(0)
    config = ModelConfig(
        source=FramesConfig(features=3), encoder=EncoderConfig(hidden=4, layers=1), heads=heads
    )
    return build(config).eval()


def encode(model: SequenceModel, *, padding: float = 0.0) -> Encoded:
    frames = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))
    frames[1, 2:] = padding
    return model.encode(frames, LENGTHS)


def pooled(pooling: str, encoded: Encoded) -> Tensor:
    config = LabelConfig(vocabulary=2, pooling=pooling)  # type: ignore[arg-type]
    torch.manual_seed(0)
    return LabelHead(config, encoded.output.shape[2], directions=2).pool(encoded)


def test_tags_are_scored_within_their_lengths() -> None:
    model = model_with(tag=TagConfig(vocabulary=6))
    encoded, targets = encode(model), torch.randint(0, 6, (2, 5))
    log_probs = model.head("tag")(encoded).log_softmax(-1)
    inside = torch.arange(5) < LENGTHS[:, None]
    expected = -log_probs.gather(2, targets[:, :, None])[:, :, 0][inside].sum()
    targets[1, 2:] = -1
    total, count = model.head("tag").loss(encoded, targets, LENGTHS)
    assert int(count) == 7
    assert_close(total, expected)


def test_smoothing_of_tags_and_labels_spreads_a_share_over_the_vocabulary() -> None:
    model = model_with(
        tag=TagConfig(vocabulary=6, smoothing=0.3), label=LabelConfig(vocabulary=6, smoothing=0.3)
    )
    encoded = encode(model)
    tags = model.head("tag")(encoded).log_softmax(-1)
    total, _ = model.head("tag").loss(encoded, torch.zeros(2, 5).long(), LENGTHS)
    inside = torch.arange(5) < LENGTHS[:, None]
    expected = -(0.7 * tags[..., 0] + 0.3 * tags.mean(-1))[inside].sum()
    assert_close(total, expected)

    labels = model.head("label")(encoded).log_softmax(-1)
    total, _ = model.head("label").loss(encoded, torch.zeros(2, 1).long(), torch.ones(2).long())
    assert_close(total, -(0.7 * labels[:, 0] + 0.3 * labels.mean(-1)).sum())


def test_pooling_by_hand() -> None:
    output = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [0.0, 0.0]]])
    encoded = Encoded(output, torch.tensor([2]), None)
    assert pooled("mean", encoded).tolist() == [[2.0, -3.0]]
    assert pooled("max", encoded).tolist() == [[3.0, -2.0]]  # the padding is no frame
    # The forward half after the last frame, the backward half after the first.
    assert pooled("last", encoded).tolist() == [[3.0, -4.0]]


def test_attentive_pooling_weighs_the_frames_inside() -> None:
    head = LabelHead(LabelConfig(vocabulary=2, pooling="attentive"), 6, directions=2)
    output = torch.randn(1, 4, 6)
    found = head.pool(Encoded(output, torch.tensor([2]), None))
    assert head.score is not None
    weights = head.score(output[0, :2]).softmax(dim=0)
    assert_close(found, weights.T @ output[0, :2])


@pytest.mark.parametrize("pooling", ["mean", "max", "last", "attentive"])
def test_padding_never_changes_a_label(pooling: str) -> None:
    model = model_with(label=LabelConfig(vocabulary=3, pooling=pooling))  # type: ignore[arg-type]
    alone = model.encode(
        torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))[1:, :2], LENGTHS[1:]
    )
    head = model.head("label")
    assert_close(head(encode(model, padding=9.0))[1:], head(alone))


def test_an_item_without_a_label_costs_nothing() -> None:
    model = model_with(label=LabelConfig(vocabulary=3))
    encoded, targets = encode(model), torch.tensor([[2], [-1]])
    total, count = model.head("label").loss(encoded, targets, torch.tensor([1, 0]))
    assert int(count) == 1
    assert_close(total, -model.head("label")(encoded).log_softmax(-1)[0, 2])


def test_densities_are_scored_within_their_lengths() -> None:
    model = model_with(density=DensityConfig(values=2, components=1))
    encoded, targets = encode(model), torch.randn(2, 5, 2)
    density = model.head("density")(encoded)
    gaussian = torch.distributions.Normal(density.means[:, :, 0], density.scales[:, :, 0])
    inside = torch.arange(5) < LENGTHS[:, None]
    expected = -gaussian.log_prob(targets)[inside].sum()
    targets[1, 2:] = math.nan
    total, count = model.head("density").loss(encoded, targets, LENGTHS)
    assert int(count) == 7
    assert_close(total, expected)


def test_padding_of_a_density_has_no_gradient() -> None:
    model = model_with(density=DensityConfig(values=1))
    targets = torch.randn(2, 5, 1)
    targets[1, 2:] = math.nan
    total, _ = model.head("density").loss(encode(model), targets, LENGTHS)
    total.backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


def test_a_model_has_several_heads_each_with_its_loss() -> None:
    heads = {
        "phones": CTCConfig(vocabulary=4),
        "voiced": TagConfig(vocabulary=2),
        "speaker": LabelConfig(vocabulary=3, pooling="attentive"),
        "pitch": DensityConfig(family="student_t"),
    }
    model = model_with(**heads)
    again = config_from_plain(config_to_plain(model.config), default_parts())
    assert again == model.config
    encoded, ones = encode(model), torch.ones(2, dtype=torch.int64)
    terms = [
        model.head_loss("phones", encoded, torch.tensor([[1], [2]]), ones),
        model.head_loss("voiced", encoded, torch.zeros(2, 5).long(), LENGTHS),
        model.head_loss("speaker", encoded, torch.tensor([[0], [2]]), ones),
        model.head_loss("pitch", encoded, torch.zeros(2, 5, 1), LENGTHS),
    ]
    assert [int(count) for _, count in terms] == [2, 7, 2, 7]
    torch.stack([total / count for total, count in terms]).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_every_loss_is_float32_under_autocast() -> None:
    model = model_with(
        ctc=CTCConfig(vocabulary=4), tag=TagConfig(vocabulary=4), density=DensityConfig()
    )
    ones = torch.ones(2, dtype=torch.int64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        encoded = encode(model)
        assert model.head("tag")(encoded).dtype == torch.bfloat16
        for name, targets, lengths in (
            ("ctc", torch.tensor([[1], [2]]), ones),
            ("tag", torch.zeros(2, 5).long(), LENGTHS),
            ("density", torch.zeros(2, 5, 1), LENGTHS),
        ):
            total, _ = model.head(name).loss(encoded, targets, lengths)
            assert total.dtype == torch.float32
        assert model.head("ctc")(encoded).dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "targets", "match"),
    [
        ("tag", torch.zeros(2, 4).long(), r"^targets of shape \(2, 4\), expected \(2, 5\)"),
        ("label", torch.zeros(2).long(), r"^targets of shape \(2,\), expected \(2, 1\)"),
        ("density", torch.zeros(2, 5), r"^targets of shape \(2, 5\), expected \(2, 5, 1\)"),
    ],
)
def test_targets_of_another_shape_are_refused(name: str, targets: Tensor, match: str) -> None:
    model = model_with(
        tag=TagConfig(vocabulary=2), label=LabelConfig(vocabulary=2), density=DensityConfig()
    )
    with pytest.raises(ConfigError, match=match):
        model.head_loss(name, encode(model), targets, LENGTHS)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"vocabulary": 0}, r"^vocabulary=0, expected at least 1"),
        ({"pooling": "sum"}, r"^pooling='sum', expected one of mean, max, last, attentive"),
        ({"dimension": 0}, r"^dimension=0, expected at least 1"),
        ({"smoothing": 1.0}, r"^smoothing=1.0, expected 0 <= smoothing < 1"),
    ],
)
def test_a_bad_setting_of_a_head_is_named(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        LabelConfig(**{"vocabulary": 2, **settings})


@dataclass(frozen=True, slots=True, kw_only=True)
class CountConfig:
    """A head of a plugin: how many frames are loud, as a Poisson rate for each sequence."""

    part: ClassVar[str] = "loudness.count"


class CountHead(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.rate = nn.Linear(width, 1)

    def forward(self, encoded: Encoded) -> Tensor:
        log_rates: Tensor = self.rate(encoded.output.sum(dim=1))[:, 0]
        return log_rates

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> tuple[Tensor, int]:
        log_rates = self(encoded)
        return (log_rates.exp() - targets * log_rates).sum(), len(targets)


def plugin_parts() -> Iterator[PartSpec]:
    def build_count(config: CountConfig, context: BuildContext) -> CountHead:
        return CountHead(context.encoder.width)

    yield PartSpec(CountConfig.part, CountConfig, build_count)


def test_a_head_of_a_plugin_is_a_head_like_the_others() -> None:
    parts = with_plugin_parts(plugin_parts())
    config = ModelConfig(
        source=FramesConfig(features=3),
        encoder=EncoderConfig(hidden=4, layers=1),
        heads={"loud": CountConfig(), "tag": TagConfig(vocabulary=2)},
    )
    assert config_from_plain(config_to_plain(config), parts) == config
    model = build(config, parts)
    total, count = model.head_loss("loud", encode(model), torch.tensor([3.0, 1.0]), LENGTHS)
    total.backward()
    assert count == 2
    assert "heads.loud.rate.weight" in model.state_dict()
    assert model.get_parameter("heads.loud.rate.weight").grad is not None
