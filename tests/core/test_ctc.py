from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from seqstudio.core.ctc import best_path, ctc_loss_sum, frames_needed
from seqstudio.core.ctc_beam import prefix_beam
from seqstudio.errors import TrainingError

Floats = NDArray[np.float64]


def emissions(seed: int, frames: int, vocabulary: int, *, sharpness: float = 1.0) -> Floats:
    scores = sharpness * np.random.default_rng(seed).normal(size=(frames, vocabulary))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    merged = [label for at, label in enumerate(path) if at == 0 or path[at - 1] != label]
    return tuple(label for label in merged if label)


def brute_force(log_probs: Floats) -> dict[tuple[int, ...], float]:
    """Return the log probability of every labelling, summed over all V ** T paths."""
    totals: dict[tuple[int, ...], float] = {}
    frames, vocabulary = log_probs.shape
    for path in product(range(vocabulary), repeat=frames):
        score = float(sum(log_probs[t, label] for t, label in enumerate(path)))
        labels = collapse(path)
        totals[labels] = float(np.logaddexp(totals.get(labels, -np.inf), score))
    return totals


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("frames", "vocabulary"), [(1, 3), (4, 2), (5, 3), (6, 3), (4, 5)])
def test_a_wide_prefix_beam_equals_the_sum_over_all_paths(
    seed: int, frames: int, vocabulary: int
) -> None:
    log_probs = emissions(seed, frames, vocabulary, sharpness=2.0)
    exact = brute_force(log_probs)

    found = prefix_beam(log_probs, beam=10_000, floor=-np.inf)

    assert {hypothesis.labels for hypothesis in found} == set(exact)
    for hypothesis in found:
        assert hypothesis.log_prob == pytest.approx(exact[hypothesis.labels], abs=1e-9)
    assert [hypothesis.log_prob for hypothesis in found] == sorted(
        (hypothesis.log_prob for hypothesis in found), reverse=True
    )


def test_the_beam_finds_a_labelling_that_the_best_path_misses() -> None:
    # Blank is the most likely label of both frames, but the three paths of (1,) sum to more.
    log_probs = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert best_path(log_probs) == ()
    best = prefix_beam(log_probs, beam=4)[0]
    assert best.labels == (1,)
    assert best.log_prob == pytest.approx(np.log(0.64))


def test_a_repeat_needs_a_blank_between() -> None:
    probs = np.full((3, 2), 1e-9)
    probs[[0, 1, 2], [1, 0, 1]] = 1.0
    assert best_path(np.log(probs)) == (1, 1)
    assert prefix_beam(np.log(probs), beam=4)[0].labels == (1, 1)
    assert best_path(np.log(probs[[0, 0, 2]])) == (1,)
    assert prefix_beam(np.log(probs[[0, 0, 2]]), beam=4)[0].labels == (1,)


@pytest.mark.parametrize("seed", range(5))
def test_a_narrow_beam_lists_each_prefix_once_and_overestimates_none(seed: int) -> None:
    log_probs = emissions(seed, 7, 3)
    exact = brute_force(log_probs)
    found = prefix_beam(log_probs, beam=3, floor=-np.inf)
    assert len({hypothesis.labels for hypothesis in found}) == len(found) == 3
    for hypothesis in found:
        assert hypothesis.log_prob <= exact[hypothesis.labels] + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_a_prefix_that_left_the_beam_and_came_back_is_the_same_prefix(seed: int) -> None:
    found = prefix_beam(emissions(seed, 60, 3), beam=6, floor=-np.inf)
    assert len({hypothesis.labels for hypothesis in found}) == len(found) == 6


@pytest.mark.parametrize("seed", range(5))
def test_pruning_unlikely_labels_keeps_the_best_labelling_of_sharp_emissions(seed: int) -> None:
    log_probs = emissions(seed, 60, 30, sharpness=6.0)
    pruned = prefix_beam(log_probs, beam=16)[0]
    full = prefix_beam(log_probs, beam=16, floor=-np.inf)[0]
    assert pruned.labels == full.labels
    assert pruned.log_prob == pytest.approx(full.log_prob, abs=1e-2)


def test_no_frames_give_an_empty_labelling() -> None:
    empty = np.zeros((0, 4))
    assert best_path(empty) == ()
    assert [hypothesis.labels for hypothesis in prefix_beam(empty)] == [()]


def test_a_beam_of_one_still_sums_the_paths_of_its_prefix() -> None:
    log_probs = np.log([[0.1, 0.9], [0.4, 0.6]])
    assert prefix_beam(log_probs, beam=1)[0].log_prob == pytest.approx(np.log(0.9))


