"""The cells of a CSV file: its delimiter, its header, and numbers with points or commas."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError
from seqstudio.api.media import read_text_file

DELIMITERS = (";", "\t", ",", "|")
MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "-", "?"])
LOOKED_AT = 200  # rows from which delimiter and header are judged
NUMBER = re.compile(r"[+-]?(\d[\d.,' ]*|[.,]\d+)([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")


@dataclass(frozen=True)
class Cells:
    """The rows of a file as text; `lines` are their numbers in the file, for messages."""

    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def column(self, number: int) -> list[str]:
        """Return one column."""
        return [row[number] for row in self.rows]


def read_cells(path: Path) -> Cells:
    """Read a CSV file.

    Raises
    ------
    DataError
        If it is empty, or a row has another number of cells than the first.
    """
    lines = [line for line in enumerate(read_text_file(path).split("\n"), 1) if line[1].strip()]
    if not lines:
        raise DataError(f"{path}: no rows, expected times and values")
    texts = [text for _, text in lines]
    delimiter = find_delimiter(texts[:LOOKED_AT])
    rows = [[cell.strip() for cell in row] for row in csv.reader(texts, delimiter=delimiter)]
    numbers = [number for number, _ in lines]
    for number, row in zip(numbers, rows, strict=False):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}:{number}: {len(row)} cells between {delimiter!r}, expected {len(rows[0])}"
            )
    header = tuple(f"column {n}" for n in range(1, len(rows[0]) + 1))
    if not any(is_number(cell) for cell in rows[0]):
        header, rows, numbers = tuple(rows[0]), rows[1:], numbers[1:]
    if len(rows) < 2:
        raise DataError(f"{path}: {len(rows)} row of values, expected at least 2")
    return Cells(header, rows, numbers)


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that all lines hold equally often; a comma if none does.

    >>> find_delimiter(["day;value", "1;2,5", "2;3"])
    ';'
    """
    for delimiter in DELIMITERS:
        counts = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        if len(counts) == 1 and counts != {1}:
            return delimiter
    return ","


def is_number(text: str) -> bool:
    """Whether a cell looks like a number, with a point or a comma."""
    return bool(NUMBER.fullmatch(text))


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.lower() in MISSING


def read_numbers(texts: Sequence[str], where: Sequence[str]) -> NDArray[np.float64]:
    """Return the numbers of a column; missing ones are NaN.

    A comma is a decimal comma, unless points say otherwise: in 1,234.5 it parts thousands.

    Parameters
    ----------
    texts : the cells
    where : the place of each cell, for messages

    Raises
    ------
    DataError
        If a cell is no number, or every comma could be either.
    """
    comma = decimal_comma(texts, where)
    values = np.full(len(texts), np.nan)
    for at, text in enumerate(texts):
        if is_missing(text):
            continue
        plain = text.replace(" ", "").replace("'", "").replace("." if comma else ",", "")
        try:
            values[at] = float(plain.replace(",", "."))
        except ValueError:
            raise DataError(f"{where[at]}: {text!r}, expected a number") from None
        if not np.isfinite(values[at]):
            raise DataError(f"{where[at]}: {text!r}, expected a finite number")
    return values


def decimal_comma(texts: Sequence[str], where: Sequence[str]) -> bool:
    """Return whether commas in a column of numbers are decimal commas.

    Raises
    ------
    DataError
        If every comma could also part thousands.
    """
    held = [at for at, text in enumerate(texts) if "," in text]
    if not held:
        return False
    for at in held:
        if "." in texts[at]:
            return texts[at].rfind(",") > texts[at].rfind(".")
    if any("." in text for text in texts):
        return False
    if any(not THOUSANDS.fullmatch(texts[at]) for at in held):
        return True
    text = texts[held[0]]
    raise DataError(
        f"{where[held[0]]}: {text!r} may be {text.replace(',', '')} or {text.replace(',', '.')}, "
        f"expected numbers without a separator of thousands"
    )
