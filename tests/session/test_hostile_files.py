"""A session file from a stranger runs nothing, and costs no more than its size allows."""

import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from random_edits import new_clip, random_edit

from seqstudio.errors import SessionError
from seqstudio.session.codec import checksum
from seqstudio.session.document import Document
from seqstudio.session.edits import AddClip
from seqstudio.session.files import has_work
from seqstudio.session.peek import peek
from seqstudio.session.relink import collect
from seqstudio.session.session import Session

STEPS = 6
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A session of a few edits."""
    draw = Random(7)
    with Session.create(tmp_path / "work.seqstudio") as session:
        for _ in range(STEPS):
            session.do(random_edit(session.document, draw))
    return tmp_path / "work.seqstudio"


def execute(file: Path, script: str, *values: object) -> None:
    connection = sqlite3.connect(file)
    with connection:
        if values:
            connection.execute(script, values)
        else:
            connection.executescript(script)
    connection.close()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"CREATE TRIGGER t UPDATE ON state BEGIN {ENDLESS}; END", "trigger 't'"),
        ("CREATE TRIGGER t INSERT ON step BEGIN DELETE FROM step; END", "trigger 't'"),
        (f"DROP TABLE state; CREATE VIEW state AS {ENDLESS}", "view 'state'"),
        ("CREATE TABLE more (x)", "table 'more'"),
        ("CREATE INDEX i ON step (abs(number))", "index 'i'"),
    ],
)
@pytest.mark.parametrize("look", [Session.open, peek, has_work], ids=["open", "peek", "has_work"])
def test_a_file_with_more_than_the_tables_of_a_session_is_refused_and_left_as_it_is(
    file: Path, script: str, found: str, look: Callable[[Path], object]
) -> None:
    execute(file, script)
    before = file.read_bytes()

    with pytest.raises(SessionError, match=f"holds {found}, expected only a session's tables"):
        look(file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if "damaged" in path.name] == []


def test_a_table_with_another_definition_is_refused(file: Path) -> None:
    execute(file, "ALTER TABLE state ADD COLUMN more AS (abs(at))")

    with pytest.raises(SessionError, match=r"table 'state' is defined otherwise than in a session"):
        Session.open(file)


@pytest.mark.parametrize("at", [9_000_000_000_000_000_000, -5, "six", b"6"])
def test_an_absurd_current_step_opens_at_the_last_step(file: Path, at: object) -> None:
    with Session.open(file) as session:
        document = session.document
    execute(file, "UPDATE state SET at = ?", at)

    with Session.open(file) as session:
        assert session.document == document
        assert session.steps == STEPS
        assert "was damaged" in session.lost


def test_texts_in_the_place_of_numbers_are_damage(file: Path) -> None:
    with Session.open(file) as session:
        document = session.document
    content = zlib.compress(b"{}")
    execute(
        file,
        "INSERT INTO snapshot (number, document, checksum) VALUES ('x', ?, ?)",
        content,
        checksum(0, content),
    )
    execute(file, "UPDATE snapshot SET document = 'text' WHERE number = ?", STEPS)
    execute(file, "INSERT INTO job_link VALUES (1, 'text', 'text')")

    with Session.open(file) as session:
        assert (session.document, session.links) == (document, ())


def test_bytes_that_unpack_to_a_thousand_times_their_size_are_refused(file: Path) -> None:
    bomb = zlib.compress(b"[" + b"[]," * 12_000_000 + b"[]]", 9)
    assert len(bomb) < 100_000
    execute(
        file,
        "INSERT INTO snapshot (number, document, checksum) VALUES (?, ?, ?)",
        STEPS,
        bomb,
        checksum(STEPS, bomb),
    )

    with Session.open(file) as session:
        assert (session.steps, session.lost) == (STEPS, "")


def test_damaged_text_in_the_schema_is_damage(file: Path) -> None:
    content = file.read_bytes()
    place = content.index(b"title TEXT NOT NULL") + len("title TEXT NOT NULL")
    file.write_bytes(content[:place] + b"\x80" + content[place + 1 :])

    with Session.open(file) as session:
        assert "was damaged: no edit is lost" in session.lost
        assert session.steps == STEPS


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin"])
def test_a_device_is_not_collected(tmp_path: Path, path: str) -> None:
    clip = replace(new_clip(Random(1)), path=Path(path))
    document = Document(clips=(clip,))

    assert collect(document, tmp_path / "files").edits == ()
    assert list((tmp_path / "files").iterdir()) == []


def test_a_session_of_ours_passes_the_check(file: Path) -> None:
    with Session.open(file) as session:
        session.do(AddClip(new_clip(Random(2))))
        session.save_as(file.with_name("copy.seqstudio"))
    found = peek(file.with_name("copy.seqstudio"))

    assert found is not None
    assert len(found.clips) == len(session.document.clips)
