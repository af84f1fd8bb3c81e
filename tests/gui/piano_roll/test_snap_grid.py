from fractions import Fraction

import numpy as np
import pytest

from seqstudio.gui.piano_roll.signatures import Signatures
from seqstudio.gui.piano_roll.snap_grid import SNAP_GRIDS, Bars, SnapGrid
from seqstudio.media.tempo_map import Meter, Tempo, TempoMap

TICKS = 480


def bars(*meters: tuple[int, int, int]) -> Bars:
    tempo_map = TempoMap((Tempo(0, 500_000),), tuple(Meter(*each) for each in meters), TICKS)
    return Bars.of(tempo_map)


CHANGING = bars((0, 4, 4), (3840, 3, 4), (7200, 6, 8))  # 2 bars, then 2 and a third, then on


def test_bars_are_numbered_through_changes_of_meter() -> None:
    lines = [(line.tick, line.bar) for line in CHANGING.lines(0, 9000, 1) if line.beat == 1]
    assert lines == [(0, 1), (1920, 2), (3840, 3), (5280, 4), (6720, 5), (7200, 6), (8640, 7)]


def test_a_tick_is_in_a_bar_of_the_right_length() -> None:
    found, length = CHANGING.bar_at(6800)
    assert (found.tick, found.bar, length) == (6720, 5, 480)  # cut short by the change
    found, length = CHANGING.bar_at(8640 + 5)
    assert (found.tick, found.bar, length) == (8640, 7, 1440)


def test_lines_thin_out_when_there_is_no_space() -> None:
    long = bars((0, 4, 4))
    far = list(long.lines(0, 1920 * 100_000, 1920 * 3000))
    assert len(far) == pytest.approx(100_000 / 4096, abs=1)
    assert {line.bar % 4096 for line in far} == {1}


@pytest.mark.parametrize(
    ("name", "tick", "snapped"),
    [("1/4", 700, 480), ("1/16", 700, 720), ("1/8 triplet", 700, 640), ("Off", 701, 701)],
)
def test_ticks_snap_to_the_chosen_grid(name: str, tick: int, snapped: int) -> None:
    grid = next(grid for grid in SNAP_GRIDS if grid.name == name)
    assert CHANGING.snapped(tick, grid.ticks(TICKS)) == snapped


@pytest.mark.parametrize("grid", SNAP_GRIDS)
def test_many_ticks_snap_to_the_nearest_line_of_their_bars(grid: SnapGrid) -> None:
    odd, step = bars((0, 5, 8), (2400, 3, 4), (3000, 7, 8)), grid.ticks(TICKS)
    ticks = np.arange(0, 5000, 7)
    lines = np.array([*odd.grid_lines(0, 6000, step)])
    distance = np.abs(lines - ticks[:, None])

    found = odd.snapped(ticks, step)
    assert (np.abs(found - ticks) == distance.min(1)).all()
    assert np.isin(found, lines).all()


def test_each_bar_restarts_the_grid() -> None:
    odd = bars((0, 5, 8))
    quarter = Fraction(TICKS)
    assert list(odd.grid_lines(0, 2400, quarter)) == [0, 480, 960, 1200, 1680, 2160]
    assert odd.snapped(1300, quarter) == 1200
    assert odd.snapped(1190, quarter) == 1200  # the next bar is a line too
    assert odd.floored(1190, quarter) == 960


def test_coarse_ticks_still_have_a_grid() -> None:
    coarse = Bars.of(TempoMap((Tempo(0, 500_000),), (Meter(0, 4, 4),), 5))
    step = next(grid for grid in SNAP_GRIDS if grid.name == "1/32").ticks(5)
    assert [coarse.snapped(tick, step) for tick in range(6)] == [0, 1, 2, 3, 4, 5]


def test_beats_are_those_of_the_meter() -> None:
    assert [CHANGING.beat(tick) for tick in (0, 720, 3840 + 480, 7200 + 240)] == [1, 2.5, 2, 2]


def test_signatures_thin_out_and_the_active_one_is_at_the_left_edge() -> None:
    tempos = tuple(Tempo(tick, 500_000 - tick) for tick in range(0, 100_000, 10))
    signatures = Signatures.of(TempoMap(tempos, (Meter(0, 4, 4), Meter(3840, 3, 4)), TICKS))

    assert list(signatures.visible(0, 9000, 3000)) == [
        (0, "4/4  ♩ = 120"),
        (3000, "♩ = 121"),
        (6000, "♩ = 121"),
    ]
    assert next(signatures.visible(5000, 9000, 3000)) == (5000, "3/4  ♩ = 121")
    assert (3840, "3/4  ♩ = 121") in list(signatures.visible(3600, 9000, 240))
