"""Write the report of a batch: `report.csv` with a row for each input, `report.html` to read."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

from seqstudio.errors import JobError
from seqstudio.host.jobs.report import COLUMNS, BatchReport, InputReport
from seqstudio.host.text_format import format_duration, printable
from seqstudio.media.tables import to_csv
from seqstudio.services.atomic_files import os_errors_as, write_atomic

PAGE_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="SeqStudio report">
"""
TABLE, PAGE = "report.csv", "report.html"
TABLE_HEAD = ",".join(COLUMNS)
SHOWN = 20  # of the slowest and of the least confident
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: auto; padding: 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
th, td { border-bottom: 1px solid color-mix(in srgb, CanvasText 20%, transparent); }
td { overflow-wrap: anywhere; }
"""
Row = Sequence[str]


def write_report(report: BatchReport, folder: Path) -> tuple[Path, Path]:
    """Write both files and return their paths; those of an earlier report are replaced.

    Raises
    ------
    JobError
        If they cannot be written, or would replace other files.
    """
    check_report_folder(folder)
    table, page = folder / TABLE, folder / PAGE
    with os_errors_as(JobError, folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(table, printable(to_csv(report.table())).encode())
        write_atomic(page, "".join(page_lines(report)).encode())
    return table, page


def check_report_folder(folder: Path) -> None:
    """Check that a report would replace nothing but another report.

    Raises
    ------
    JobError
        If a file of another kind has the name of one of its files.
    """
    for name, head in ((TABLE, TABLE_HEAD), (PAGE, PAGE_HEAD)):
        path = folder / name
        if path.exists() and not (path.is_file() and path.read_bytes().startswith(head.encode())):
            raise JobError(f"{path}: not a report, expected a folder for one as --report")


def page_lines(report: BatchReport) -> Iterator[str]:
    """Yield the lines of the page."""
    title = f"Job {report.job}: {report.title}, {report.state}"
    yield f"{PAGE_HEAD}<title>{_text(title)}</title>\n<style>{STYLE}</style>\n"
    yield f"</head>\n<body>\n<h1>{_text(title)}</h1>\n"
    yield from _table("Totals", ("", ""), _totals(report))
    refused = [one for one in report.inputs if one.reason]
    yield from _table("Not done", ("input", "reason"), [(o.name, o.reason) for o in refused])
    yield from _table("Not taken as inputs", ("",), [(note,) for note in report.notes])
    yield from _table(
        "Unlike the training data of the model: check every word",
        ("input", "words", "confidence"),
        [(o.name, _whole(o.words), _share(o.confidence)) for o in report.inputs
         if o.unlike_training],
    )  # fmt: skip
    yield from _table(
        f"Least confident (at most {SHOWN})",
        ("input", "confidence", "words"),
        [(o.name, _share(o.confidence), _whole(o.words))
         for o in _lowest(report, lambda one: one.confidence)],
    )  # fmt: skip
    yield from _table(
        f"Slowest (at most {SHOWN})",
        ("input", "seconds of work for a second of sound", "sound"),
        [(o.name, f"{o.factor:.3g}", format_duration(o.audio_s or 0.0))
         for o in _lowest(report, lambda one: one.factor and -one.factor)],
    )  # fmt: skip
    noted = [(one.name, "; ".join(one.notes)) for one in report.inputs if one.notes]
    yield from _table("Notes", ("input", "note"), noted)
    renamed = [(one.name, one.renamed) for one in report.inputs if one.renamed]
    yield from _table("Outputs under another name", ("input", "outputs"), renamed)
    yield '<p>Every input is in <a href="report.csv">report.csv</a>.</p>\n</body>\n</html>\n'


def _totals(report: BatchReport) -> Iterator[Row]:
    for state, count in report.counts.items():
        yield state, str(count)
    audio_s, work_s = report.total("audio_s"), report.total("work_s")
    yield "sound", f"{audio_s / 3600:.2f} h"
    yield "work of all workers", f"{work_s / 3600:.2f} h"
    if audio_s and work_s:
        yield "speed of a worker", f"{audio_s / work_s:.1f} audio minutes a minute"
        yield "real-time factor", f"{work_s / audio_s:.3g}"
    yield "words", f"{report.total('words'):.0f}"


def _lowest(
    report: BatchReport, key: Callable[[InputReport], float | None]
) -> Iterator[InputReport]:
    """Yield the inputs whose key is lowest, without those that have none."""
    known = [(value, at) for at, one in enumerate(report.inputs) if (value := key(one)) is not None]
    for _, at in sorted(known)[:SHOWN]:
        yield report.inputs[at]


def _table(title: str, head: Row, rows: Iterator[Row] | Sequence[Row]) -> Iterator[str]:
    """Yield a heading and a table; nothing if it has no rows."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return
    yield f"<h2>{_text(title)}</h2>\n<table>\n"
    if any(head):
        yield "<tr>" + "".join(f"<th>{_text(cell)}</th>" for cell in head) + "</tr>\n"
    for row in cells:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n"
    yield "</table>\n"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


def _text(text: str) -> str:
    return escape(printable(text))
