"""Tables of times and values: what is read, what is mended and said, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from seqstudio_forecast.series import read_series

from seqstudio.api import DataError

Write = Callable[..., Path]


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_german_numbers_and_dates_are_read(write: Write) -> None:
    text = rows("Tag;Wert;Ort", "01.02.2024;1.234,5;A", "02.02.2024;2,25;A", "03.02.2024;3;B")
    (series,) = read_series(write(text))

    assert series.name == "Wert"
    assert series.values.tolist() == [1234.5, 2.25, 3.0]
    assert series.times[0] == np.datetime64("2024-02-01")
    assert series.notes == ("column 'Ort' has no numbers: left out",)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234.5", "2"], [1234.5, 2.0]),
        (["1'234", "2 000"], [1234.0, 2000.0]),
        (["1e3", "-.5"], [1000.0, -0.5]),
        (["NA", "2"], [2.0, 2.0]),
    ],
)
def test_numbers_are_read_as_they_are_written(
    cells: list[str], values: list[float], write: Write
) -> None:
    text = rows("t;v", *(f"2024-01-0{n};{cell}" for n, cell in enumerate(cells, 1)))
    (series,) = read_series(write(text))

    assert series.values.tolist() == values


@pytest.mark.parametrize(
    ("texts", "second"),
    [
        (["2024-01-01T00:00Z", "2024-01-01T02:00+01:00", "2024-01-01T02:00Z"], "2024-01-01T01"),
        (["1704067200", "1704070800", "1704074400"], "2024-01-01T01"),
        (["1704067200000", "1704070800000", "1704074400000"], "2024-01-01T01"),
        (["1/31/2024 11:00 PM", "2/1/2024 12:00 AM", "2/1/2024 1:00 AM"], "2024-02-01T00"),
        (["31/1/24 23:00", "1/2/24 00:00", "1/2/24 01:00"], "2024-02-01T00"),
    ],
)
def test_times_are_read_as_they_are_written(texts: list[str], second: str, write: Write) -> None:
    (series,) = read_series(write(rows("t,v", *(f"{t},{n}" for n, t in enumerate(texts)))))

    assert series.times[1] == np.datetime64(second)


def test_unsorted_repeated_and_missing_times_are_mended_and_said(write: Write) -> None:
    text = rows(
        "t,v", "2024-01-02,2", "2024-01-01,1", "2024-01-02,4", "2024-01-05,9", "2024-01-06,9"
    )
    (series,) = read_series(write(text))

    assert series.values.tolist() == [1.0, 3.0, 5.0, 7.0, 9.0, 9.0]
    assert series.observed.tolist() == [True, True, False, False, True, True]
    assert series.notes == (
        "1 times before the one above: sorted",
        "1 repeated times: their values averaged",
        "2 of 6 values missing: interpolated",
    )


def test_the_hours_of_daylight_saving_are_named(write: Write) -> None:
    hours = [f"2024-10-27 {h:02}:00" for h in (0, 1, 2, 2, 3, 4, 5, 6)]
    (autumn,) = read_series(write(rows("t,v", *(f"{t},{n}" for n, t in enumerate(hours)))))
    hours = [f"2024-03-31 {h:02}:00" for h in (0, 1, 3, 4, 5, 6)]
    (spring,) = read_series(write(rows("t,v", *(f"{t},{n}" for n, t in enumerate(hours)))))

    assert autumn.values.tolist() == [0, 1, 2.5, 4, 5, 6, 7]
    assert "1 repeated times: their values averaged" in autumn.notes
    assert spring.notes == ("1 of 7 values missing: interpolated",)


def test_months_and_business_days_are_steps(write: Write) -> None:
    months = [f"2024-{m:02}-01,{m}" for m in range(1, 13) if m != 3]
    days = [f"2024-01-{d:02},{d}" for d in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12)]
    (monthly,) = read_series(write(rows("t,v", *months)))
    (daily,) = read_series(write(rows("t,v", *days)))

    assert (monthly.step.unit, monthly.values[2], len(monthly)) == ("month", 3.0, 12)
    assert monthly.future_times(1)[0] == np.datetime64("2025-01-01")
    assert (daily.step.unit, len(daily)) == ("business day", 10)
    assert daily.future_times(1)[0] == np.datetime64("2024-01-15")


def test_rows_without_times_are_steps(write: Write) -> None:
    first, second = read_series(write(rows("1.5,2", "2.5,3", "3.5,4")))

    assert first.values.tolist() == [1.5, 2.5, 3.5]
    assert second.name == "column 2"
    assert first.notes == ("no column of times: rows taken as equal steps",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([""], "no rows, expected times and values"),
        (["time,value"], "0 row of values, expected at least 2"),
        (["time,value", "2024-01-01,1"], "1 row of values, expected at least 2"),
        (["a,b", "x,y", "z,w"], "columns a, b, expected one of numbers"),
        (
            ["t,v", "2024-01-01,1", "2024-01-02,one", "2024-01-03,3"],
            "column 'v': 'one', expected a",
        ),
        (["t,v", "2024-01-01,1", "2024-01-02,2,3"], r"csv:3: 3 cells between ',', expected 2"),
        (["t;v", "3/4/2024;1", "4/5/2024;2"], "3/4/2024 may have the day or the month first"),
        (["t;v", "2024-01-01;1,234", "2024-01-02;2,345"], "may be 1234 or 1.234, expected"),
        (
            ["t,v", "2024-01-01,1", "2024-01-05,2", "2024-01-07,2", "2024-01-20,2"],
            "1 of 3 times are",
        ),
        (["t,v", "2024-01-01,inf", "2024-01-02,1e999"], "columns t, v|expected a finite number"),
        (["t,v", "2024-02-30,1", "2024-03-01,2", "x,3"], "expected"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(
    lines: list[str], said: str, write: Write
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_series(write(rows(*lines)))

    assert "\n" not in str(caught.value)
