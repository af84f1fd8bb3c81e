"""The report of a measurement: a table for people, and the same as JSON values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from seqstudio_music.measure.estimates import Estimate, estimate, halves
from seqstudio_music.measure.metrics import METRICS, Metric
from seqstudio_music.measure.pieces import MeasuredPiece

Estimates = Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The metrics of one layout: of the pieces, and of those they are compared with."""

    layout: str
    pieces: int
    found: Estimates
    others: int
    other: Estimates
    halves: tuple[Estimates, Estimates]  # of the others

    def to_json(self) -> dict[str, object]:
        """Return the comparison as JSON values; shares are fractions."""
        metrics: dict[str, object] = {}
        for name, value in self.found.items():
            metrics[name] = asdict(value)
            if name in self.other:
                parts = [half[name].value if name in half else None for half in self.halves]
                against = {**asdict(self.other[name]), "halves": parts}
                metrics[name] = {**asdict(value), "against": against}
        return {"pieces": self.pieces, "against": self.others, "metrics": metrics}

    def table(self) -> str:
        """Return the table, one line for each metric."""
        rows = [[self.layout, f"{self.pieces} measured"]]
        if self.others:
            rows[0] += [f"{self.others} to compare with", "their halves"]
        for metric in METRICS[self.layout]:
            if metric.name in self.found:
                rows.append([metric.title, *self._cells(metric)])
        return "\n".join(aligned(rows))

    def _cells(self, metric: Metric) -> list[str]:
        cells = [_with_interval(metric, self.found[metric.name], self.pieces)]
        if metric.name in self.other:
            cells.append(_with_interval(metric, self.other[metric.name], self.others))
            parts = [half[metric.name] for half in self.halves if metric.name in half]
            cells.append(", ".join(metric.text(part.value) for part in parts))
        return cells


def _with_interval(metric: Metric, value: Estimate, pieces: int) -> str:
    if pieces == 1:  # which has no spread
        return metric.text(value.value)
    low, high = metric.text(value.low).removesuffix(" %"), metric.text(value.high)
    return f"{metric.text(value.value)} ({low} to {high})"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, with columns as wide as their widest cell.

    >>> aligned([["a", "bc"], ["abc", "d"]])
    ['a    bc', 'abc  d']
    """
    columns = max(map(len, rows))
    widths = [max(len(row[n]) for row in rows if n < len(row)) for n in range(columns)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def compare(pieces: Sequence[MeasuredPiece], others: Sequence[MeasuredPiece]) -> list[Comparison]:
    """Compare pieces with others, layout by layout; a layout without pieces is left out."""
    comparisons = []
    for layout in METRICS:
        ours = [piece.sums for piece in pieces if piece.layout == layout]
        theirs = [(piece.name, piece.sums) for piece in others if piece.layout == layout]
        if ours:
            one, other = halves(theirs)
            comparisons.append(
                Comparison(
                    layout,
                    len(ours),
                    estimate(ours),
                    len(theirs),
                    estimate([sums for _, sums in theirs]),
                    (estimate(one), estimate(other)),
                )
            )
    return comparisons
