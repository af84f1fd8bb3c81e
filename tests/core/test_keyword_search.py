"""Keyword scores are probabilities: equal to a count over all paths, and of no other keyword."""

import itertools

import numpy as np
import pytest

from seqstudio.core.keyword_search import _ends, _padded, find_keyword
from seqstudio.errors import ConfigError

BLANK, SPACE, A, B = range(4)


def log_probs(*labels: int, width: int = 4, sure: float = 0.97) -> np.ndarray:
    """Return frames that are nearly sure of these labels, (T, V)."""
    rows = np.full((len(labels), width), (1 - sure) / (width - 1), np.float32)
    rows[range(len(labels)), labels] = sure
    return np.log(rows)


def runs(path: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the label of each run of a path, without blanks, and the frame at which it begins."""
    found = [(path[0], 0)]
    found += [(b, at) for at, (a, b) in enumerate(itertools.pairwise(path), start=1) if a != b]
    return [(label, at) for label, at in found if label != BLANK]


@pytest.mark.parametrize(("keyword", "space"), [((A,), 1), ((A, A), 1), ((A, B), 0), ((A,), 0)])
def test_the_probability_that_a_keyword_ends_is_that_of_all_paths(
    keyword: tuple[int, ...], space: int
) -> None:
    frames = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 5)).astype(np.float32)
    wanted = (space, *keyword, space) if space else keyword
    expected = np.zeros(7)
    edges = (space,)
    for inner in itertools.product(range(4), repeat=5):
        chance = np.exp(sum(frames[t, label] for t, label in enumerate(inner)))
        found = runs((*edges, *inner, *edges))
        for first in range(len(found) - len(wanted) + 1):
            part = found[first : first + len(wanted)]
            if tuple(label for label, _ in part) == wanted:
                expected[part[-1][1]] += chance
    ends, _ = _ends(_padded([frames], space), keyword, space)

    assert np.exp(ends[0]) == pytest.approx(expected, abs=1e-5)


def test_a_keyword_is_found_with_its_frames_in_every_row() -> None:
    there = log_probs(A, BLANK, SPACE, BLANK, A, A, BLANK, B, SPACE, B)
    absent = log_probs(A, SPACE, B, SPACE, B, A)
    hits = find_keyword([absent, there, there[3:]], [A, B], space=SPACE)

    assert [(hit.row, hit.start_frame, hit.end_frame) for hit in hits] == [(1, 4, 8), (2, 1, 5)]
    assert min(hit.score for hit in hits) > 0.8


def test_two_places_in_a_row_are_two_hits() -> None:
    row = log_probs(A, BLANK, B, SPACE, BLANK, A, B, SPACE, SPACE, A, BLANK, A)
    hits = find_keyword([row], [A, B], space=SPACE)

    assert sorted((hit.start_frame, hit.end_frame) for hit in hits) == [(0, 3), (5, 7)]


def test_a_part_of_a_word_is_no_hit_unless_the_script_has_no_spaces() -> None:
    row = log_probs(B, A, BLANK, B, A)

    assert find_keyword([row], [A, B], space=SPACE) == []
    (hit,) = find_keyword([row], [A, B])
    assert (hit.start_frame, hit.end_frame) == (1, 4)


def test_the_score_is_the_geometric_mean_over_labels() -> None:
    row = np.log(np.array([[0.1, 0.1, 0.7, 0.1], [0.1, 0.1, 0.1, 0.7]], np.float32))
    (hit,) = find_keyword([row], [A, B], space=SPACE)

    assert hit.score == pytest.approx(0.7, abs=1e-3)
    assert find_keyword([row], [A, B], space=SPACE, least_score=0.75) == []


@pytest.mark.parametrize("labels", [[], [BLANK], [A, BLANK]])
def test_a_keyword_has_labels_and_no_blank(labels: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"^labels=.*expected at least one, and no blank"):
        find_keyword([log_probs(A)], labels)
