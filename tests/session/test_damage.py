"""A damaged file opens at its last intact edit, reports what was lost, and is kept."""

import contextlib
import re
import sqlite3
from pathlib import Path
from random import Random

import pytest
from random_edits import random_edit

from seqstudio.errors import SessionError
from seqstudio.session.document import Document
from seqstudio.session.job_links import JobLink
from seqstudio.session.session import Session

STEPS = 60
PAGE_BYTES = 4096


@pytest.fixture
def documents(memory: Path, monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """Write a session; return the document after each of its steps, the last of which is undone."""
    monkeypatch.setattr("seqstudio.session.session.SNAPSHOT_STEPS", 25)
    draw = Random(4)
    with Session.create(memory / "work.seqstudio") as session:
        history = [session.document]
        for _ in range(STEPS):
            history.append(session.do(random_edit(session.document, draw)))
        session.link_job(JobLink(3, "Transcribe"))
        assert session.import_result(3, 1, random_edit(session.document, draw))
        history.append(session.document)
        session.go_to(session.steps - 1)
    return history


@pytest.fixture
def file(memory: Path, documents: list[Document]) -> Path:
    return memory / "work.seqstudio"


def execute(file: Path, *commands: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        for command in commands:
            connection.execute(command)
    connection.close()


def check_history(session: Session, documents: list[Document]) -> None:
    """Undo as far as possible, and check each document against the history."""
    assert session.document == documents[session.steps]
    with contextlib.suppress(SessionError):  # a step that is damaged or lost
        while session.steps:
            session.go_to(session.steps - 1)
            assert session.document == documents[session.steps]


def test_steps_are_lost_from_the_damaged_one_on(file: Path, documents: list[Document]) -> None:
    execute(
        file,
        "UPDATE step SET edit = edit || x'00' WHERE number = 58",
        "DELETE FROM snapshot WHERE number > 50",
    )
    damaged = file.read_bytes()
    with Session.open(file) as session:
        assert session.steps == 57
        assert re.fullmatch(
            r"work\.seqstudio was damaged: the last 3 of 60 edits are lost \(among them: .+\);"
            r" the damaged file is kept as work\.damaged-1\.seqstudio",
            session.lost,
        )
        assert session.links == (JobLink(3, "Transcribe"),)
        assert not session.import_result(3, 1, random_edit(session.document, Random(0)))
        check_history(session, documents)
        assert session.steps == 0
    assert file.with_name("work.damaged-1.seqstudio").read_bytes() == damaged
    with Session.open(file) as again:
        assert again.lost == ""


def test_a_damaged_snapshot_loses_nothing(file: Path, documents: list[Document]) -> None:
    execute(file, "UPDATE snapshot SET document = x'00' WHERE number > 30")
    with Session.open(file) as session:
        assert (session.lost, session.document) == ("", documents[STEPS])


def test_a_damaged_old_step_only_limits_undo(file: Path, documents: list[Document]) -> None:
    execute(file, "UPDATE step SET inverse = x'00' WHERE number = 40")
    with Session.open(file) as session:
        assert (session.lost, session.document) == ("", documents[STEPS])
        check_history(session, documents)
        assert session.steps == 40


def test_a_file_without_its_state_row_opens_at_its_last_step(
    file: Path, documents: list[Document]
) -> None:
    execute(file, "DELETE FROM state")
    with Session.open(file) as session:
        assert "no edit is lost" in session.lost
        assert session.document == documents[STEPS + 1]


def test_a_truncated_file_opens_with_what_is_left(file: Path, documents: list[Document]) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])
    with Session.open(file) as session:
        assert "was damaged: the last" in session.lost
        assert session.steps > 10
        check_history(session, documents)


def test_a_broken_page_anywhere_never_gives_a_document_that_did_not_exist(
    file: Path, documents: list[Document]
) -> None:
    content = file.read_bytes()
    lost = 0
    for page in range(1, len(content) // PAGE_BYTES):  # the first one holds the schema
        start = page * PAGE_BYTES
        noise = Random(page).randbytes(PAGE_BYTES)
        file.write_bytes(content[:start] + noise + content[start + PAGE_BYTES :])
        with Session.open(file) as session:
            lost += bool(session.lost)
            check_history(session, documents)
    assert lost
