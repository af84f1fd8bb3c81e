"""Series: values on a regular grid of times, and how a table of any times becomes one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError
from seqstudio_forecast.cells import Cells, is_missing, is_number, read_cells, read_numbers
from seqstudio_forecast.times import Times, is_time, read_times

Places = NDArray[np.int64]
Unit = Literal["us", "business day", "month", "row"]
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
LONGEST_GRID = 50  # times as many steps as rows: the step cannot be right


@dataclass(frozen=True)
class Step:
    """The distance of two times: so many microseconds, business days, months or rows."""

    unit: Unit
    size: int

    def times(self, start: np.datetime64, first: int, count: int) -> Times:
        """Return the times of steps `first` to `first + count` of a grid that begins at `start`."""
        steps = np.arange(first, first + count) * self.size
        if self.unit == "month":
            months = start.astype("datetime64[M]")
            of_month: Times = (months + steps).astype("datetime64[us]") + (start - months)
            return of_month
        if self.unit == "business day":
            days = start.astype("datetime64[D]")
            found = np.busday_offset(days, steps, roll="forward")
            of_week: Times = found.astype("datetime64[us]") + (start - days)
            return of_week
        times: Times = start + steps.astype("timedelta64[us]")
        return times

    @property
    def season(self) -> int:
        """Steps of the season that comes first to mind: a day, a week or a year; 0 for none."""
        if self.unit == "row":
            return 0
        if self.unit == "month":
            return 12 if 12 % self.size == 0 else 0
        if self.unit == "business day":
            return 5
        whole = DAY_US if self.size < DAY_US else 7 * DAY_US
        return whole // self.size if whole % self.size == 0 and self.size < whole else 0


@dataclass(frozen=True)
class Series:
    """One column on a grid. A value that was not observed is interpolated."""

    name: str
    times: Times  # (T,)
    values: NDArray[np.float64]  # (T,)
    observed: NDArray[np.bool_]  # (T,)
    step: Step
    notes: tuple[str, ...] = ()  # what was done to the table, for the user

    def __len__(self) -> int:
        return len(self.values)

    def first(self, count: int) -> "Series":
        """Return the first `count` steps."""
        return replace(
            self,
            times=self.times[:count],
            values=self.values[:count],
            observed=self.observed[:count],
        )

    def future_times(self, count: int) -> Times:
        """Return the times of the next steps."""
        return self.step.times(self.times[0], len(self), count)


@dataclass
class Columns:
    """The columns of values of a table in the order of its times, before they are on a grid."""

    times: Times | None  # None: rows at equal steps
    values: dict[str, NDArray[np.float64]]
    notes: list[str] = field(default_factory=list)


def read_series(path: Path, *, by_row: bool = False) -> list[Series]:
    """Read each column of values of a CSV file as a series.

    Unsorted times are sorted, several values of a time averaged, gaps interpolated; `notes` say so.

    Parameters
    ----------
    by_row : keep the rows as they are, each a step, and only interpolate missing values

    Raises
    ------
    DataError
        If the file has no column of numbers, or times that cannot be read or have no step.
    """
    columns = read_columns(path)
    if by_row or columns.times is None:
        return [_rows_as_steps(name, v, columns) for name, v in columns.values.items()]
    notes = columns.notes
    times, groups = _sorted_times(columns.times, notes)
    step = find_step(np.unique(times), str(path))
    places = grid_places(times, step)
    if places[-1] >= LONGEST_GRID * len(times):
        raise DataError(
            f"{path}: {places[-1] + 1} steps for {len(times)} times, expected times at equal steps"
        )
    return [_on_grid(name, v[groups], times, places, step, notes) for name, v in
            columns.values.items()]  # fmt: skip


def read_columns(path: Path) -> Columns:
    """Read a table: its column of times, if there is one, and its columns of numbers.

    Raises
    ------
    DataError
        If there is no column of numbers, or one holds something else.
    """
    cells = read_cells(path)
    timed = next((n for n in range(len(cells.header)) if _share(cells, n, is_time) > 0.5), None)
    others = [n for n in range(len(cells.header)) if n != timed]
    found = [n for n in others if _share(cells, n, is_number) > 0.5]
    if not found:
        raise DataError(f"{path}: columns {', '.join(cells.header)}, expected one of numbers")
    values = {
        cells.header[n]: read_numbers(cells.column(n), _places(path, cells, n)) for n in found
    }
    for name, column in values.items():
        if not np.isfinite(column).any():
            raise DataError(f"{path}: column {name!r} has no number, expected some")
    left = [cells.header[n] for n in others if n not in found]
    notes = [f"column {name!r} has no numbers: left out" for name in left]
    if timed is None:
        notes.append("no column of times: rows taken as equal steps")
        return Columns(None, values, notes)
    return Columns(read_times(cells.column(timed), _places(path, cells, timed)), values, notes)


def find_step(times: Times, where: str) -> Step:
    """Return the step of different, ascending times, the one that most of them are apart.

    Raises
    ------
    DataError
        If fewer than half of the times are one step apart.
    """
    if len(times) < 2:
        raise DataError(f"{where}: one time, expected at least 2")
    days = times.astype("datetime64[D]")
    if np.array_equal(days.astype("datetime64[us]"), times) or len(set(times - days)) == 1:
        months = np.diff(days.astype("datetime64[M]").astype(int))
        same_day = len(set((days - days.astype("datetime64[M]")).astype(int))) == 1
        if same_day and (months > 0).all() and np.diff(times).max() > np.timedelta64(27, "D"):
            return Step("month", int(np.bincount(months).argmax()))
        weekdays = np.is_busday(days).all()
        if weekdays and len(days) > 5 and np.median(np.busday_count(days[:-1], days[1:])) == 1:
            return Step("business day", 1)
    apart = np.diff(times).astype(np.int64)
    sizes, counts = np.unique(apart, return_counts=True)
    size, count = int(sizes[counts.argmax()]), int(counts.max())
    if count < len(apart) / 2:
        raise DataError(
            f"{where}: {count} of {len(apart)} times are {size / 1e6:g} s after the one before, "
            f"expected at least half of them a step apart"
        )
    return Step("us", size)


def grid_places(times: Times, step: Step) -> Places:
    """Return the number of the grid step that is next to each time."""
    if step.unit == "month":
        months = times.astype("datetime64[M]").astype(np.int64)
        of_month: Places = (months - months[0]) // step.size
        return of_month
    if step.unit == "business day":
        days = times.astype("datetime64[D]")
        return np.asarray(np.busday_count(days[0], days), np.int64)
    since = (times - times[0]).astype(np.int64)
    places: Places = (since + step.size // 2) // step.size
    return places


def _share(cells: Cells, number: int, fits: Callable[[str], bool]) -> float:
    """Return the share of a column's cells that fit, of those that hold something."""
    held = [cell for cell in cells.column(number) if not is_missing(cell)]
    return sum(map(fits, held)) / len(held) if held else 0.0


