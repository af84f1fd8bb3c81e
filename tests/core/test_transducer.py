from itertools import combinations, product

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.core.parts import default_parts
from seqstudio.core.transducer import JointConfig, transducer_loss_sum
from seqstudio.core.transducer_search import transducer_beam
from seqstudio.errors import ConfigError

CONFIG = ModelConfig(
    source=FramesConfig(features=3),
    encoder=EncoderConfig(hidden=5, layers=1),
    decoder=DecoderConfig(vocabulary=3, dimension=4, hidden=6, layers=1),
    heads={"joint": JointConfig(dimension=7)},
)


def transducer(seed: int = 0, *, sharpness: float = 6.0) -> SequenceModel:
    torch.manual_seed(seed)
    model = build(CONFIG).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(sharpness if parameter.ndim > 1 else 1.0)
    return model


def encode(model: SequenceModel, frames: int = 3, rows: int = 1) -> Encoded:
    generator = torch.Generator().manual_seed(frames)
    lengths = torch.full((rows,), frames)
    with torch.no_grad():
        return model.encode(torch.randn(rows, frames, 3, generator=generator), lengths)


def reference(logits: Tensor, labels: list[int]) -> Tensor:
    """Return the log probability of labels from (T, U + 1, V) logits (Graves 2012, section 2.4)."""
    log_probs = logits.double().log_softmax(-1)
    frames, count = logits.shape[0], len(labels)
    forward: dict[tuple[int, int], Tensor] = {(0, 0): log_probs.new_zeros(())}
    for t, u in product(range(frames), range(count + 1)):
        into = []
        if t > 0:
            into.append(forward[t - 1, u] + log_probs[t - 1, u, 0])
        if u > 0:
            into.append(forward[t, u - 1] + log_probs[t, u - 1, labels[u - 1]])
        if into:
            forward[t, u] = torch.stack(into).logsumexp(0)
    return forward[frames - 1, count] + log_probs[frames - 1, count, 0]


def test_the_reference_is_the_sum_over_all_paths() -> None:
    logits, labels, frames = torch.randn(3, 3, 4), [2, 1], 3
    log_probs = logits.double().log_softmax(-1)
    paths = []
    # A path places two labels among the first T - 1 + U steps; the last step ends the last frame.
    for places in combinations(range(frames - 1 + len(labels)), len(labels)):
        t = u = 0
        total = log_probs.new_zeros(())
        for step in range(frames + len(labels)):
            if step in places:
                total, u = total + log_probs[t, u, labels[u]], u + 1
            else:
                total, t = total + log_probs[t, u, 0], t + 1
        paths.append(total)
    assert_close(reference(logits, labels), torch.stack(paths).logsumexp(0))


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_and_its_gradient_are_those_of_a_plain_reference(seed: int) -> None:
    torch.manual_seed(seed)
    logits = torch.randn(3, 5, 4, 6, requires_grad=True)
    labels = torch.tensor([[1, 5, 5], [2, 0, 0], [0, 0, 0]])
    lengths, label_lengths = torch.tensor([4, 5, 2]), torch.tensor([3, 1, 0])
    total = transducer_loss_sum(logits, lengths, labels, label_lengths)
    (gradient,) = torch.autograd.grad(total, logits)

    rows = zip(logits, lengths.tolist(), labels.tolist(), label_lengths.tolist(), strict=True)
    expected = -sum(
        reference(row[:frames, : count + 1], some[:count]) for row, frames, some, count in rows
    )
    (expected_gradient,) = torch.autograd.grad(torch.as_tensor(expected), logits)
    assert_close(total.double(), expected, atol=1e-4, rtol=1e-5)
    assert_close(gradient, expected_gradient, atol=1e-5, rtol=1e-4)


def test_padding_beyond_every_length_changes_nothing() -> None:
    logits = torch.randn(2, 6, 5, 4)
    labels, lengths = torch.tensor([[1, 2, 9, 9], [3, 9, 9, 9]]), torch.tensor([4, 3])
    counts = torch.tensor([2, 1])
    wide = transducer_loss_sum(logits, lengths, labels, counts)
    narrow = transducer_loss_sum(logits[:, :4, :3], lengths, labels[:, :2], counts)
    assert_close(wide, narrow)


