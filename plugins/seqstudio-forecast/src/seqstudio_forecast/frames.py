"""What the network reads and predicts at each value: all of it is a function of the past alone.

A linear forecast that learns as it goes (recursive least squares with forgetting) gives each
horizon a first guess from the last value, two running means and the same time of earlier seasons.
The network reads how that guess fared, and predicts the density of what it will still be wrong by,
in units of its usual error. So a series of any size, with or without seasons, looks alike to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqstudio_forecast.series import DAY_US, Series

Floats = NDArray[np.float64]
MEMORY = 1000  # values over which errors and coefficients are remembered
SHORT, LONG = 8, 64  # values of the two running means
REGRESSORS = 4  # short mean, long mean, last season, last week
RIDGE = 10.0  # of the coefficients, in values that say they are 0
SOLVE_EVERY = 16  # values; solving at each would take most of the time
CHECK_EVERY = 256  # values
LARGEST = 50.0  # error that a frame shows or a target holds, in usual errors


@dataclass(frozen=True)
class Calendar:
    """The calendar of a step."""

    season: int  # steps; 0: none
    week: int  # steps of a longer season; 0: none
    timed: bool  # whether times mean anything
    daily: bool  # whether the time of day does

    @classmethod
    def of(cls, series: Series) -> "Calendar":
        """Return the calendar of a series; rows at equal times have the seasons of their times."""
        step_us = int(np.median(np.diff(series.times).astype(np.int64)))
        timed = series.times[0] > np.datetime64("1900-01-01") and step_us >= 1_000_000
        timed = timed and series.times[0].astype(np.int64) != 0
        season = series.step.season
        if series.step.unit == "row" and timed and DAY_US % max(step_us, 1) == 0:
            season = DAY_US // step_us if step_us < DAY_US else 0
        week = 7 * season if timed and step_us < DAY_US else 0
        return cls(season, week, timed, timed and step_us < DAY_US)

    def features(self, time: np.datetime64) -> list[float]:
        """Return six numbers; 0 where a part of the calendar means nothing."""
        if not self.timed:
            return [0.0] * 6
        day = time.astype("datetime64[D]")
        of_day = float((time - day).astype(np.int64)) / DAY_US
        of_week = (float(day.astype(np.int64) + 3) % 7 + of_day) / 7
        of_year = float((day - day.astype("datetime64[Y]")).astype(np.int64)) / 366
        shares = np.array([of_day, of_week, of_year]) * (2 * np.pi)
        waves = [*np.sin(shares), *np.cos(shares)]
        return waves if self.daily else [0.0, *waves[1:3], 0.0, *waves[4:]]


class FrameStream:
    """Reads one value after the other; after each it knows the frame and the first guesses."""

    def __init__(self, horizon: int, calendar: Calendar) -> None:
        self.horizon, self.calendar = horizon, calendar
        self.values: Floats = np.zeros(1024)
        self.count = 0
        self.steps = np.arange(1, horizon + 1)
        lags = (calendar.season, calendar.week)
        self.lags = [lag * -(-self.steps // lag) if lag else None for lag in lags]
        self.matrix = np.zeros((horizon, REGRESSORS, REGRESSORS))
        self.vector = np.zeros((horizon, REGRESSORS))
        self.coefficients: Floats = np.zeros((horizon, REGRESSORS))
        self.seen = np.zeros((horizon, horizon, REGRESSORS))  # regressors of the last origins
        self.guessed = np.zeros((horizon, horizon))  # guesses of the last origins
        self.guesses = np.zeros(horizon)  # first guesses of the next values
        self.scale: Floats = np.zeros(horizon)  # usual error of each horizon
        self.short = self.long = 0.0  # running means
        self.size = self.recent = 0.0  # usual change, and recent change
        self.spread = 0.0  # usual distance from the long mean

    def push(self, value: float, next_time: np.datetime64, *, observed: bool) -> Floats:
        """Read a value; return the (F,) frame after it. `next_time` is that of the next value."""
        errors = self._learn(value)
        before = self.values[self.count - 1] if self.count else value
        self._remember(value)
        weight = self._weight()
        self.size += weight * (abs(value - before) - self.size)
        self.recent += max(weight, 0.2) * (abs(value - before) - self.recent)
        self.short += max(weight, 1 / SHORT) * (value - self.short)
        self.long += max(weight, 1 / LONG) * (value - self.long)
        self.spread += weight * (abs(value - self.long) - self.spread)
        if self.count < 64 or self.count % SOLVE_EVERY == 0:
            self._solve()
        regressors = self._regressors(value)
        self.guesses = value + (self.coefficients * regressors).sum(axis=1)
        origin = (self.count - 1) % self.horizon
        self.seen[origin], self.guessed[origin] = regressors, self.guesses
        clock = self.calendar.features(next_time)
        return np.array([*self._frame(value, before, errors), float(observed), *clock])

    @property
    def scales(self) -> Floats:
        """The (H,) usual errors of such guesses."""
        floor = 1e-3 * self.size + 1e-9 * (abs(self.long) + self.spread) + 1e-12
        return np.maximum(self.scale, floor)

    def _weight(self) -> float:
        return max(1.0 / max(self.count, 1), 1.0 / MEMORY)

    def _remember(self, value: float) -> None:
        if self.count == len(self.values):
            self.values = np.concatenate([self.values, np.zeros(self.count)])
        self.values[self.count] = value
        self.count += 1

    def _learn(self, value: float) -> Floats:
        """Learn from the errors that a value shows: one for each horizon; return them, scaled."""
        errors, known = np.zeros(self.horizon), min(self.count, self.horizon)
        if not known:
            return errors
        ahead = np.arange(known)
        origins = (self.count - 1 - ahead) % self.horizon  # those that guessed this value
        wrong = value - self.guessed[origins, ahead]
        scales = self.scales[:known]
        errors[:known] = np.clip(wrong / scales, -LARGEST, LARGEST)
        rates = np.maximum(1.0 / np.maximum(self.count - ahead, 1), 1.0 / MEMORY)
        # one outlier must not blind it
        bounded = np.minimum(np.abs(wrong), 20 * scales if self.count > 2 * known else np.inf)
        self.scale[:known] += rates * (bounded - self.scale[:known])
        unit = 1.0 / (self.spread + self.size + 1e-12)
        x = np.clip(self.seen[origins, ahead] * unit, -9, 9)
        change = value - self.values[self.count - 1 - ahead]
        y = np.clip(change * unit, -9, 9)
        keep = 1.0 - 1.0 / MEMORY
        self.matrix[:known] = keep * self.matrix[:known] + x[:, :, None] * x[:, None, :]
        self.vector[:known] = keep * self.vector[:known] + x * y[:, None]
        return errors

    def _solve(self) -> None:
        ridge = RIDGE * np.eye(REGRESSORS)
        solved = np.linalg.solve(self.matrix + ridge, self.vector[:, :, None])
        self.coefficients = solved[:, :, 0].astype(np.float64)

    def _regressors(self, value: float) -> Floats:
        columns = np.zeros((self.horizon, REGRESSORS))
        columns[:, 0] = self.short - value
        columns[:, 1] = self.long - value
        for number, lags in enumerate(self.lags, start=2):
            if lags is not None:
                places = self.count - 1 + self.steps - lags
                there = places >= 0
                columns[:, number] = np.where(there, self.values[places * there] - value, 0.0)
        return columns

    def _frame(self, value: float, before: float, errors: Floats) -> list[float]:
        scales, size = self.scales, self.size + 1e-12
        ahead = (self.guesses - value) / scales
        shown = [0, (self.horizon - 1) // 2, self.horizon - 1]
        numbers = [
            *errors[shown],
            (value - before) / size,
            (value - self.short) / scales[0],
            (value - self.long) / (self.spread + 1e-12),
            *ahead[shown],
        ]
        logs = [0.0, 0.0]
        if self.size:
            logs = [np.log(self.recent / size + 1e-3), np.log(scales[0] / size + 1e-3)]
        bounded = np.arcsinh(np.clip(numbers, -LARGEST, LARGEST))
        return [*bounded, *logs]


FEATURES = 18


@dataclass(frozen=True)
class Frames:
    """Frames of a whole series, and for each the first guesses of the next values."""

    inputs: NDArray[np.float32]  # (T, FEATURES)
    guesses: Floats  # (T, H)
    scales: Floats  # (T, H)

    def errors(self, values: Floats) -> Floats:
        """Return the (T, H) errors of the guesses in usual errors; NaN past the series' end."""
        size, horizon = self.guesses.shape
        padded = np.concatenate([values, np.full(horizon, np.nan)])
        ahead = np.stack([padded[h : h + size] for h in range(1, horizon + 1)], axis=1)
        return (ahead - self.guesses) / self.scales


def frames_of(series: Series, horizon: int, check: Callable[[], None] | None = None) -> Frames:
    """Push a whole series through a `FrameStream`; now and then call `check`, which may raise."""
    stream = FrameStream(horizon, Calendar.of(series))
    times = np.concatenate([series.times[1:], series.future_times(1)])
    inputs = np.zeros((len(series), FEATURES), np.float32)
    guesses, scales = np.zeros((2, len(series), horizon))
    rows = zip(series.values.tolist(), series.observed.tolist(), times, strict=True)
    for at, (value, observed, next_time) in enumerate(rows):
        if check and at % CHECK_EVERY == 0:
            check()
        inputs[at] = stream.push(value, next_time, observed=observed)
        guesses[at], scales[at] = stream.guesses, stream.scales
    return Frames(inputs, guesses, scales)
