"""The operation `predict`: forecasts with intervals, and how such forecasts fared before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqstudio.api import DataError, Job, LoadedModel, Request, Result, pool
from seqstudio_forecast.charts import Chart, Line
from seqstudio_forecast.data import SeriesExample
from seqstudio_forecast.frames import frames_of
from seqstudio_forecast.measuring import measure_forecasts
from seqstudio_forecast.predictor import error_densities, in_units
from seqstudio_forecast.scores import LEVELS, interval
from seqstudio_forecast.series import Series, read_series, time_texts
from seqstudio_forecast.settings import forecast_settings

COLUMNS = ("time", "series", "forecast", "low_80", "high_80", "low_95", "high_95")
BACKTEST_STEPS = 500  # at the end of the known values
SHORTEST = 3  # values to forecast from
SHOWN = 5  # times as many known values as forecast ones, in the picture


@dataclass(frozen=True)
class Forecast:
    """The next values of a series: for each step the median, and the bounds of each level."""

    series: Series
    median: np.ndarray[tuple[int], np.dtype[np.float64]]
    bounds: tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]  # low, high of each level


class Predict:
    """Forecasts every column of a table."""

    name = "predict"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one table for the item.

        Raises
        ------
        DataError
            If the table cannot be read, has no such column, or has too few values.
        """
        (path,) = request.inputs["table"]
        model, steps = job.model(), int(request.options["steps"])
        horizon = forecast_settings(model.settings).horizon
        if steps > horizon:
            raise DataError(f"steps={steps}, expected at most {horizon}, as {model.name} forecasts")
        chosen = choose_columns(read_series(path), request.options["columns"], str(path))
        rows, charts, said = [], [], []
        for number, series in enumerate(chosen):
            job.progress(number / len(chosen), series.name)
            if len(series) < SHORTEST:
                raise DataError(f"{path}: {len(series)} values, expected at least {SHORTEST}")
            forecast = forecast_series(job, model, series, steps)
            job.check()
            rows += forecast_rows(forecast)
            charts.append(forecast_chart(forecast))
            said.append(f"{series.name}: {back_test(model, series)}")
        notes = list(dict.fromkeys(note for series in chosen for note in series.notes))
        for line in (*notes, *said):
            job.log(f"{path}: {line}")
        yield Result(
            outputs={"forecast": Chart(COLUMNS, tuple(rows), tuple(charts))},
            summary="; ".join((f"{steps} steps by {model.name}", *said[:1], *notes)),
            details={"model": model.name, "notes": notes, "back_test": said},
        )


def choose_columns(found: Sequence[Series], names: Sequence[str], where: str) -> list[Series]:
    """Return the series of the named columns; all if none is named.

    Raises
    ------
    DataError
        If there is no such column.
    """
    known = {series.name: series for series in found}
    for name in names:
        if name not in known:
            raise DataError(f"{where}: no column {name!r}, expected one of: {', '.join(known)}")
    return [known[name] for name in names] if names else list(found)


def forecast_series(job: Job, model: LoadedModel, series: Series, steps: int) -> Forecast:
    """Forecast the next steps of a series."""
    frames = frames_of(series, forecast_settings(model.settings).horizon, job.check)
    last = slice(len(series) - 1, len(series))
    density = in_units(
        error_densities(model, frames)[last], frames.guesses[last], frames.scales[last]
    )
    bounds = [side for level in LEVELS for side in interval(density, level)]
    return Forecast(
        series,
        density.quantile(0.5)[0, :steps].numpy(),
        tuple(side[0, :steps].numpy() for side in bounds),
    )


def forecast_rows(forecast: Forecast) -> list[tuple[str | float, ...]]:
    """Return a row of the table for each step."""
    series, steps = forecast.series, len(forecast.median)
    times = time_texts(series, series.future_times(steps))
    columns = [forecast.median, *forecast.bounds]
    return [
        (time, series.name, *(float(f"{column[at]:.6g}") for column in columns))
        for at, time in enumerate(times)
    ]


def forecast_chart(forecast: Forecast) -> Line:
    """Return what the picture shows of a series: its last values, and the forecast."""
    series, steps = forecast.series, len(forecast.median)
    known = slice(max(0, len(series) - SHOWN * steps), len(series))
    times = np.concatenate([series.times[known], series.future_times(steps)])
    return Line(
        name=series.name,
        times=tuple(time_texts(series, times)),
        values=tuple(series.values[known].tolist()),
        median=tuple(forecast.median.tolist()),
        bands=tuple(tuple(side.tolist()) for side in forecast.bounds),
    )


def back_test(model: LoadedModel, series: Series) -> str:
    """Say how forecasts of the last known values would have fared, from a rolling origin."""
    start = max(len(series) // 2, len(series) - BACKTEST_STEPS)
    example = SeriesExample(
        id=series.name, series=series, where=series.name, start=start, stop=len(series)
    )
    (found,) = measure_forecasts(model, [example])
    if not found.sums:
        return "too short for a back-test"
    values = pool([found])
    ratio = values["crps"] / values["crps_random_walk"] if values["crps_random_walk"] else 1.0
    return (
        f"over the last {len(series) - start} steps the 80 % interval held "
        f"{100 * values['coverage_80']:.0f} % of the values, and the error (CRPS) was {ratio:.2f} "
        f"of a random walk's"
    )
