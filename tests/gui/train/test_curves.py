import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import evaluated, step

from seqstudio.gui.train.curves import (
    ChartData,
    Curves,
    Series,
    downsampled,
    log_ticks,
    smoothed,
    ticks,
    value_range,
)
from seqstudio.services.events import Event, Saved


def curves_of(*events: Event) -> Curves:
    curves = Curves()
    for event in events:
        curves.add_event(event)
    return curves


def test_each_kind_of_value_has_its_chart() -> None:
    curves = curves_of(
        step(1, loss=3.0),
        step(2, loss=2.0),
        evaluated(2, wer=0.5, cer=0.25),
        Saved(step=2, epoch=0, path=""),
    )

    assert [len(one) for chart in curves.charts for one in chart.series] == [2, 1, 1, 2, 2]
    assert curves.values_at(2) == [
        ("training loss", 2, "2"),
        ("word error rate", 2, "0.5"),
        ("character error rate", 2, "0.25"),
        ("learning rate", 2, "0.05"),
        ("gradient norm", 2, "2"),
    ]
    assert curves.valid.unit == "share of the words, lower is better"


def test_steps_after_a_resumed_checkpoint_are_replaced() -> None:
    curves = curves_of(step(1, loss=3.0), step(2, loss=2.0), step(3, loss=9.0), step(2, loss=1.0))
    steps, values = curves.loss.series[0].points()

    assert steps.tolist() == [1, 2]
    assert values.tolist() == [3, 1]


def test_curves_of_one_chart_differ_in_line_style_and_marker() -> None:
    chart = ChartData("Valid", "")
    kinds = [(one.dash, one.marker) for one in map(chart.series_named, "abcd")]

    assert len({dash for dash, _ in kinds}) == len({marker for _, marker in kinds}) == 4


def test_the_first_two_metrics_are_visible_and_others_can_be_shown() -> None:
    curves = curves_of(evaluated(1, wer=1.0, cer=0.5, deletions=0.25))
    assert [one.name for one in curves.valid.visible()] == ["wer", "cer"]
    curves.valid.series_named("deletions").shown = True
    assert len(curves.valid.visible()) == 3


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500),
    st.integers(1, 60),
)
def test_downsampling_keeps_every_peak(values: list[float], pixels: int) -> None:
    steps, dense = np.arange(len(values), dtype=float), np.array(values)
    kept_steps, kept_values = downsampled(
        steps, dense, first=0, last=len(values) - 1, pixels=pixels
    )

    assert len(kept_steps) == len(kept_values) <= 2 * (pixels + 2)
    assert (kept_values.min(), kept_values.max()) == (dense.min(), dense.max())
    assert (np.diff(kept_steps) >= 0).all()


def test_downsampling_keeps_one_point_beyond_each_edge() -> None:
    steps = np.arange(100.0)
    kept, _ = downsampled(steps, steps, first=40.5, last=42.5, pixels=300)
    assert kept.tolist() == [40, 41, 42, 43]


def test_smoothing_is_the_mean_of_the_last_steps() -> None:
    values = np.array([4.0, 0.0, 2.0, 6.0])
    assert smoothed(values, 2).tolist() == [4, 2, 1, 4]
    assert smoothed(values, 1) is values


def test_the_nearest_point_to_a_step_is_found() -> None:
    series = Series("loss")
    assert series.nearest(3) is None
    for number in (1, 5, 9):
        series.add(number, number * 1.0)
    assert [series.nearest(at) for at in (-4, 2.9, 3.1, 1e9)] == [(1, 1), (1, 1), (5, 5), (9, 9)]


def test_a_logarithmic_chart_ignores_values_that_are_not_positive() -> None:
    chart = ChartData("Norm", "", log=True, series=[Series("norm")])
    for number, value in enumerate((0.0, 1.0, 100.0, float("nan"))):
        chart.series[0].add(number, value)

    assert value_range(chart, 0, 9) == pytest.approx((1 / 1.5, 150))
    assert value_range(chart, 20, 30) is None


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 8))
def test_an_axis_has_about_as_many_ticks_as_wanted(low: float, span: float, wanted: int) -> None:
    found = ticks(low, low + span, wanted)
    assert wanted / 2 <= len(found) <= wanted * 1.5 + 1


@pytest.mark.parametrize(("low", "high"), [(3, 30), (0.02, 0.9), (20, 60), (1.1, 1.4), (1e-6, 1e6)])
def test_a_logarithmic_axis_has_at_least_two_ticks(low: float, high: float) -> None:
    assert 2 <= len(log_ticks(low, high, 3)) <= 5


@given(st.floats(1e-9, 1e9), st.floats(1.001, 1e6))
def test_the_ticks_of_a_logarithmic_axis_lie_in_its_range(low: float, ratio: float) -> None:
    assert all(low * 0.999 <= one <= low * ratio * 1.001 for one in log_ticks(low, low * ratio, 3))
