"""The operation `detect`: a verdict on every row of a table, in the order of its rows."""

from collections.abc import Callable, Iterator

from seqstudio.api import DataError, Job, LoadedModel, Request, Result
from seqstudio_forecast.charts import Chart, Line
from seqstudio_forecast.detector import Detections, detect_whole
from seqstudio_forecast.frames import frames_of
from seqstudio_forecast.nab import probation
from seqstudio_forecast.predict import choose_columns
from seqstudio_forecast.predictor import error_densities
from seqstudio_forecast.series import Series, read_series, time_texts
from seqstudio_forecast.settings import forecast_settings

COLUMNS = ("time", "series", "value", "score", "anomaly")
SHORTEST = 20  # rows to judge any of


class Detect:
    """Finds anomalies in every column of a table."""

    name = "detect"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one table for the item.

        Raises
        ------
        DataError
            If the table cannot be read, has no such column, or has too few rows.
        """
        (path,) = request.inputs["table"]
        model = job.model()
        chosen = choose_columns(
            read_series(path, by_row=True), request.options["columns"], str(path)
        )
        rows: list[tuple[str | float | bool, ...]] = []
        charts, said = [], []
        for number, series in enumerate(chosen):
            job.progress(number / len(chosen), series.name)
            learned = request.options["probation"] or probation(len(series))
            if len(series) < SHORTEST or learned >= len(series):
                raise DataError(
                    f"{path}: {len(series)} rows, {learned} of them to learn from, expected more, "
                    f"and at least {SHORTEST}"
                )
            found = detect_series(model, series, learned, job.check)
            rows += detection_rows(series, found)
            charts.append(detection_chart(series, found))
            said.append(f"{series.name}: {int(found.flags.sum())} in {len(series)} rows")
        for note in dict.fromkeys(note for series in chosen for note in series.notes):
            job.log(f"{path}: {note}")
        yield Result(
            outputs={"anomalies": Chart(COLUMNS, tuple(rows), tuple(charts))},
            summary=f"anomalies by {model.name}: {'; '.join(said)}",
            details={"model": model.name, "found": said},
        )


def detect_series(
    model: LoadedModel, series: Series, learned: int, check: Callable[[], None] | None = None
) -> Detections:
    """Judge every row; the first `learned` ones have the score 0."""
    frames = frames_of(series, forecast_settings(model.settings).horizon, check)
    return detect_whole(series, frames, error_densities(model, frames), learned)


def detection_rows(series: Series, found: Detections) -> list[tuple[str | float | bool, ...]]:
    """Return a row of the table for each row of the input."""
    times = time_texts(series, series.times)
    columns = (times, series.values.tolist(), found.scores.tolist(), found.flags.tolist())
    return [
        (time, series.name, value, round(score, 3), flag)
        for time, value, score, flag in zip(*columns, strict=True)
    ]


def detection_chart(series: Series, found: Detections) -> Line:
    """Return the picture of a series with its anomalies."""
    return Line(
        name=f"{series.name}: {int(found.flags.sum())} anomalies",
        times=tuple(time_texts(series, series.times)),
        values=tuple(series.values.tolist()),
        marks=tuple(found.flags.nonzero()[0].tolist()),
    )
