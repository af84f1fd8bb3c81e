from pathlib import Path

from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.status_view import status_of
from seqstudio.gui.workspace.workspace import Desk
from seqstudio.session.operations import RenameSession
from seqstudio.session.session import Session


def test_files_come_in_and_the_first_is_put_in_front(
    desk: Desk, qtbot: QtBot, recording: Path
) -> None:
    with qtbot.waitSignal(desk.changed):
        desk.bring_in([recording])

    assert [clip.path for clip in desk.document.clips] == [recording]
    assert desk.clip == desk.document.clips[0]


def test_a_midi_file_is_a_clip_and_a_take_of_its_notes(
    desk: Desk, qtbot: QtBot, tune: Path
) -> None:
    with qtbot.waitSignal(desk.changed):
        desk.bring_in([tune])

    assert desk.take is not None
    assert desk.take.midi == tune.read_bytes()
    assert sum(map(len, desk.take.tracks)) > 50


def test_what_cannot_be_read_is_told_in_one_sentence(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.troubled) as told:
        desk.bring_in([Path("nowhere.wav")])

    assert told.args[0].startswith("nowhere.wav: no such file")
    assert not desk.loading


def test_undo_and_redo_go_through_the_session(desk: Desk) -> None:
    desk.do(RenameSession("Songs"))
    desk.undo()
    assert desk.document.title == ""
    desk.redo()
    assert desk.document.title == "Songs"


def test_a_disk_that_takes_nothing_is_told_and_never_keeps_the_app_from_ending(
    desk: Desk, qtbot: QtBot
) -> None:
    for title in ("Songs", "Ballads"):
        desk.do(RenameSession(title))
    desk.undo()
    disk = desk.session._journal.connection
    disk.execute("PRAGMA query_only = ON")  # nothing can be written, as on a full disk
    for move in (desk.undo, desk.redo):
        with qtbot.waitSignal(desk.troubled) as told:
            move()
        assert str(desk.session.path) in told.args[0]
        assert desk.document.title == "Songs"
    desk.close()  # ends all the same: what was done is on the disk


def test_another_session_is_opened_on_a_thread_and_files_go_into_it(
    desk: Desk, qtbot: QtBot, recording: Path, tune: Path, tmp_path: Path
) -> None:
    with Session.create(tmp_path / "album.seqstudio") as album:
        album.do(RenameSession("Album"))
    before = desk.session
    desk.bring_in([recording, album.path])
    desk.bring_in([tune])  # while it is being opened
    assert (desk.session, desk.opening) == (before, album.path)
    assert status_of(desk).loading == "Opening album…"

    qtbot.waitUntil(lambda: len(desk.document.clips) == 2)
    assert (desk.document.title, desk.opening) == ("Album", None)
    assert [clip.path for clip in desk.document.clips] == [recording, tune]


def test_a_session_that_was_left_can_be_opened_again_at_once(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.do(RenameSession("Album"))
    assert desk.save_as(tmp_path / "album.seqstudio")
    desk.new_session()
    desk.open_session(tmp_path / "album.seqstudio")

    qtbot.waitUntil(lambda: desk.document.title == "Album")


def test_a_session_opens_with_what_the_library_names_first_in_front(
    desk: Desk, qtbot: QtBot, recording: Path, tune: Path, tmp_path: Path
) -> None:
    desk.bring_in([tune, recording])
    qtbot.waitUntil(lambda: len(desk.document.clips) == 2)
    assert desk.save_as(tmp_path / "album.seqstudio")
    desk.new_session()
    assert not desk.chosen
    desk.open_session(tmp_path / "album.seqstudio")

    qtbot.waitUntil(lambda: desk.clip is not None)
    assert desk.clip is not None
    assert desk.clip.path == recording
