"""The report of a batch: totals, what was refused, the slowest, renamed outputs."""

import csv
from html.parser import HTMLParser
from pathlib import Path

import pytest

from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.jobs.report import BatchReport, batch_report
from seqstudio.host.jobs.report_page import write_report

HOSTILE = "<img src=x>\x1b.wav"


def item(number: int, name: str, *, output: str = "", **fields: object) -> ItemRow:
    defaults: dict[str, object] = {"state": "done"}
    return ItemRow(
        number=number,
        batch=number,
        name=name,
        take=0,
        seed=0,
        inputs={"audio": (Path(name),)},
        targets={},
        outputs=(FinishedOutput(Path("out", output), "0"),) if output else (),
        **{**defaults, **fields},  # type: ignore[arg-type]
    )


@pytest.fixture
def report() -> BatchReport:
    job = JobRow(
        id=7, created=0.0, plugin="speech", verb="operation", name="transcribe", spec="{}", seed=1,
        state="done", reason="", waiting=False, value={}, counts={},
    )  # fmt: skip
    return batch_report(
        job,
        (
            item(1, "rec/=one.wav", output="=one.txt", provenance={"work_s": 30.0},
                 details={"duration_s": 60.0, "words": 100, "confidence": 0.9,
                          "unlike_training": False}),
            item(2, "rec/two.wav", output="two.wav.txt", provenance={"work_s": 240.0},
                 details={"duration_s": 120.0, "words": 20, "confidence": 0.25,
                          "unlike_training": True, "notes": ["2 channels: 1 left out"]}),
            item(3, HOSTILE, state="failed", reason=f"{HOSTILE}: cut short"),
        ),
        ("rec: not audio, by suffix: 3 .pdf",),
    )  # fmt: skip


class Tables(HTMLParser):
    """Collects the rows below each heading."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.tags: set[str] = set()
        self._in = self._title = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in = tag
        if tag == "tr":
            self.rows[self._title].append([])
        if tag in ("td", "th"):
            self.rows[self._title][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "h2":
            self._title = data
            self.rows[data] = []
        elif self._in in ("td", "th"):
            self.rows[self._title][-1][-1] += data


def test_the_page_has_totals_and_what_a_person_looks_at_first(
    report: BatchReport, tmp_path: Path
) -> None:
    _, path = write_report(report, tmp_path / "report")
    page = Tables(path)
    totals = dict(map(tuple, page.rows["Totals"]))

    assert (totals["done"], totals["refused or failed"], totals["sound"]) == ("2", "1", "0.05 h")
    assert totals["real-time factor"] == "1.5"
    assert totals["words"] == "120"
    assert page.rows["Not done"][1] == [r"<img src=x>\x1b.wav", r"<img src=x>\x1b.wav: cut short"]
    assert page.rows["Not taken as inputs"] == [["rec: not audio, by suffix: 3 .pdf"]]
    assert page.rows["Unlike the training data of the model: check every word"][1:] == [
        ["rec/two.wav", "20", "25%"]
    ]
    slowest, least_confident = (
        [row[0] for row in rows[1:]]
        for title, rows in sorted(page.rows.items(), reverse=True)
        if title.startswith(("Slowest", "Least"))
    )
    assert slowest == ["rec/two.wav", "rec/=one.wav"]
    assert least_confident == ["rec/two.wav", "rec/=one.wav"]
    assert page.rows["Outputs under another name"][1:] == [["rec/two.wav", "two.wav"]]
    assert "img" not in page.tags


def test_the_table_has_a_row_for_each_input(report: BatchReport, tmp_path: Path) -> None:
    path, _ = write_report(report, tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["state"] for row in rows] == ["done", "done", "refused or failed"]
    assert rows[0]["real_time_factor"] == "0.5"
    assert rows[1]["unlike_training"] == "true"
    assert rows[1]["notes"] == "2 channels: 1 left out"
    assert rows[2]["reason"].endswith(": cut short")


def test_no_cell_is_a_formula_of_a_spreadsheet(report: BatchReport) -> None:
    cells = [cell for row in report.table().rows for cell in row if isinstance(cell, str)]

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_report_replaces_a_report_and_nothing_else(report: BatchReport, tmp_path: Path) -> None:
    write_report(report, tmp_path)
    write_report(report, tmp_path)
    (tmp_path / "report.csv").write_text("my own figures")

    with pytest.raises(JobError, match=r"report\.csv: not a report, expected a folder for one"):
        write_report(report, tmp_path)
    assert (tmp_path / "report.csv").read_text() == "my own figures"
