"""Draw rows of values over time as coloured cells, without a plotting library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.errors import DataError
from seqstudio.media.canvas import GREY, GRID, INK, Canvas, blend

LEFT, RIGHT, TOP, BOTTOM = 64, 24, 56, 24
ROW_HEIGHT = 12
USUAL_WIDTH, WIDEST_CELL = 1200, 10
MOST_COLUMNS = 4000
MARK_PIXELS = 40  # between the texts of marks, at least
POSITIVE, NEGATIVE = "#b23a1e", "#1f5f8b"


def draw_heat_map(
    values: NDArray[np.floating],
    path: Path,
    *,
    rows: Sequence[str],
    marks: Sequence[tuple[int, str]] = (),
    title: str = "",
) -> None:
    """Draw values as PNG: red above 0, blue below, the stronger the further from it.

    Parameters
    ----------
    values : (R, T) float; the strongest colour is the largest magnitude
    path : a new file
    rows : the name of each row
    marks : a column and the text above the line before it, ascending
    title : text above

    Raises
    ------
    DataError
        If there are no columns, or too many for a picture.
    """
    count, columns = values.shape
    if not 0 < columns <= MOST_COLUMNS:
        raise DataError(
            f"{title or path.name}: {columns} steps, expected 1 to {MOST_COLUMNS} in a picture"
        )
    cell = min(max(USUAL_WIDTH // columns, 1), WIDEST_CELL)
    height = TOP + ROW_HEIGHT * count
    canvas = Canvas(LEFT + cell * columns + RIGHT, height + BOTTOM)
    canvas.text((LEFT, 10), title, 12)
    shares = values / max(float(np.abs(values).max()), 1e-9)
    for row, (name, ones) in enumerate(zip(rows, shares.tolist(), strict=True)):
        top = TOP + ROW_HEIGHT * row
        canvas.text((LEFT - 6, top + ROW_HEIGHT / 2), name, 8, fill=INK, anchor="rm")
        for column, share in enumerate(ones):
            at = LEFT + cell * column
            colour = blend(POSITIVE if share > 0 else NEGATIVE, abs(share))
            canvas.box((at, top), (at + cell, top + ROW_HEIGHT - 1), colour)
    written = -float(MARK_PIXELS)
    for column, text in marks:
        at = LEFT + cell * column
        canvas.line([(at, TOP - 4), (at, height)], GRID)
        if at - written >= MARK_PIXELS:
            canvas.text((at, TOP - 18), text, 9, fill=GREY)
            written = at
    canvas.save(path)


def draw_hidden_units(
    units: NDArray[np.floating],
    path: Path,
    *,
    count: int,
    marks: Sequence[tuple[int, str]] = (),
    title: str = "",
) -> tuple[int, ...]:
    """Draw the hidden units of a layer that vary most over time, as PNG.

    Parameters
    ----------
    units : (T, H) float
    path : a new file
    count : units that are drawn at most
    marks : a step and the text above the line before it, ascending
    title : text above

    Returns
    -------
    the numbers of those that are drawn, in the order in which they are strongest

    Raises
    ------
    DataError
        If there are no steps, or too many for a picture.
    """
    varying = np.argsort(-units.std(axis=0), kind="stable")[:count]
    strongest = np.abs(units[:, varying] - units[:, varying].mean(axis=0)).argmax(axis=0)
    drawn = tuple(varying[np.argsort(strongest, kind="stable")].tolist())
    rows = [f"unit {number}" for number in drawn]
    draw_heat_map(units[:, list(drawn)].T, path, rows=rows, marks=marks, title=title)
    return drawn
