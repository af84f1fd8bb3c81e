"""Times as text: ISO 8601, Unix seconds, and dates whose order all rows together decide."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError

Times = NDArray[np.datetime64]  # of microseconds; UTC if the texts name offsets, else local
YEARS = range(1000, 3000)
UNIX = re.compile(r"\d{9,10}(\.\d+)?|\d{13}")  # seconds or milliseconds since 1970
DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*([aApP][mM])?")


def is_time(text: str) -> bool:
    """Whether a cell looks like a time. A whole number may be one only as Unix seconds."""
    return bool(UNIX.fullmatch(text)) or bool(DATE.match(text)) or _iso(text) is not None


def read_times(texts: Sequence[str], where: Sequence[str]) -> Times:
    """Return the times of a column.

    Parameters
    ----------
    texts : the cells
    where : the place of each cell, for messages

    Raises
    ------
    DataError
        If a cell is no time, or no row shows which part of the dates is the day.
    """
    if all(UNIX.fullmatch(text) for text in texts):
        seconds = [float(t) / (1000 if len(t) == 13 else 1) for t in texts]
        return np.array([round(1e6 * s) for s in seconds], "datetime64[us]")
    order: str | None = None
    found = []
    for text, place in zip(texts, where, strict=True):
        time = _iso(text)
        if time is None:
            order = order or date_order(texts, where)
            time = _in_order(text, order)
        if time is None:
            raise DataError(f"{place}: {text!r}, expected a time such as 2024-01-31 14:00")
        found.append(time)
    if len({time.tzinfo is None for time in found}) == 2:
        raise DataError(f"{where[0]}: times with and without an offset, expected one kind")
    return np.array([_utc(time) for time in found], "datetime64[us]")


def date_order(texts: Sequence[str], where: Sequence[str]) -> str:
    """Return "dmy" or "mdy", whichever all dates such as 3/4/2024 allow; points mean "dmy".

    Raises
    ------
    DataError
        If the dates allow both.
    """
    dates = [(m, at) for at, text in enumerate(texts) if (m := DATE.match(text))]
    days = [(int(m[1]), int(m[3])) for m, _ in dates if len(m[1]) < 3]
    if any(m[2] == "." for m, _ in dates) or any(first > 12 for first, _ in days):
        return "dmy"
    if any(second > 12 for _, second in days) or not days:
        return "mdy"
    match, at = dates[0]
    raise DataError(
        f"{where[at]}: {match[0]} may have the day or the month first, and no row decides it, "
        f"expected dates such as 2024-01-31"
    )


def _iso(text: str) -> datetime | None:
    if re.fullmatch(r"\d{4}-\d{2}", text):
        text = f"{text}-01"
    if text[:4].isdecimal() and text[4:5] in "/-":
        text = text.replace("/", "-")
    elif not re.match(r"\d{4}-", text):
        return None
    try:
        return datetime.fromisoformat(text.replace(" UTC", "Z"))
    except ValueError:
        return None


def _in_order(text: str, order: str) -> datetime | None:
    date = DATE.match(text)
    if date is None or len(date[4]) not in (2, 4):
        return None
    year = int(date[4]) + (2000 if len(date[4]) == 2 else 0)
    day, month = (int(date[1]), int(date[3])) if order == "dmy" else (int(date[3]), int(date[1]))
    rest = text[date.end() :].strip(" T,")
    clock = CLOCK.fullmatch(rest) if rest else None
    if (rest and clock is None) or year not in YEARS:
        return None
    try:
        return datetime(year, month, day) + _since_midnight(clock)
    except ValueError:  # no such day
        return None


def _since_midnight(clock: re.Match[str] | None) -> timedelta:
    if clock is None:
        return timedelta(0)
    hour = int(clock[1])
    if clock[5]:
        hour = hour % 12 + (12 if clock[5].lower() == "pm" else 0)
    seconds = int(clock[3] or 0) + float(clock[4] or 0)
    return timedelta(hours=hour, minutes=int(clock[2]), seconds=seconds)


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
