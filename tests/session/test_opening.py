"""The time to open depends on the document and its last steps, not on the whole history."""

import statistics
import time
from pathlib import Path

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake, MoveNotes
from seqstudio.session.journal import Journal
from seqstudio.session.note_array import Notes
from seqstudio.session.session import Session

NOTES = 200
LIMIT = 3.0  # both apply 199 steps; SQLite's check reads a file 50 times as long


def write_session(path: Path, steps: int) -> Path:
    """Write a session in which one note after another was moved, and leave it as a kill would."""
    score = Score.new().with_new_track([Note(n * 120, 60, 100) for n in range(NOTES)])
    take = Take.of(score.to_bytes(), "tune")
    session = Session.create(path)
    session.do(AddTake(take))
    for number in range(steps - 1):
        note = session.document.takes[0].tracks[1][number % NOTES]
        session.do(MoveNotes(take.id, 1, Notes.of((note,)), ticks=1))
    session._journal.read("UPDATE state SET lock_owner = ''")
    session._journal.connection.close()
    return path


def opening_s(path: Path) -> float:
    """Measure one opening in processor time, since other processes may run."""
    start = time.process_time()
    session = Session.open(path)
    elapsed_s = time.process_time() - start
    journal: Journal = session._journal
    journal.read("UPDATE state SET lock_owner = ''")
    journal.connection.close()
    return elapsed_s


@pytest.mark.medium
def test_ten_thousand_edits_open_nearly_as_fast_as_two_hundred(memory: Path) -> None:
    few, many = (
        write_session(memory / "few.seqstudio", 199),
        write_session(memory / "many.seqstudio", 10_199),
    )
    pairs = [(opening_s(few), opening_s(many)) for _ in range(5)]
    short, long = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"opening: 199 edits {short * 1000:.0f} ms, 10,199 {long * 1000:.0f} ms")

    assert long < LIMIT * short