@pytest.mark.parametrize(
    ("labels", "frames"), [((), 0), ((3,), 1), ((3, 3), 3), ((1, 2, 2, 2, 1), 7)]
)
def test_frames_needed_counts_labels_and_repeats(labels: tuple[int, ...], frames: int) -> None:
    assert frames_needed(labels) == frames


def test_the_loss_is_minus_the_log_sum_of_all_paths() -> None:
    one, two = emissions(1, 6, 3), emissions(2, 4, 3)
    log_probs = torch.zeros(2, 6, 3, dtype=torch.float64)
    log_probs[0], log_probs[1, :4] = torch.tensor(one), torch.tensor(two)
    labels = torch.tensor([[1, 1, 2], [2, 1, 0]])

    total = ctc_loss_sum(log_probs, torch.tensor([6, 4]), labels, torch.tensor([3, 2]))

    exact = brute_force(one)[1, 1, 2] + brute_force(two)[2, 1]
    assert float(total) == pytest.approx(-exact, abs=1e-9)


def test_a_row_with_too_few_frames_is_named_in_an_error() -> None:
    # 52 labels with 3 repeats need 55 frames.
    labels = torch.arange(1, 53).repeat(3, 1)
    labels[2, [10, 20, 30]] = labels[2, [9, 19, 29]]
    log_probs = torch.zeros(3, 60, 60).log_softmax(-1)
    lengths, label_lengths = torch.tensor([60, 52, 40]), torch.tensor([52, 52, 52])
    expected = r"^row 2: 40 frames for 52 labels, expected at least 55$"
    with pytest.raises(TrainingError, match=expected):
        ctc_loss_sum(log_probs, lengths, labels, label_lengths)
    lengths[2] = 54
    with pytest.raises(TrainingError, match=r"^row 2: 54 frames for 52 labels"):
        ctc_loss_sum(log_probs, lengths, labels, label_lengths)
    lengths[2] = 55
    assert ctc_loss_sum(log_probs, lengths, labels, label_lengths).isfinite()


class Calls(TorchDispatchMode):
    """Counts the calls of torch's operations."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[call.__name__.partition(".")[0]] += 1
        return call(*args, **(kwargs or {}))


@pytest.mark.medium
def test_labels_that_fit_in_any_case_are_not_looked_at() -> None:
    log_probs = torch.zeros(2, 9, 5).log_softmax(-1)
    labels, counts = torch.tensor([[1, 1, 2], [3, 4, 0]]), torch.tensor([3, 2])
    looked = []
    for frames in (5, 4):  # three equal labels would need five frames
        with Calls() as calls:
            ctc_loss_sum(log_probs, torch.tensor([frames, 9]), labels, counts)
        looked.append(calls.counts["eq"])
        assert calls.counts["_local_scalar_dense"] <= 1
    assert looked == [0, 1]


def test_the_loss_is_float32_whatever_it_is_given() -> None:
    log_probs = torch.zeros(1, 4, 3).log_softmax(-1).bfloat16()
    ones = torch.ones(1, dtype=torch.int64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ctc_loss_sum(log_probs, 4 * ones, ones[:, None], ones).dtype == torch.float32


def test_repeats_in_the_padding_need_no_frames() -> None:
    log_probs = torch.zeros(1, 2, 5).log_softmax(-1)
    labels = torch.tensor([[1, 2, 2, 2, 2]])
    assert ctc_loss_sum(log_probs, torch.tensor([2]), labels, torch.tensor([2])).isfinite()


def test_an_empty_transcript_costs_its_blanks() -> None:
    log_probs = torch.full((1, 3, 4), 0.25).log()
    labels = torch.zeros(1, 0, dtype=torch.int64)
    loss = ctc_loss_sum(log_probs, torch.tensor([3]), labels, torch.tensor([0]))
    assert float(loss) == pytest.approx(3 * np.log(4))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_beam_finds_what_flashlight_text_finds(seed: int) -> None:
    decoders = pytest.importorskip("flashlight.lib.text.decoder")
    frames = emissions(seed, 30, 6, sharpness=4.0).astype(np.float32)
    options = decoders.LexiconFreeDecoderOptions(
        beam_size=300,
        beam_size_token=6,
        beam_threshold=1000.0,
        lm_weight=0.0,
        sil_score=0.0,
        log_add=True,
        criterion_type=decoders.CriterionType.CTC,
    )
    peer = decoders.LexiconFreeDecoder(options, decoders.ZeroLM(), -1, 0, [])
    path = peer.decode(np.ascontiguousarray(frames).ctypes.data, *frames.shape)[0].tokens
    merged = [token for token, before in zip(path, [-1, *path], strict=False) if token != before]

    found = prefix_beam(frames, beam=300, floor=-np.inf)[0].labels
    assert found == tuple(token for token in merged if token > 0)