def test_the_loss_is_float32_under_autocast() -> None:
    model = transducer(sharpness=1.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total, count = model.head_loss(
            "joint", encode(model), torch.tensor([[1]]), torch.tensor([1])
        )
    assert (total.dtype, int(count)) == (torch.float32, 1)


def test_every_weight_of_a_transducer_is_trained() -> None:
    model = transducer()
    frames, lengths = torch.randn(2, 4, 3), torch.tensor([4, 2])
    targets, counts = torch.tensor([[1, 2], [2, 0]]), torch.tensor([2, 1])
    total, count = model.head_loss("joint", model.encode(frames, lengths), targets, counts)
    total.backward()
    assert int(count) == 3
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_labels_after_a_row_has_ended_change_nothing() -> None:
    model = transducer()
    encoded, counts = encode(model, 4, rows=2), torch.tensor([2, 1])
    losses = [
        model.head_loss("joint", encoded, torch.tensor([[1, 2], [2, padding]]), counts)[0]
        for padding in (0, 1)
    ]
    assert torch.equal(*losses)


def log_prob_of(model: SequenceModel, encoded: Encoded, labels: tuple[int, ...]) -> float:
    with torch.no_grad():
        predicted = model.decoder.predict(torch.tensor([labels], dtype=torch.int64).reshape(1, -1))
        return float(reference(model.head("joint")(encoded, predicted)[0], list(labels)))


@pytest.mark.medium
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_equals_the_sum_over_all_paths(seed: int) -> None:
    model = transducer(seed)
    encoded = encode(model)
    exact = {
        labels: log_prob_of(model, encoded, labels)
        for count in range(5)
        for labels in product((1, 2), repeat=count)
    }
    (found,) = transducer_beam(model, encoded, beam=1000, most_labels=4)
    assert {one.labels for one in found} == set(exact)
    for one in found:
        assert one.log_prob == pytest.approx(exact[one.labels], abs=1e-5)
    scores = [one.log_prob for one in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_narrow_beam_lists_each_labelling_once_and_overestimates_none(seed: int) -> None:
    model = transducer(seed)
    encoded = encode(model, 5)
    (found,) = transducer_beam(model, encoded, beam=3)
    assert len({one.labels for one in found}) == len(found) == 3
    for one in found:
        assert one.log_prob <= log_prob_of(model, encoded, one.labels) + 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_a_wider_beam_is_never_worse_here(seed: int) -> None:
    model = transducer(seed)
    encoded = encode(model, 5)
    best = [transducer_beam(model, encoded, beam=beam)[0][0].log_prob for beam in (1, 8, 64)]
    assert best[0] <= best[1] + 1e-6 <= best[2] + 2e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_the_greedy_path(seed: int) -> None:
    model = transducer(seed)
    encoded = encode(model, 6)
    labels: list[int] = []
    frame, total = 0, 0.0
    while frame < 6:
        with torch.no_grad():
            predicted = model.decoder.predict(torch.tensor([labels], dtype=torch.int64))[:, -1:]
            step = model.head("joint")(encoded, predicted)[0, frame, 0].log_softmax(-1)
        best = int(step[1:].argmax()) + 1 if len(labels) < 6 and step[0] < step[1:].max() else 0
        total += float(step[best])
        labels, frame = ([*labels, best], frame) if best else (labels, frame + 1)
    ((found,),) = transducer_beam(model, encoded, beam=1)
    assert found.labels == tuple(labels)
    assert found.log_prob == pytest.approx(total, abs=1e-5)


def test_items_are_searched_within_their_lengths_and_alone() -> None:
    model = transducer(1)
    frames = torch.randn(2, 5, 3)
    with torch.no_grad():
        together = model.encode(frames, torch.tensor([5, 3]))
        alone = model.encode(frames[1:, :3], torch.tensor([3]))
    both, one = transducer_beam(model, together), transducer_beam(model, alone)
    assert [found.labels for found in both[1]] == [found.labels for found in one[0]]
    assert np.allclose([x.log_prob for x in both[1]], [x.log_prob for x in one[0]], atol=1e-5)


def test_the_decoder_of_a_transducer_predicts_no_tokens() -> None:
    model = transducer()
    assert "decoder.output.weight" in model.state_dict()
    assert model.get_parameter("decoder.output.weight").shape == (7, 6)
    with pytest.raises(ConfigError, match=r"^this decoder predicts for a head"):
        model.start(1)
    with pytest.raises(ConfigError, match=r"^this decoder predicts for a head"):
        model.decode(torch.tensor([[1]]), torch.tensor([1]))


def test_a_config_with_a_joint_head_survives_json() -> None:
    assert config_from_plain(config_to_plain(CONFIG), default_parts()) == CONFIG


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"decoder": None}, r"^head 'joint' without a flat decoder"),
        (
            {"decoder": NestedConfig(vocabulary=3)},
            r"^head 'joint' without a flat decoder",
        ),
        (
            {"decoder": DecoderConfig(vocabulary=3, covariates=(4,))},
            r"^head 'joint' reads a decoder with covariates, expected none",
        ),
        (
            {"attention": AdditiveConfig()},
            r"^head 'joint' with a bridge or attention, expected neither",
        ),
        (
            {"decoder": DecoderConfig(vocabulary=3, past_attention=AdditiveConfig())},
            r"^head 'joint' with a bridge or attention, expected neither",
        ),
        (
            {"heads": {"joint": JointConfig(), "other": JointConfig()}},
            r"^several heads read the decoder, expected one",
        ),
    ],
)
def test_a_joint_head_needs_a_plain_flat_decoder(changes: dict[str, object], match: str) -> None:
    parts = {"source": CONFIG.source, "encoder": CONFIG.encoder, "decoder": CONFIG.decoder}
    with pytest.raises(ConfigError, match=match):
        ModelConfig(**{**parts, "heads": CONFIG.heads, **changes})  # type: ignore[arg-type]


def test_a_search_needs_a_joint_head() -> None:
    config = ModelConfig(
        source=CONFIG.source, encoder=CONFIG.encoder, heads={"ctc": CTCConfig(vocabulary=3)}
    )
    model = build(config)
    with pytest.raises(ConfigError, match=r"^head 'ctc' reads no decoder"):
        transducer_beam(model, encode(model), head="ctc")
    with pytest.raises(ConfigError, match=r"^this model has no head 'joint'"):
        transducer_beam(model, encode(model))


def test_predictions_of_another_length_are_refused() -> None:
    ones = torch.ones(1, dtype=torch.int64)
    with pytest.raises(ConfigError, match=r"^3 predictions, expected 2"):
        transducer_loss_sum(torch.zeros(1, 2, 3, 4), 2 * ones, ones[:, None], ones)
