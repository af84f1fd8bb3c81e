"""The piano-roll metric: exact, causal, and the same in one pass and step by step."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from seqstudio_music.rolls.baselines import persistence_nll, unigram_nll
from seqstudio_music.rolls.settings import RollOptions
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.rolls.tokens import encode_rolls
from small_music import loaded, random_roll, roll_example

from seqstudio.api import pool
from seqstudio.api.nn import ModelConfig, NestedConfig, build
from seqstudio.services.bundles import LoadedBundle

TASK = RollsTask()


@pytest.fixture(scope="module", params=[False, True], ids=["without past", "with past"])
def rolls_model(request: pytest.FixtureRequest) -> LoadedBundle:
    """Shadow the shared model by one without and one with inputs of the past."""
    options = RollOptions(
        hidden=16, layers=1, inner_hidden=12, dropout=0.0, past=request.param, lags=(1, 4)
    )
    return loaded(TASK, [], options, "rolls-nottingham")


def nll(model: LoadedBundle, roll: np.ndarray) -> float:
    return pool(list(TASK.measure(model, [roll_example(roll)])))["nll_per_frame"]


def log_probs(model: LoadedBundle, roll: np.ndarray) -> torch.Tensor:
    with torch.inference_mode():
        return model.module.log_probs(*encode_rolls([roll]))[0].sum(-1)


def test_on_four_keys_the_probabilities_of_all_frames_sum_to_one() -> None:
    torch.manual_seed(0)
    toy = build(ModelConfig(decoder=NestedConfig(vocabulary=5, hidden=8, inner_hidden=6))).eval()
    frames = [keys for size in range(5) for keys in itertools.combinations(range(4), size)]
    first = [0, 2, 4, -1, -1]
    tokens = torch.tensor([[first, [*keys, 4, *[-1] * (4 - len(keys))]] for keys in frames])
    with torch.inference_mode():
        probabilities = toy.log_probs(tokens, torch.full((16,), 2)).double()[:, 1].sum(-1).exp()

    assert len(frames) == 16
    assert probabilities.sum().item() == pytest.approx(1.0, abs=1e-6)


def test_later_frames_do_not_change_the_nll_of_earlier_ones(rolls_model: LoadedBundle) -> None:
    roll, at = random_roll(30, 1), 17
    other = roll.copy()
    other[at:] = random_roll(13, 2, density=0.2)
    longer = np.concatenate([other, random_roll(9, 3)])

    for changed in (other, longer, roll[:at]):
        torch.testing.assert_close(
            log_probs(rolls_model, changed)[:at], log_probs(rolls_model, roll)[:at]
        )


def test_stepping_equals_the_whole_piece(rolls_model: LoadedBundle) -> None:
    roll = random_roll(20, 4)
    tokens = [token for token in encode_rolls([roll])[0].flatten().tolist() if token >= 0]
    total = 0.0
    with torch.inference_mode():
        logits, state = rolls_model.module.start(1)
        for token in tokens:
            total -= logits.log_softmax(-1)[0, token].item()
            logits, state = rolls_model.module.step(torch.tensor([token]), state)

    assert total / len(roll) == pytest.approx(nll(rolls_model, roll), rel=1e-5)


def test_a_set_is_pooled_over_frames_and_the_state_is_reset_for_each_piece(
    rolls_model: LoadedBundle,
) -> None:
    pieces = [random_roll(frames, frames) for frames in (1, 40, 7)]
    alone = [nll(rolls_model, roll) * len(roll) for roll in pieces]
    together = TASK.measure(rolls_model, [roll_example(r, str(n)) for n, r in enumerate(pieces)])

    assert pool(list(together))["nll_per_frame"] == pytest.approx(sum(alone) / 48, rel=1e-5)


def test_the_nll_of_every_key_and_frame_size_is_finite(rolls_model: LoadedBundle) -> None:
    full, empty = np.ones((1, 88), dtype=np.uint8), np.zeros((1, 88), dtype=np.uint8)

    assert np.isfinite(nll(rolls_model, np.concatenate([full, empty, np.eye(88, dtype="u1")])))


def test_measured_pieces_are_neither_cropped_nor_transposed() -> None:
    preparation = TASK.prepare([], RollOptions(crop=200))
    roll = random_roll(900, 5)
    batch = TASK.collate([roll_example(roll)], preparation, None)

    assert torch.equal(batch.tokens, encode_rolls([roll])[0])
    assert batch.counted.all()


def test_unigram_equals_a_calculation_by_hand() -> None:
    train = np.zeros((8, 88), dtype=np.uint8)
    train[:4, 10] = 1
    on, off = (4 + 1) / (8 + 2), (0 + 1) / (8 + 2)
    by_hand = -np.log(on) - 87 * np.log1p(-off)

    assert unigram_nll([train], [train[:1]]) == pytest.approx(by_hand)


def test_persistence_equals_a_calculation_by_hand() -> None:
    train = np.zeros((4, 88), dtype=np.uint8)
    train[:, 3] = (1, 1, 0, 1)  # after off: on, on; after on: on, off
    held_out = train[:2]
    first = -np.log(3 / 4) - 87 * np.log1p(-1 / 6)  # key 3 is on after silence
    second = -np.log(2 / 4) - 87 * np.log1p(-1 / 6)

    assert persistence_nll([train], [held_out]) == pytest.approx((first + second) / 2)


def test_a_loss_is_a_sum_over_frames(rolls_model: LoadedBundle) -> None:
    roll = random_roll(12, 6)
    batch = TASK.collate([roll_example(roll)], rolls_model.preparation, None)
    with torch.inference_mode():
        loss = TASK.loss(rolls_model.module, batch)

    assert loss.count == 12
    assert loss.total.item() / 12 == pytest.approx(nll(rolls_model, roll), rel=1e-5)


def test_settings_of_another_task_are_refused(rolls_model: LoadedBundle) -> None:
    other = SimpleNamespace(settings="of speech", module=rolls_model.module, device="cpu")
    with pytest.raises(Exception, match=r"settings of str, expected a model of music\.rolls"):
        list(TASK.measure(other, [roll_example(random_roll(2, 1))]))
