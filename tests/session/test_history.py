"""Undo goes by document: of what is out of sight nothing changes."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from random_edits import new_clip, new_take, new_transcript, random_edit

from seqstudio.errors import SessionError
from seqstudio.session.document import Document
from seqstudio.session.edits import (
    AcceptTake,
    AddClip,
    AddTake,
    CompoundEdit,
    EditWord,
    RemoveClip,
    RenameSession,
    RenameTake,
    SetTranscript,
)
from seqstudio.session.session import Session

DRAW = Random(3)


@pytest.fixture
def session(memory: Path) -> Session:
    """A session with two takes and a clip, in three steps."""
    session = Session.create(memory / "work.seqstudio")
    takes = [replace(new_take(DRAW), name=name) for name in ("verse", "chorus")]
    for edit in (AddClip(new_clip(DRAW)), *map(AddTake, takes)):
        session.do(edit)
    return session


def name_of(session: Session, id: str) -> str:
    return session.document.take(id).name


def test_undo_takes_back_the_last_edit_of_the_take_that_is_shown(session: Session) -> None:
    verse, chorus = (take.id for take in session.document.takes)
    session.do(RenameTake(verse, "verse 1"))
    session.do(RenameTake(chorus, "refrain"))
    session.do(RenameTake(verse, "verse 2"))

    assert session.undo_in(chorus).title == "Rename a take"
    assert (name_of(session, verse), name_of(session, chorus)) == ("verse 2", "chorus")
    session.undo_in(verse)
    session.undo_in(verse)
    assert name_of(session, verse) == "verse"
    session.redo_in(verse)
    assert (name_of(session, verse), name_of(session, chorus)) == ("verse 1", "chorus")
    session.redo_in(chorus)
    assert name_of(session, chorus) == "refrain"


def test_a_new_edit_ends_redo_of_its_own_take_alone(session: Session) -> None:
    verse, chorus = (take.id for take in session.document.takes)
    for take in (verse, chorus):
        session.do(AcceptTake(take))
        session.undo_in(take)
    session.do(RenameTake(verse, "other"))
    assert session.history.redoable(verse) is None
    session.redo_in(chorus)
    assert session.document.take(chorus).accepted


def test_the_result_of_a_job_is_not_undone_while_the_user_edits_something_else(
    session: Session,
) -> None:
    verse, _ = (take.id for take in session.document.takes)
    session.do(RenameTake(verse, "mine"))
    new = [new_take(DRAW) for _ in range(3)]
    for number, take in enumerate(new, 1):
        session.import_result(7, number, AddTake(take), "Result of Continue verse")
    assert session.undo_in(verse).title == "Rename a take"
    assert len(session.document.takes) == 5
    entry = session.undo_in(new[0].id)
    assert (entry.title, entry.label.kind) == ("Result of Continue verse", "result")
    assert len(session.document.takes) == 2


def test_files_of_one_drop_are_one_step(session: Session) -> None:
    before = session.document
    for number in range(41):
        session.do(AddClip(new_clip(DRAW)), title=f"Add {number + 1} files", batch="drop 1")
    after = session.document
    assert session.undo_in("").title == "Add 41 files"
    assert session.document == before
    session.redo_in("")
    assert session.document == after
    session.undo_in("")
    assert session.document == before


def test_what_comes_back_has_the_edits_made_before_it_went(session: Session) -> None:
    clip = session.document.clips[0].id
    removed = session.document
    session.do(RemoveClip(clip))
    session.undo_in("")
    assert session.document == removed
    session.do(SetTranscript(clip, new_transcript(DRAW)))
    edited = session.document
    session.redo_in("")
    assert not session.document.clips
    session.undo_in("")
    assert session.document == edited


def test_an_edit_that_a_later_one_is_built_on_is_not_undone(session: Session) -> None:
    clip, take = session.document.clips[0].id, session.document.takes[0].id
    both = CompoundEdit("Both", (SetTranscript(clip, new_transcript(DRAW)), AcceptTake(take)))
    session.do(both)
    session.do(EditWord(clip, 0, 0, "Stop!"))
    entry = session.history.undoable(take)
    assert entry is not None
    assert entry.title == "Add a take"  # neither of the two
    session.undo_in(clip)
    assert session.undo_in(take).title == "Both"


def test_the_history_is_the_same_after_a_restart(session: Session) -> None:
    verse = session.document.takes[0].id
    session.do(RenameTake(verse, "verse 1"))
    after = session.do(RenameSession("Songs"))
    session.undo_in(verse)
    path = session.path
    session.close()
    with Session.open(path) as again:
        assert again.undo_in(verse).title == "Rename a take"
        for title in ("Rename a take", "Rename the session"):
            assert again.redo_in(verse).title == title
        assert again.document == after


def test_a_step_with_a_damaged_label_is_never_undone(session: Session) -> None:
    take = session.document.takes[0].id
    session.do(AcceptTake(take))
    session._journal.read("UPDATE step SET label = '[3' WHERE number = 4")
    path = session.path
    session.close()
    with Session.open(path) as again:
        entry = again.history.undoable(take)
        assert entry is not None
        assert entry.number == 3


def test_going_back_in_the_history_restores_any_step_and_comes_forward_again(
    session: Session,
) -> None:
    documents = [session.document]
    for _ in range(12):
        documents.append(session.do(random_edit(session.document, DRAW)))
    for number in (4, 15, 3, 9):
        assert session.go_to(number) == documents[number - 3]
    assert [number for number, _ in session.titles] == list(range(1, 16))


def test_there_is_nothing_to_undo_in_an_empty_session(memory: Path) -> None:
    with Session.create(memory / "empty.seqstudio") as empty:
        with pytest.raises(SessionError, match="nothing to undo, expected an edit of what is"):
            empty.undo_in("")
        with pytest.raises(SessionError, match="nothing to redo, expected an undone edit"):
            empty.redo_in("")
        assert empty.document == Document()


def test_any_edits_are_undone_to_the_identical_start_wherever_the_user_is(
    session: Session,
) -> None:
    """Undo of everything in every place, in turn, ends at the document that was there before."""
    start, draw = session.document, Random(8)
    for _ in range(80):
        edit = random_edit(session.document, draw)
        if not isinstance(edit, CompoundEdit):  # one may change what another has removed
            session.do(edit)
    undone = True
    while undone:
        undone = False
        places = [*(c.id for c in session.document.clips), *(t.id for t in session.document.takes)]
        for shown in ("", *places):
            entry = session.history.undoable(shown)
            if entry and entry.number > 3:
                session.undo_in(shown)
                undone = True
                break
    assert session.document == start
