"""Examples of `forecast.series`: stretches of series; and the layout of the Numenta benchmark."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqstudio.api import DataError, Example, Ledger
from seqstudio.api.media import read_text_file
from seqstudio_forecast.frames import Frames
from seqstudio_forecast.nab import Window, probation
from seqstudio_forecast.series import Series, read_series

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
SHARES = {"train": (0.0, 0.6), "valid": (0.6, 0.8), "test": (0.8, 1.0)}
SHORTEST = 20  # steps of a series that is split
LABELS = Path("labels") / "combined_windows.json"


@dataclass(frozen=True, kw_only=True)
class SeriesExample(Example):
    """The steps `start` to `stop` of a series; what comes before is their past."""

    series: Series
    where: str
    start: int
    stop: int
    windows: tuple[Window, ...] = ()  # labelled anomalies of the whole series
    labelled: bool = False  # whether `windows` is known, even if there are none
    frames: Frames | None = None


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def read_tables(source: Path, ledger: Ledger) -> Iterator[SeriesExample]:
    """Yield the parts of every column of a CSV file, or of all in a folder and its folders.

    The first 60 % of each series are for training, then 20 % for choosing, 20 % for testing.
    """
    paths = sorted(filter(is_table, source.rglob("*"))) if source.is_dir() else [source]
    for path in paths:
        name = path.relative_to(source).as_posix() if source.is_dir() else path.name
        try:
            found = read_series(path)
        except DataError as error:
            ledger.refuse(name, str(error))
            continue
        for series in found:
            where = f"{name}:{series.name}"
            if len(series) < SHORTEST:
                ledger.refuse(where, f"{len(series)} steps, expected at least {SHORTEST}")
                continue
            ledger.use(where)
            for note in series.notes:
                ledger.count(note)
            yield from parts(series, where, SHARES)


def parts(
    series: Series, where: str, shares: dict[str, tuple[float, float]]
) -> Iterator[SeriesExample]:
    """Yield an example for each part of a series."""
    for split, (start, stop) in shares.items():
        yield SeriesExample(
            id=f"{where}:{split}",
            split=split,
            group=where,
            series=series,
            where=where,
            start=round(start * len(series)),
            stop=round(stop * len(series)),
        )


class NabImporter:
    """Reads the Numenta Anomaly Benchmark [1]_: `data/` and `labels/combined_windows.json`.

    Training sees the probationary part of each series alone; the rest is its test part. Rows are
    taken as steps, as the benchmark does.

    References
    ----------
    .. [1] Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms: the Numenta
       Anomaly Benchmark".
    """

    name = "nab"
    kind = "nab"

    def recognises(self, source: Path) -> bool:
        """Return whether a folder holds the benchmark's labels."""
        return (source / LABELS).is_file()

    def read(self, source: Path, ledger: Ledger) -> Iterator[SeriesExample]:
        """Yield the three parts of every series that the labels name."""
        path = source / LABELS
        try:
            labels = json.loads(read_text_file(path))
        except ValueError as error:
            raise DataError(f"{path}: {error}, expected windows by file, as JSON") from error
        for name, limits in sorted(labels.items()):
            path = source / "data" / name
            try:
                (series,) = read_series(path, by_row=True)
                windows = tuple(window_of(series, pair) for pair in limits)
            except (DataError, ValueError) as error:
                ledger.refuse(name, str(error))
                continue
            ledger.use(name)
            end = probation(len(series)) / len(series)
            shares = {"train": (0.0, 0.8 * end), "valid": (0.8 * end, end), "test": (end, 1.0)}
            for part in parts(series, name, shares):
                yield replace(part, windows=windows, labelled=part.split == "test")


def window_of(series: Series, limits: Sequence[str]) -> Window:
    """Return the rows of the first and last time of a labelled window.

    Raises
    ------
    DataError
        If the series has no such times.
    """
    rows = []
    for text in limits:
        found = np.flatnonzero(series.times == np.datetime64(text, "us"))
        if not len(found):
            raise DataError(f"window at {text}, expected a time of the series")
        rows.append(int(found[0]))
    return Window(rows[0], rows[1])