def _places(path: Path, cells: Cells, number: int) -> list[str]:
    return [f"{path}:{line}, column {cells.header[number]!r}" for line in cells.lines]


def _rows_as_steps(name: str, values: NDArray[np.float64], columns: Columns) -> Series:
    times = columns.times
    if times is None:
        times = np.arange(len(values)).astype("datetime64[us]")
    filled, observed = interpolated(values)
    return Series(name, times, filled, observed, Step("row", 1), tuple(columns.notes))


def _sorted_times(times: Times, notes: list[str]) -> tuple[Times, NDArray[np.int64]]:
    """Return the times in order, and the order; say what was out of it."""
    apart = np.diff(times).astype(np.int64)
    back = apart < 0
    if int(back.sum()) == 1 and int(apart[back][0]) >= -HOUR_US:
        at = times[int(back.argmax())]
        notes.append(f"times go back an hour after {at}: the end of daylight saving, averaged")
    elif back.any():
        notes.append(f"{int(back.sum())} times before the one above: sorted")
    order = np.argsort(times, kind="stable")
    repeated = len(times) - len(np.unique(times))
    if repeated:
        notes.append(f"{repeated} repeated times: their values averaged")
    return times[order], order


def _on_grid(
    name: str,
    values: NDArray[np.float64],
    times: Times,
    places: NDArray[np.int64],
    step: Step,
    notes: list[str],
) -> Series:
    """Put values at their places of the grid: the mean of several, or interpolated."""
    known = np.isfinite(values)
    count = np.bincount(places[known], minlength=places[-1] + 1)
    total = np.bincount(places[known], weights=values[known], minlength=places[-1] + 1)
    with np.errstate(invalid="ignore"):
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    filled, observed = interpolated(mean)
    missing = int((~observed).sum())
    said = [*notes, f"{missing} of {len(mean)} values missing: interpolated"] if missing else notes
    grid = step.times(times[0], 0, len(mean))
    return Series(name, grid, filled, observed, step, tuple(said))


def interpolated(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fill NaN on straight lines between their neighbours; return also which were there."""
    observed = np.isfinite(values)
    at = np.arange(len(values))
    return np.interp(at, at[observed], values[observed]), observed


def time_texts(series: Series, times: Times) -> list[str]:
    """Return times as ISO 8601, or as numbers of rows from 1 where the table has none."""
    if series.step.unit == "row" and series.times[0].astype(np.int64) == 0:
        return [str(int(time) + 1) for time in times.astype(np.int64)]
    every = np.concatenate([series.times, times])
    dates = bool((every == every.astype("datetime64[D]")).all())
    whole = bool((every == every.astype("datetime64[s]")).all())
    unit: Literal["D", "s", "us"] = "D" if dates else "s" if whole else "us"
    return [str(text) for text in np.datetime_as_string(times, unit=unit)]
