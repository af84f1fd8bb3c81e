"""A session file has all changes however it was closed, and one process can open it at a time."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

import pytest
from random_edits import new_clip, random_edit

from seqstudio.errors import SessionError
from seqstudio.host.profile import Profile
from seqstudio.session.document import Document
from seqstudio.session.edits import AddClip, CompoundEdit, RemoveClip, RenameSession
from seqstudio.session.files import has_work
from seqstudio.session.job_links import JobLink
from seqstudio.session.journal import Journal
from seqstudio.session.peek import peek
from seqstudio.session.session import Session

OPEN_SESSION = """
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from seqstudio.session.session import Session
session = Session.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def edited(session: Session, steps: int, seed: int = 0) -> list[Document]:
    """Apply random edits; return the document before each of them and after the last."""
    draw, documents = Random(seed), [session.document]
    for _ in range(steps):
        documents.append(session.do(random_edit(session.document, draw)))
    return documents


def test_undo_and_redo_reach_both_ends_across_restarts(path: Path) -> None:
    with Session.create(path) as session:
        documents = edited(session, 12)
    for before in reversed(documents[:-1]):
        with Session.open(path) as session:
            assert session.go_to(session.steps - 1) == before
    with Session.open(path) as session:
        assert session.steps == 0
        for after in documents[1:]:
            assert session.redo() == after
        assert (session.can_redo, session.redo_title, session.lost) == (False, "", "")


def test_a_new_edit_deletes_undone_steps(path: Path) -> None:
    with Session.create(path) as session:
        edited(session, 5)
        session.go_to(session.steps - 1)
        session.do(RenameSession("other"))
        assert (session.can_redo, session.titles[-1]) == (False, (5, "Rename the session"))
        with pytest.raises(SessionError, match="nothing to redo"):
            session.redo()
        document = session.document
    assert Session.open(path).document == document


def test_undo_in_an_empty_session_is_an_error(path: Path) -> None:
    with (
        Session.create(path) as session,
        pytest.raises(SessionError, match=r"work\.seqstudio: nothing to undo"),
    ):
        session.go_to(session.steps - 1)


def test_each_change_is_synced_to_the_disk(path: Path) -> None:
    with Session.create(path) as created:
        pragmas = (
            created._journal.read("PRAGMA synchronous"),
            created._journal.read("PRAGMA journal_mode"),
        )
    with Session.open(path) as opened:
        assert pragmas == ([(2,)], [("wal",)])  # 2: every commit is synced
        assert opened._journal.read("PRAGMA synchronous") == [(2,)]


def test_an_edit_that_does_not_fit_changes_nothing(path: Path) -> None:
    with Session.create(path) as session:
        before = edited(session, 5)[-1]
        invalid = CompoundEdit("Half", (RenameSession("x"), RemoveClip("gone")))
        with pytest.raises(SessionError, match="no clip 'gone'"):
            session.do(invalid)
        assert session.document == before
        session.go_to(session.steps - 1)
        assert session.redo() == before


