from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from seqstudio.api import Ledger
from seqstudio.testing.fixtures import RunJob
from seqstudio.testing.headless import HeadlessStudio

PROJECT = Path(__file__).parents[1]
TextFile = Callable[..., Path]
DAYS = [date(1950, 1, 1) + timedelta(days=37 * number) for number in range(1000)]


def written(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def test_a_row_without_two_cells_is_refused(text_file: TextFile) -> None:
    from seqstudio_rewrite import Pairs

    ledger = Ledger()
    (pair,) = Pairs().read(text_file("one\tein\ntwo\n\tdrei\n"), ledger)

    assert (pair.line, pair.target) == ("one", "ein")
    assert [*ledger.refused] == ["text.txt:2", "text.txt:3"]


@pytest.mark.medium
def test_it_trains_and_rewrites(
    studio: HeadlessStudio, run_job: RunJob, text_file: TextFile
) -> None:
    studio.install(PROJECT)
    pairs = text_file("".join(f"{written(day)}\t{day}\n" for day in DAYS[:40]))
    run = studio.train("rewrite.pairs", pairs, epochs=2, hidden=16)
    lines = text_file(f"{written(DAYS[0])}\n\n3 Zebra 1999\n", name="dates.txt")
    outcome = run_job("rewrite", "apply", {"lines": lines}, model=str(run))

    assert len(outcome.text.splitlines()) == 3  # an empty line, and one with other signs, stay
    assert outcome.text.splitlines()[1] == ""


@pytest.mark.slow
def test_it_learns_to_rewrite_dates(studio: HeadlessStudio, text_file: TextFile) -> None:
    studio.install(PROJECT)
    pairs = text_file("".join(f"{written(day)}\t{day}\n" for day in DAYS))
    run = studio.train("rewrite.pairs", pairs)

    assert studio.evaluate("rewrite.pairs", pairs, run)["error"] < 0.05
