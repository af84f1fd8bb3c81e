"""Peaks contain every extreme of a recording's samples, at every scale."""

import numpy as np
import pytest

from seqstudio.gui.recording.peaks import BIN, FULL_SCALE, PeakPyramid, SampleDetail, lane_rows

RATE = 8000


def noise(frames: int, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(7)
    quiet = rng.uniform(-0.1, 0.1, (frames, channels))
    quiet[rng.integers(0, frames, 40)] = rng.uniform(-1, 1, (40, channels))
    return quiet.astype(np.float32)


def pyramid_of(samples: np.ndarray, step: int = 999) -> PeakPyramid:
    pyramid = PeakPyramid(samples.shape[1], RATE)
    for first in range(0, len(samples), step):
        pyramid.add(samples[first : first + step])
    pyramid.finish()
    return pyramid


def extremes(samples: np.ndarray, first: float, last: float) -> np.ndarray:
    """Return the lowest and highest sample of a range, (2, channels)."""
    part = samples[max(int(first), 0) : int(np.ceil(last))]
    return np.round(np.stack([part.min(axis=0), part.max(axis=0)]) * FULL_SCALE)


@pytest.mark.parametrize("per_column", [BIN, 700.5, 4 * BIN, 9000.0, 70_000.0])
def test_no_extreme_is_lost_or_more_than_a_column_off(per_column: float) -> None:
    samples = noise(1_000_003, 2)
    columns = pyramid_of(samples).columns(1234.5, per_column, 14)

    for number in range(1, 13):
        first = 1234.5 + number * per_column
        within = extremes(samples, first, first + per_column)
        around = extremes(samples, first - per_column, first + 2 * per_column)
        near = columns[number - 1 : number + 2]
        assert (around[0] <= columns[number, 0]).all()
        assert (columns[number, 1] <= around[1]).all()
        assert (near[:, 0].min(axis=0) <= within[0]).all()
        assert (within[1] <= near[:, 1].max(axis=0)).all()


def test_columns_end_with_the_recording() -> None:
    pyramid = pyramid_of(noise(10 * BIN))
    assert len(pyramid.columns(0, BIN, 400)) == 10
    assert len(pyramid.columns(99 * BIN, BIN, 400)) == 0


def test_the_last_samples_are_included_although_they_do_not_fill_a_bin() -> None:
    samples = np.zeros((BIN + 1, 1), np.float32)
    samples[-1] = 1.0
    assert pyramid_of(samples).columns(0, BIN, 2)[1].max() == FULL_SCALE


def test_peaks_do_not_depend_on_the_size_of_blocks() -> None:
    samples = noise(100_000)
    one, other = pyramid_of(samples, 100_000), pyramid_of(samples, 77)
    assert np.array_equal(one.columns(0, 1500, 66), other.columns(0, 1500, 66))
    assert one.peak == other.peak == round(float(np.abs(samples).max()) * FULL_SCALE)


def test_peaks_can_be_drawn_while_the_rest_is_read() -> None:
    samples = noise(8 * BIN)
    pyramid = PeakPyramid(1, RATE)
    pyramid.add(samples[: 3 * BIN])
    before = pyramid.columns(0, BIN, 8)
    pyramid.add(samples[3 * BIN :])

    assert len(before) == 3
    assert np.array_equal(pyramid.columns(0, BIN, 8)[:3], before)


def test_an_hour_takes_a_few_megabytes() -> None:
    pyramid = PeakPyramid(1, 44100)
    minute = noise(44100 * 60)
    for _ in range(60):
        pyramid.add(minute)
    assert pyramid.duration_s == 3600
    assert pyramid.n_bytes < 8e6


def test_close_up_the_columns_are_exact() -> None:
    samples = noise(5000)
    detail = SampleDetail.of(200, samples[200:3000])

    assert detail.covers(200, 3000)
    assert not detail.covers(199, 300)
    columns = detail.columns(1000, 10, 100)
    for number, column in enumerate(columns):
        first = 1000 + 10 * number
        assert np.array_equal(column, extremes(samples, first, first + 10))


def test_a_lane_is_painted_from_the_lowest_to_the_highest_level() -> None:
    peaks = np.array([[0, 0], [-FULL_SCALE, FULL_SCALE], [0, FULL_SCALE // 2]], np.int16)
    rows = lane_rows(peaks, 101, 1)

    assert rows.shape == (101, 3)
    assert rows.sum(axis=0).tolist() == [1, 95, 24]  # three empty rows above and below
    assert rows[50].all()
    assert lane_rows(peaks, 101, 2)[:, 2].sum() == 48
