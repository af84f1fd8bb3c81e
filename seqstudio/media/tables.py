"""Writing tables as CSV (RFC 4180), as tab-separated text and as JSON."""

import csv
import io
import json

from seqstudio.contracts.table import Table


def to_csv(table: Table) -> str:
    r"""Return a table with commas; cells with commas, quotes or line ends are quoted.

    >>> to_csv(Table(("time", "value"), (("2024-01-01", 1.5), ("2024-01-02", None))))
    'time,value\n2024-01-01,1.5\n2024-01-02,\n'
    """
    return _written(table, ",")


def to_tsv(table: Table) -> str:
    """Return a table with tabs."""
    return _written(table, "\t")


def to_json(table: Table) -> str:
    """Return a table as a JSON array with one object for each row."""
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return json.dumps(rows, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def no_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one may begin with an apostrophe.

    >>> no_formula("=1+1"), no_formula("one")
    ("'=1+1", 'one')
    """
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _written(table: Table, delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(table.lines())
    return text.getvalue()