def test_snapshots_limit_the_steps_that_opening_applies(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqstudio.session.session.SNAPSHOT_STEPS", 20)
    session = Session.create(path)
    for number in range(30):
        session.do(RenameSession(str(number)))
    with (
        session._journal.transaction() as connection
    ):  # as a kill leaves it: no snapshot from closing
        connection.execute("DELETE FROM step WHERE number <= 20")
        connection.execute("UPDATE state SET lock_owner = ''")
    session._journal.connection.close()

    with Session.open(path) as again:
        assert (again.document.title, again.lost) == ("29", "")


def test_an_open_session_is_refused_with_the_name_of_its_process(path: Path) -> None:
    Session.create(path).close()
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_SESSION, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        message = rf"work.seqstudio is open in process {other.pid} \(-c\); close it there first"
        with pytest.raises(SessionError, match=message):
            Session.open(path)
        mine = Session.create(path.with_name("mine.seqstudio"))
        with mine, pytest.raises(SessionError, match=message):
            mine.save_as(path)
        other.kill()
    Session.open(path).close()  # a dead process has no lock


def test_a_process_cannot_open_a_session_twice(path: Path) -> None:
    with (
        Session.create(path),
        pytest.raises(SessionError, match="open already in this program, expected to open it once"),
    ):
        Session.open(path)


def test_a_copy_of_an_open_session_is_not_locked(path: Path) -> None:
    with Session.create(path) as session:
        session.do(RenameSession("mine"))
        session._journal.read("PRAGMA wal_checkpoint(FULL)")
        copy = path.with_name("copy.seqstudio")
        copy.write_bytes(path.read_bytes())
        with Session.open(copy) as other:
            assert other.document == session.document


def test_save_as_continues_in_the_new_file_with_the_whole_history(path: Path) -> None:
    target = path.with_name("other.seqstudio")
    Session.create(target).close()
    with Session.create(path) as session:
        documents = edited(session, 10)
        session.save_as(target)
        session.do(RenameSession("later"))
        assert session.path == target
    with Session.open(path) as old, Session.open(target) as new:
        assert (old.document, new.document.title) == (documents[-1], "later")
        for document in reversed(documents):
            assert new.go_to(new.steps - 1) == document
    assert {p.name for p in path.parent.iterdir()} == {path.name, target.name}


def test_untitled_work_is_listed_until_it_is_saved(profile: Profile, path: Path) -> None:
    for left in ("empty", "work"):
        session = Session.untitled(profile)
        if left == "work":
            session.do(RenameSession("work"))
        assert Session.unsaved(profile) == ()  # this process has it open
        session.close()
    (found,) = Session.unsaved(profile)
    with Session.open(found) as session:
        assert (session.document.title, session.is_untitled) == ("work", True)
        session.save_as(path)
        assert (session.document.title, session.is_untitled) == ("work", False)
    assert Session.unsaved(profile) == ()
    assert list(found.parent.iterdir()) == []


def test_an_empty_untitled_file_has_no_work(profile: Profile) -> None:
    folder = profile.home / "sessions"
    folder.mkdir(parents=True)
    (folder / "untitled-0.seqstudio").touch()

    assert Session.unsaved(profile) == ()


@pytest.mark.parametrize("late", [False, True])
def test_untitled_work_that_is_removed_while_it_is_listed_stays_removed(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    session = Session.untitled(profile)
    session.do(RenameSession("work"))
    session.close()

    def remove_and_check(path: Path) -> bool:
        found = late and has_work(path)
        path.unlink()
        return found or has_work(path)

    monkeypatch.setattr("seqstudio.session.session.has_work", remove_and_check)

    assert Session.unsaved(profile) == ()
    assert not session.path.exists()


def test_only_untitled_work_can_be_discarded(profile: Profile, path: Path) -> None:
    session = Session.untitled(profile)
    session.do(RenameSession("x"))
    session.discard()

    assert not session.path.exists()
    with Session.create(path) as saved, pytest.raises(SessionError, match="a saved session"):
        saved.discard()


def test_a_result_is_imported_once_even_if_it_is_undone(path: Path) -> None:
    clip = new_clip(Random(0))
    with Session.create(path) as session:
        session.do(AddClip(clip))
        session.link_job(JobLink(7, "Transcribe 1 file", (clip.id,)))
        assert session.import_result(7, 1, RenameSession("result"))
        session.go_to(session.steps - 1)
    with Session.open(path) as session:
        assert session.links == (JobLink(7, "Transcribe 1 file", (clip.id,)),)
        assert not session.import_result(7, 1, RenameSession("again"))
        assert session.import_result(7, 2, RenameSession("other"))
        session.unlink_job(7)
        assert [link.job for link in session.links] == []
        assert session.document.title == "other"


def test_a_result_that_does_not_fit_is_not_imported(path: Path) -> None:
    with Session.create(path) as session:
        with pytest.raises(SessionError, match="no clip"):
            session.import_result(7, 1, RemoveClip("gone"))
        assert session.import_result(7, 1, RenameSession("result"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file, expected a session"),
        (b"", "empty file, expected a session"),
        (b"RIFF" * 2000, "nothing of it can be read, expected a session"),
    ],
)
def test_a_file_that_is_not_a_session_is_refused_and_left_alone(
    path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SessionError, match=f"work.seqstudio: {message}"):
        Session.open(path)
    assert content is None or path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()] == ([path.name] if content is not None else [])


@pytest.mark.parametrize("begun", [False, True], ids=["no byte", "no table"])
def test_a_session_that_is_just_being_created_has_nothing_to_show(
    path: Path, *, begun: bool
) -> None:
    path.touch()
    if begun:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    assert (path.stat().st_size > 0) == begun
    assert peek(path) is None
    assert not has_work(path)
    with pytest.raises(SessionError, match=r"empty file, expected a session$"):
        Session.open(path)


@pytest.mark.parametrize(
    ("version", "hint"), [(5, "update SeqStudio"), (3, "an early SeqStudio wrote it")]
)
def test_a_file_of_another_version_is_refused(path: Path, version: int, hint: str) -> None:
    Session.create(path).close()
    journal = Journal(path)
    journal.read(f"PRAGMA user_version = {version}")
    journal.connection.close()

    with pytest.raises(SessionError, match=f"version {version}, expected 4: {hint}"):
        Session.open(path)


def test_untitled_work_of_another_version_is_listed_and_refused(profile: Profile) -> None:
    with Session.untitled(profile) as session:
        session.do(RenameSession("work"))
    with sqlite3.connect(session.path) as other:
        other.execute("ALTER TABLE state RENAME COLUMN lock_owner TO other_name")
        other.execute("PRAGMA user_version = 2")
    other.close()

    assert Session.unsaved(profile) == (session.path,)
    with pytest.raises(SessionError, match="version 2, expected 4"):
        Session.open(session.path)


def test_a_change_that_cannot_be_written_is_not_made(path: Path) -> None:
    with Session.create(path) as session:
        before = edited(session, 3)[-1]
        session._journal.read("PRAGMA query_only = ON")  # as a full disk
        changes: list[Callable[[], Document]] = [
            partial(session.do, RenameSession("x")),
            partial(session.go_to, 2),
        ]
        for change in changes:
            with pytest.raises(SessionError, match=r"work\.seqstudio: attempt to write a readonly"):
                change()
            assert (session.document, session.steps) == (before, 3)
        session._journal.read("PRAGMA query_only = OFF")
        assert session.do(RenameSession("x")).title == "x"


def test_a_new_session_never_replaces_an_existing_file(path: Path) -> None:
    path.write_text("mine")

    with pytest.raises(SessionError, match="File exists"):
        Session.create(path)
    assert path.read_text() == "mine"
