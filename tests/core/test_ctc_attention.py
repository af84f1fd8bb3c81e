import torch
from torch.testing import assert_close

from seqstudio.core.attention import AdditiveConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.ctc_attention import ctc_attention_loss, with_end
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.heads import CTCConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel, build

LABELS, COUNTS = torch.tensor([[1, 2, 3], [2, 9, 9]]), torch.tensor([3, 1])


def hybrid() -> SequenceModel:
    torch.manual_seed(0)
    return build(
        ModelConfig(
            source=FramesConfig(features=3),
            encoder=EncoderConfig(hidden=4, layers=1),
            attention=AdditiveConfig(dimension=5),
            decoder=DecoderConfig(vocabulary=4, dimension=3, hidden=4, layers=1),
            heads={"ctc": CTCConfig(vocabulary=4)},
        )
    )


def test_the_loss_is_the_weighted_sum_of_both() -> None:
    model = hybrid()
    encoded = model.encode(torch.randn(2, 7, 3), torch.tensor([7, 4]))
    ctc, _ = model.head_loss("ctc", encoded, LABELS, COUNTS)
    targets, lengths = torch.tensor([[1, 2, 3, 0], [2, 0, 0, 0]]), torch.tensor([4, 2])
    logits = model.decode(targets, lengths, encoded=encoded)
    attention, _ = cross_entropy_sum(logits, targets, lengths, smoothing=0.1)
    total, count = ctc_attention_loss(model, encoded, LABELS, COUNTS, share=0.25, smoothing=0.1)
    assert int(count) == 6
    assert_close(total, 0.25 * ctc + 0.75 * attention)


def test_both_losses_train_the_encoder() -> None:
    model = hybrid()
    encoded = model.encode(torch.randn(2, 7, 3), torch.tensor([7, 4]))
    total, _ = ctc_attention_loss(model, encoded, LABELS, COUNTS)
    total.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_end_follows_the_last_label_of_each_row() -> None:
    targets, lengths = with_end(LABELS, torch.tensor([2, 0]))
    assert targets.tolist() == [[1, 2, 0, 0], [0, 0, 0, 0]]
    assert lengths.tolist() == [3, 1]
