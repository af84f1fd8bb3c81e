from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seqstudio.core.ctc_prefix import CTCPrefixScorer

Floats = NDArray[np.float64]
FRAMES, VOCABULARY = 4, 3


def emissions(seed: int) -> Floats:
    scores = 2.0 * np.random.default_rng(seed).normal(size=(FRAMES, VOCABULARY))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def labellings(log_probs: Floats) -> dict[tuple[int, ...], float]:
    """Return the probability of every labelling, summed over all paths."""
    totals: dict[tuple[int, ...], float] = {}
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        merged = [label for at, label in enumerate(path) if at == 0 or path[at - 1] != label]
        labels = tuple(label for label in merged if label)
        share = float(np.exp(sum(log_probs[t, label] for t, label in enumerate(path))))
        totals[labels] = totals.get(labels, 0.0) + share
    return totals


def begins_with(totals: dict[tuple[int, ...], float], prefix: tuple[int, ...]) -> float:
    return sum(share for labels, share in totals.items() if labels[: len(prefix)] == prefix)


@pytest.mark.parametrize("seed", range(6))
def test_scores_are_those_of_all_labellings_that_begin_with_the_prefix(seed: int) -> None:
    log_probs = emissions(seed)
    totals = labellings(log_probs)
    scorer = CTCPrefixScorer(torch.from_numpy(log_probs)[None], torch.tensor([FRAMES]))
    prefixes: list[tuple[int, ...]] = [()]
    scores, state = scorer.score(prefixes, None)
    for _ in range(FRAMES):
        for prefix, row in zip(prefixes, scores.exp().tolist(), strict=True):
            whole = begins_with(totals, prefix)
            assert row[0] == pytest.approx(totals.get(prefix, 0.0) / whole, abs=1e-6)
            for label in (1, 2):
                expected = begins_with(totals, (*prefix, label)) / whole
                assert row[label] == pytest.approx(expected, abs=1e-6)
        kept = [at for at, prefix in enumerate(prefixes) if begins_with(totals, prefix) > 0]
        longer = [(at, (*prefixes[at], label)) for at in kept for label in (1, 2)]
        longer = [(at, prefix) for at, prefix in longer if begins_with(totals, prefix) > 0]
        prefixes = [prefix for _, prefix in longer]
        state = state.select(torch.tensor([at for at, _ in longer]))
        scores, state = scorer.score(prefixes, state)


def test_the_labels_and_the_end_after_a_prefix_sum_to_one() -> None:
    log_probs = torch.randn(2, 30, 8).log_softmax(-1)
    scorer = CTCPrefixScorer(log_probs, torch.tensor([30, 12]))
    scores, state = scorer.score([(), ()], None)
    assert np.allclose(scores.exp().sum(1), 1.0, atol=1e-5)
    scores, _ = scorer.score([(3,), (5,)], state)
    assert np.allclose(scores.exp().sum(1), 1.0, atol=1e-5)


def test_padding_never_changes_a_score() -> None:
    log_probs = torch.randn(2, 9, 4).log_softmax(-1)
    both = CTCPrefixScorer(log_probs, torch.tensor([9, 5]))
    alone = CTCPrefixScorer(log_probs[1:, :5], torch.tensor([5]))
    scores, state = both.score([(), ()], None)
    expected, expected_state = alone.score([()], None)
    assert torch.allclose(scores[1:], expected, atol=1e-6)
    scores, _ = both.score([(2,)], state.select(torch.tensor([1])))
    expected, _ = alone.score([(2,)], expected_state)
    assert torch.allclose(scores, expected, atol=1e-6)


def test_a_prefix_that_no_path_gives_has_no_continuation() -> None:
    scorer = CTCPrefixScorer(torch.zeros(1, 1, 3).log_softmax(-1), torch.tensor([1]))
    _, state = scorer.score([()], None)
    _, state = scorer.score([(1,)], state)
    scores, state = scorer.score([(1, 2)], state)  # two labels in one frame
    assert bool((scores == -torch.inf).all())
    scores, _ = scorer.score([(1, 2, 1)], state)
    assert bool((scores == -torch.inf).all())


def test_long_recordings_do_not_underflow() -> None:
    log_probs = (4.0 * torch.randn(1, 3000, 40)).log_softmax(-1)
    scorer = CTCPrefixScorer(log_probs, torch.tensor([3000]))
    scores, state = scorer.score([()], None)
    prefix: tuple[int, ...] = ()
    for _ in range(3):
        prefix = (*prefix, int(scores[0, 1:].argmax()) + 1)
        scores, state = scorer.score([prefix], state)
        assert bool(scores[0, 1:].isfinite().all())
        assert np.isclose(float(scores[0, 1:].exp().sum()), 1.0, atol=1e-4)
