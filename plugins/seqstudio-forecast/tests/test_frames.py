"""Frames and first guesses: functions of the past alone, at any scale."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from seqstudio_forecast.frames import FEATURES, frames_of
from small_series import hourly


def test_the_future_moves_no_frame_and_no_guess() -> None:
    series = hourly(6)
    changed = series.values.copy()
    changed[100:] += 50.0
    before, after = frames_of(series, 6), frames_of(replace(series, values=changed), 6)

    assert before.inputs.shape == (144, FEATURES)
    assert_array_equal(before.inputs[:100], after.inputs[:100])
    assert_array_equal(before.guesses[:100], after.guesses[:100])
    assert (before.inputs[100] != after.inputs[100]).any()


def test_the_unit_of_the_values_does_not_matter() -> None:
    series = hourly(6)
    large = frames_of(replace(series, values=1e6 * series.values), 6)
    small = frames_of(series, 6)

    assert_allclose(large.inputs, small.inputs, rtol=1e-4, atol=1e-5)
    assert_allclose(large.guesses, 1e6 * small.guesses, rtol=1e-6)


def test_the_guess_learns_a_season() -> None:
    series = hourly(20, noise=0.01)
    errors = np.abs(frames_of(series, 6).errors(series.values)) * frames_of(series, 6).scales
    walk = np.abs(series.values[246:] - series.values[240:-6])

    assert np.nanmean(errors[240:-6, 5]) < 0.1 * walk.mean()


def test_a_series_that_never_changes_has_finite_frames() -> None:
    series = hourly(3)
    frames = frames_of(replace(series, values=np.full(72, 5.0)), 6)

    assert np.isfinite(frames.inputs).all()
    assert_allclose(frames.guesses, 5.0)
