"""Detection is streaming: each value is judged before the next is seen."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from seqstudio_forecast.detect import detect_series
from seqstudio_forecast.detector import AlarmRule, Detections, DetectorStream
from seqstudio_forecast.frames import Calendar
from seqstudio_forecast.series import Series
from small_series import hourly

from seqstudio.api import LoadedModel

LEARNED = 60


def with_jump() -> Series:
    series = hourly(10, noise=0.05)
    values = series.values.copy()
    values[150:] += 4.0
    return replace(series, values=values)


def one_by_one(model: LoadedModel, series: Series) -> Detections:
    """Feed values one at a time; the stream is never given what comes after."""
    stream = DetectorStream(model, Calendar.of(series), LEARNED)
    due = np.concatenate([series.times[1:], series.future_times(1)])
    verdicts = [stream.push(float(v), t) for v, t in zip(series.values, due, strict=True)]
    return Detections(np.array([v.score for v in verdicts]), np.array([v.alarm for v in verdicts]))


def test_values_fed_one_at_a_time_have_the_verdicts_of_the_whole_series(model: LoadedModel) -> None:
    series = with_jump()
    whole, streamed = detect_series(model, series, LEARNED), one_by_one(model, series)

    assert_array_equal(whole.flags, streamed.flags)
    assert_allclose(whole.scores, streamed.scores, rtol=1e-4, atol=1e-6)
    assert whole.scores[150] > 1.0


def test_what_comes_later_changes_no_verdict(model: LoadedModel) -> None:
    series = with_jump()
    shorter = series.first(160)

    early = detect_series(model, shorter, LEARNED)
    late = detect_series(model, series, LEARNED)
    assert_allclose(early.scores, late.scores[:160], rtol=1e-5)
    assert_array_equal(early.flags, late.flags[:160])


def test_the_threshold_is_from_the_probationary_part_alone() -> None:
    rule = AlarmRule(20)
    for at in range(20):
        assert rule.push(float(at % 2), 1.0).score == 0.0
    learned = rule.threshold
    for at in range(50):
        rule.push(float(at % 2), 3.0)

    assert learned > 0.0
    assert rule.threshold == learned


def test_one_event_has_one_alarm() -> None:
    rule = AlarmRule(50)
    for at in range(50):
        rule.push(float(at % 2), 0.1)
    alarms = [rule.push(5.0 + at, 3.0).alarm for at in range(10)]

    assert alarms == [True] + [False] * 9
