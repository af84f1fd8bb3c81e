"""Where a translation attended to: a picture (PNG) and a table (HTML), as in Bahdanau et al. 2015.

A row is a unit of the translation, a column one of the source; the darker, the more attention.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError
from seqstudio.api.pictures import INK, Canvas, blend
from seqstudio_text.translate.search import Translation

DARKEST = "#1f5f8b"
CELL, LEFT, TOP, GAP, SIZE = 22, 120, 100, 24, 12  # points
MOST_UNITS, MOST_PANELS = 60, 12


@dataclass(frozen=True, slots=True)
class Pictures:
    """The translations of a text that can be drawn."""

    translations: tuple[Translation, ...]


class AttentionExporter:
    """Draws where the first translations of a text attended to, as PNG."""

    name = "png"
    kind = "text"

    def write(self, value: object, path: Path) -> None:
        """Draw `value` as a new file at `path`.

        Raises
        ------
        DataError
            If there is nothing to draw.
        """
        found = value.translations if isinstance(value, Pictures) else ()
        drawn = [one for one in found if drawable(one)][:MOST_PANELS]
        if not drawn:
            raise DataError(
                f"{path.name}: no attention to draw, expected a translation that has it"
            )
        widest = max(len(one.sources) for one in drawn)
        heights = [TOP + CELL * len(one.units) + GAP for one in drawn]
        canvas = Canvas(LEFT + CELL * widest + GAP, sum(heights))
        above = 0
        for one, height in zip(drawn, heights, strict=True):
            draw(canvas, one, above)
            above += height
        canvas.save(path)


def drawable(one: Translation) -> bool:
    """Return whether a translation has attention, and is not too long for a picture."""
    return 0 < len(one.attention) <= MOST_UNITS and len(one.sources) <= MOST_UNITS


def draw(canvas: Canvas, one: Translation, above: float) -> None:
    """Draw the attention of one translation below what is drawn already."""
    for column, unit in enumerate(one.sources):
        at = LEFT + CELL * (column + 0.5), above + TOP / 2
        canvas.vertical_text(at, written(unit), SIZE, fill=INK)
    for row, (unit, weights) in enumerate(zip(one.units, one.attention, strict=True)):
        top = above + TOP + CELL * row
        canvas.text((LEFT - 8, top + CELL / 2), written(unit), SIZE, anchor="rm")
        for column, weight in enumerate(weights):
            left = LEFT + CELL * column
            shade = blend(DARKEST, min(1.0, weight))
            canvas.box((left, top), (left + CELL - 1, top + CELL - 1), shade)


def attention_table(one: Translation) -> str:
    """Return the attention of a translation as an HTML table, or '' if it cannot be drawn."""
    if not drawable(one):
        return ""
    rows = [_row("", [(written(unit), "") for unit in one.sources])]
    for unit, weights in zip(one.units, one.attention, strict=True):
        shades = [("&nbsp;", blend(DARKEST, min(1.0, weight))) for weight in weights]
        rows.append(_row(written(unit), shades))
    table = '<table cellspacing="1" cellpadding="2" style="font-size: 11px">'
    return table + "".join(rows) + "</table>"


def _row(name: str, cells: Sequence[tuple[str, str]]) -> str:
    """Return a row; a cell is a unit, or a colour."""
    written_cells = (
        f'<td bgcolor="{colour}">{text}</td>' if colour else f"<td>{html.escape(text)}</td>"
        for text, colour in cells
    )
    return f'<tr><td align="right">{html.escape(name)}</td>{"".join(written_cells)}</tr>'


def written(unit: str) -> str:
    r"""Return a unit as it is shown: an underscore is where a word begins.

    >>> written("\u2581man"), written("")
    ('_man', '(end)')
    """
    return unit.replace("\u2581", "_") or "(end)"
