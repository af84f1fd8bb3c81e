import pytest
import torch
from torch import nn
from torch.testing import assert_close

from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.dropout import Dropout, Share, reseed
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.model import build
from seqstudio.errors import TrainingError

FRAMES = torch.ones(3, 5, 400)


def dropped(seed: int, step: int, layer: int = 0) -> torch.Tensor:
    model = nn.Sequential(Dropout(0.25), Dropout(0.25))
    reseed(model, seed, step)
    result: torch.Tensor = model[layer](FRAMES)
    return result


def test_a_mask_is_a_function_of_seed_step_and_layer() -> None:
    mask = dropped(1, 2)
    torch.rand(7)  # the global random state has no effect
    assert torch.equal(dropped(1, 2), mask)
    for other in (dropped(0, 2), dropped(1, 3), dropped(1, 2, layer=1)):
        assert not torch.equal(other, mask)


def test_a_sequence_keeps_one_mask_at_every_step() -> None:
    mask = dropped(0, 0)
    assert torch.equal(mask[:, :1].expand_as(mask), mask)
    assert not torch.equal(mask[0], mask[1])


def test_dropout_keeps_the_mean() -> None:
    mask = dropped(0, 0)
    assert mask.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert mask.mean().item() == pytest.approx(1.0, abs=0.05)


def test_training_without_a_seed_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"^dropout has no seed, expected reseed"):
        Dropout(0.5)(FRAMES)
    assert torch.equal(Dropout(0.5).eval()(FRAMES), FRAMES)


def test_one_layer_needs_no_seed() -> None:
    model = build(ModelConfig(decoder=DecoderConfig(vocabulary=5, layers=1, dropout=0.5)))
    tokens = torch.tensor([[1, 2]])
    first, second = (model.decode(tokens, torch.tensor([2])) for _ in range(2))
    assert torch.equal(first, second)


def test_an_encoder_of_three_layers_drops_between_them() -> None:
    config = ModelConfig(
        source=FramesConfig(features=4),
        encoder=EncoderConfig(hidden=3, layers=3, dropout=0.5),
        heads={"ctc": CTCConfig(vocabulary=5)},
    )
    model = build(config)
    assert len([module for module in model.modules() if isinstance(module, Dropout)]) == 2
    frames, lengths = torch.randn(2, 6, 4), torch.tensor([6, 6])
    reseed(model, 0, 1)
    first = model.head("ctc")(model.encode(frames, lengths))
    again = model.head("ctc")(model.encode(frames, lengths))
    reseed(model, 0, 2)
    assert torch.equal(first, again)
    assert not torch.equal(first, model.head("ctc")(model.encode(frames, lengths)))


def test_the_shares_of_a_batch_have_together_the_masks_of_the_whole() -> None:
    layer, frames = Dropout(0.5), torch.ones(5, 3, 8)
    reseed(layer, 0, 1)
    whole = layer(frames)
    joined = torch.empty_like(whole)
    for rank in range(2):
        share = Share(rank, 2, rows=5)
        reseed(layer, 0, 1, share)
        joined[rank::2] = layer(share.select(frames))

    assert_close(joined, whole)


def test_a_shared_batch_with_other_rows_than_examples_is_refused() -> None:
    layer = Dropout(0.5)
    reseed(layer, 0, 1, Share(0, 2, rows=4))
    with pytest.raises(TrainingError, match=r"^Dropout: 6 rows, expected 2, one for each example"):
        layer(torch.ones(6, 3, 8))


def test_the_input_of_the_output_layer_is_dropped_in_training_only() -> None:
    decoder = DecoderConfig(vocabulary=5, hidden=16, layers=1, output_dropout=0.5)
    model = build(ModelConfig(decoder=decoder))
    tokens, lengths = torch.tensor([[1, 2, 3]]), torch.tensor([3])
    whole = model.eval().decode(tokens, lengths)
    model.train()
    reseed(model, 0, 1)

    assert not torch.allclose(model.decode(tokens, lengths), whole)
    model.decoder.output_dropout.rate = 0.0
    assert_close(model.decode(tokens, lengths), whole)
