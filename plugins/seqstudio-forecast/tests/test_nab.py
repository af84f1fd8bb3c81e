"""The score of the Numenta benchmark, against its definition."""

import math

import numpy as np
import pytest
from seqstudio_forecast.nab import (
    NabScore,
    Window,
    best_threshold,
    probation,
    row_points,
    score_flags,
)
from seqstudio_forecast.other_detectors import relative_entropy, windowed_gaussian

WINDOWS = (Window(300, 349), Window(700, 749))


def scaled(*results: NabScore) -> float:
    tops, bottoms = zip(*(result.sums for result in results), strict=True)
    return sum(tops) / sum(bottoms)


def flags(*rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    found = np.zeros(1000, bool)
    found[list(rows)] = True
    return found


def test_no_detection_has_0_and_a_perfect_one_100() -> None:
    assert scaled(score_flags(flags(), WINDOWS)) == 0.0
    assert scaled(score_flags(flags(300, 700), WINDOWS)) == pytest.approx(100.0)


def test_only_the_best_detection_of_a_window_counts() -> None:
    once = score_flags(flags(310, 700), WINDOWS)

    assert score_flags(flags(310, 311, 349, 700), WINDOWS) == once
    assert scaled(once) < 100.0


def test_a_detection_outside_costs_the_more_the_farther_it_is() -> None:
    points, inside = row_points(1000, WINDOWS)

    assert inside[[0, 149, 150, 300, 349, 350]].tolist() == [-2, -2, -1, 0, 0, -1]
    assert points[200] == points[699] == pytest.approx(-0.11)
    middle = 2 / (1 + math.exp(5 * 10 / 49)) - 1
    assert points[359] == pytest.approx(0.11 * middle)
    assert points[350] > points[360] > points[500]


def test_the_probationary_part_and_windows_in_it_are_not_scored() -> None:
    assert probation(1000) == 150
    assert probation(22695) == 750
    assert score_flags(flags(10, 20), (Window(5, 30),)) == NabScore(0.0, 0)


def test_the_best_threshold_is_found_for_all_series_together() -> None:
    scores = np.zeros(1000)
    scores[[300, 700]] = 0.9
    scores[500] = 0.95
    threshold, best = best_threshold([scores, np.zeros(1000)], [WINDOWS, ()])

    assert threshold == 0.9
    assert best == pytest.approx(100 * (4 - 0.11) / 4, abs=0.01)
    assert best_threshold([np.full(1000, 0.5)], [WINDOWS]) == (math.inf, 0.0)


def test_the_detectors_of_the_scoreboard_find_a_level_that_was_never_seen() -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    values[600:640] += 9.0

    assert windowed_gaussian(values)[600] > 0.999999
    assert windowed_gaussian(values)[100:500].max() < 0.999999
    assert relative_entropy(values)[600:640].any()
    assert not relative_entropy(np.ones(100)).any()
