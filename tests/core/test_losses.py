import math

import pytest
import torch
from torch.testing import assert_close

from seqstudio.core.losses import cross_entropy_sum, ctc_sum, joint_sum
from seqstudio.errors import ConfigError

LENGTHS = torch.tensor([3, 1])


def test_cross_entropy_sums_over_the_tokens_within_the_lengths() -> None:
    logits, tokens = torch.randn(2, 4, 5), torch.randint(0, 5, (2, 4))
    expected = -sum(
        logits[row, index].log_softmax(0)[tokens[row, index]]
        for row, length in enumerate(LENGTHS.tolist())
        for index in range(length)
    )
    tokens[0, 3], tokens[1, 1:] = -1, -1
    total, count = cross_entropy_sum(logits, tokens, LENGTHS)

    assert count == 4
    assert_close(total, torch.as_tensor(expected))


def test_smoothing_spreads_its_share_over_the_vocabulary() -> None:
    logits, tokens = torch.randn(2, 4, 5), torch.randint(0, 5, (2, 4))
    sharp, _ = cross_entropy_sum(logits, tokens, LENGTHS)
    even = -logits.log_softmax(-1).mean(-1)
    inside = torch.arange(4) < LENGTHS[:, None]
    smooth, _ = cross_entropy_sum(logits, tokens, LENGTHS, smoothing=0.2)

    assert_close(smooth, 0.8 * sharp + 0.2 * even[inside].sum())


def test_ctc_of_one_label_in_two_even_frames() -> None:
    log_probs = torch.full((1, 2, 2), math.log(0.5))  # paths: "a a", "a -", "- a" of four
    total, count = ctc_sum(log_probs, torch.tensor([2]), torch.tensor([[1]]), torch.tensor([1]))
    assert count == 1
    assert float(total) == pytest.approx(-math.log(0.75))


def test_the_joint_loss_is_the_weighted_sum() -> None:
    total, count = joint_sum((torch.tensor(6.0), 4), (torch.tensor(10.0), 5), 0.25)
    assert (float(total), count) == (9.0, 5)


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^share=1.5, expected 0 <= share <= 1"):
        joint_sum((torch.tensor(1.0), 1), (torch.tensor(1.0), 1), 1.5)
    with pytest.raises(ConfigError, match=r"^smoothing=1.0, expected 0 <= smoothing < 1"):
        cross_entropy_sum(
            torch.zeros(1, 1, 2), torch.zeros(1, 1).long(), LENGTHS[1:], smoothing=1.0
        )
