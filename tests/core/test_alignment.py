import tracemalloc
from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqstudio.core.alignment import align
from seqstudio.errors import DataError

Floats = NDArray[np.float64]


def emissions(seed: int, frames: int, vocabulary: int) -> Floats:
    scores = 2 * np.random.default_rng(seed).normal(size=(frames, vocabulary))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def best_by_brute_force(log_probs: Floats, labels: tuple[int, ...]) -> tuple[int, ...]:
    """Try every ascending path of states; return the most likely allowed one, as labels."""
    state_labels = [0]
    for label in labels:
        state_labels += [label, 0]
    last = len(state_labels) - 1

    def allowed(states: tuple[int, ...]) -> bool:
        if states[0] > 1 or states[-1] < last - 1:
            return False
        for a, b in pairwise(states):
            skips = b == a + 2 and state_labels[b] not in (0, state_labels[a])
            if not (b - a in (0, 1) or skips):
                return False
        return True

    paths = combinations_with_replacement(range(last + 1), len(log_probs))
    best = max(
        filter(allowed, paths),
        key=lambda states: sum(log_probs[t, state_labels[s]] for t, s in enumerate(states)),
    )
    return tuple(state_labels[s] if s % 2 else 0 for s in best)


def as_path(log_probs: Floats, labels: tuple[int, ...]) -> tuple[int, ...]:
    path = [0] * len(log_probs)
    for aligned in align(log_probs, labels):
        frames = slice(aligned.start_frame, aligned.end_frame)
        path[frames] = [aligned.label] * (aligned.end_frame - aligned.start_frame)
    return tuple(path)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("labels", [(1,), (1, 2), (1, 1), (2, 2, 1), (1, 2, 1)])
def test_the_alignment_is_the_most_likely_path(seed: int, labels: tuple[int, ...]) -> None:
    log_probs = emissions(seed, 7, 3)
    assert as_path(log_probs, labels) == best_by_brute_force(log_probs, labels)


@pytest.mark.parametrize("seed", range(5))
def test_the_alignment_equals_that_of_torchaudio(seed: int) -> None:
    try:
        from torchaudio.functional import forced_align
    except (ImportError, RuntimeError) as error:  # built for another CUDA than torch
        pytest.skip(f"torchaudio does not load: {error}")
    log_probs = emissions(seed, 200, 12)
    labels = tuple(np.random.default_rng(seed).integers(1, 12, size=60).tolist())
    path, _ = forced_align(torch.tensor(log_probs)[None], torch.tensor([labels]), blank=0)
    assert as_path(log_probs, labels) == tuple(path[0].tolist())


@pytest.mark.medium
def test_each_label_has_its_frames_in_order_and_a_score() -> None:
    probs = np.full((8, 3), 0.05)
    for frame, label in enumerate([0, 1, 1, 0, 1, 2, 0, 0]):
        probs[frame, label] = 0.9
    found = align(np.log(probs), (1, 1, 2))
    assert [(aligned.label, aligned.start_frame, aligned.end_frame) for aligned in found] == [
        (1, 1, 3),
        (1, 4, 5),
        (2, 5, 6),
    ]
    assert [aligned.score for aligned in found] == pytest.approx([0.9, 0.9, 0.9])


def test_the_fewest_possible_frames_are_all_used() -> None:
    found = align(emissions(0, 5, 4), (1, 1, 2, 3))
    assert [(aligned.start_frame, aligned.end_frame) for aligned in found] == [
        (0, 1),
        (2, 3),
        (3, 4),
        (4, 5),
    ]


def test_no_labels_give_an_empty_alignment() -> None:
    assert align(emissions(0, 5, 4), ()) == []


def test_too_few_frames_are_named() -> None:
    with pytest.raises(DataError, match=r"^4 frames for 4 labels, expected at least 5$"):
        align(emissions(0, 4, 4), (1, 1, 2, 3))


def test_a_label_without_probability_is_an_error() -> None:
    log_probs = emissions(0, 6, 4)
    log_probs[:, 3] = -np.inf
    with pytest.raises(DataError, match="no probability on these frames"):
        align(log_probs, (1, 3))


@pytest.mark.medium
def test_long_recordings_align_in_little_memory() -> None:
    # 10 minutes at 25 frames/s: the full trellis of back pointers alone would take 180 MB.
    frames, labels = 15_000, tuple(np.random.default_rng(0).integers(1, 30, size=6_000).tolist())
    log_probs = emissions(0, frames, 30)
    tracemalloc.start()
    found = align(log_probs, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tuple(aligned.label for aligned in found) == labels
    assert all(a.end_frame <= b.start_frame for a, b in pairwise(found))
    assert peak < 40e6
