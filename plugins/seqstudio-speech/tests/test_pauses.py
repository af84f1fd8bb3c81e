from itertools import pairwise

import numpy as np
import pytest
from seqstudio_speech.pauses import LONGEST_PIECE_S, cuts, levels_db, pauses

RATE_HZ = 16000


def levels(*parts: tuple[float, float]) -> np.ndarray:
    """Return levels for parts of a recording, each some seconds at some decibels."""
    noise = np.random.default_rng(0)
    return np.concatenate([noise.normal(db, 1.0, round(100 * seconds)) for seconds, db in parts])


def test_a_level_is_that_of_the_sound_without_its_offset() -> None:
    sound = 0.1 * np.sin(np.arange(RATE_HZ) * 2 * np.pi * 500 / RATE_HZ).astype(np.float32)

    assert levels_db(sound, RATE_HZ) == pytest.approx(-23.0, abs=0.1)
    assert levels_db(sound + 0.3, RATE_HZ) == pytest.approx(-23.0, abs=0.1)
    assert levels_db(0 * sound, RATE_HZ) == pytest.approx(-100.0)


def test_it_is_cut_in_the_middle_of_each_long_pause() -> None:
    found = list(cuts(levels((3, -20), (0.6, -60), (2, -20), (1, -60), (2, -20))))

    assert found == pytest.approx([330, 610], abs=5)


def test_a_short_pause_is_heard_but_not_cut() -> None:
    short = levels((2, -20), (0.2, -60), (2, -20))

    assert len(pauses(short)) == 1
    assert not list(cuts(short))


def test_a_soft_speaker_after_a_loud_one_is_not_taken_for_a_pause() -> None:
    soft = levels((3, -15), (0.5, -65), (3, -45), (0.5, -65), (3, -15))

    assert list(cuts(soft)) == pytest.approx([325, 675], abs=25)


def test_a_piece_is_never_longer_than_the_longest() -> None:
    steady = levels((41, -20))
    found = [0, *cuts(steady), len(steady)]

    assert max(after - before for before, after in pairwise(found)) <= 100 * LONGEST_PIECE_S


def test_a_long_piece_is_cut_in_its_longest_pause() -> None:
    spelled = levels((2, -20), (0.15, -60), (2, -20), (0.3, -60), (2, -20), (0.15, -60), (2, -20))

    assert list(cuts(spelled)) == pytest.approx([430], abs=5)


def test_nothing_has_no_pauses_and_no_cuts() -> None:
    assert pauses(np.zeros(0)) == []
    assert list(cuts(np.zeros(0))) == []
