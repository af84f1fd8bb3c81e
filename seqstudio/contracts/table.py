"""A table of results: the value of outputs of the kind `table`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from seqstudio.errors import DataError

Cell: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and their rows; None is an empty cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise DataError(f"row {number}: {len(row)} cells, expected {len(self.columns)}")

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Yield the names of the columns and then each row, as text."""
        yield self.columns
        for row in self.rows:
            yield tuple(map(_text, row))

    def to_bytes(self) -> bytes:
        """Return the cells as text in UTF-8, with tabs: what a model's golden output hashes."""
        return "".join("\t".join(line) + "\n" for line in self.lines()).encode()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell) if isinstance(cell, float) else str(cell)
