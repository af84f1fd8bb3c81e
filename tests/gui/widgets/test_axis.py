import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstudio.gui.widgets.axis import Axis


def test_a_new_axis_shows_all() -> None:
    axis = Axis(length=100, pixels=50)
    assert (axis.start, axis.stop) == (0, 100)
    assert axis.to_pixel(100) == 50


@given(st.floats(0.1, 10), st.floats(0, 400), st.floats(0.1, 10), st.floats(-900, 900))
def test_the_view_stays_within_what_there_is(
    factor: float, pixel: float, again: float, scroll: float
) -> None:
    axis = Axis(length=60, pixels=400).zoomed(factor, pixel).zoomed(again, pixel).scrolled(scroll)
    assert axis.start >= 0
    assert axis.stop <= 60 + 1e-6


def test_zooming_keeps_what_is_under_the_pixel() -> None:
    axis = Axis(length=60, pixels=400).zoomed(4, 200)
    assert axis.zoomed(2, 120).to_unit(120) == pytest.approx(axis.to_unit(120))


def test_a_unit_outside_is_scrolled_to() -> None:
    axis = Axis(length=60, pixels=400).zoomed(10, 0)
    assert axis.scrolled_to(3) == axis
    seen = axis.scrolled_to(50)
    assert seen.start < 50 < seen.stop


def test_resizing_what_was_whole_shows_all_again() -> None:
    assert Axis(length=60, pixels=400).resized(100).stop == 60
