from pathlib import Path

from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.status import status_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.edits import RenameSession
from seqstudio.session.session import Session


def test_files_are_imported_and_the_first_is_selected(
    workspace: Workspace, qtbot: QtBot, recording: Path
) -> None:
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([recording])

    assert [clip.path for clip in workspace.document.clips] == [recording]
    assert workspace.clip == workspace.document.clips[0]


def test_a_midi_file_becomes_a_clip_and_a_take_of_its_notes(
    workspace: Workspace, qtbot: QtBot, tune: Path
) -> None:
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([tune])

    assert workspace.take is not None
    assert workspace.take.midi == tune.read_bytes()
    assert sum(map(len, workspace.take.tracks)) > 50


def test_a_file_that_cannot_be_read_is_reported_in_one_sentence(
    workspace: Workspace, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(workspace.failed) as failed:
        workspace.import_files([Path("nowhere.wav")])

    assert failed.args[0].startswith("nowhere.wav: no such file")
    assert not workspace.loading


def test_undo_and_redo_go_through_the_session(workspace: Workspace) -> None:
    workspace.do(RenameSession("Songs"))
    workspace.undo()
    assert workspace.document.title == ""
    workspace.redo()
    assert workspace.document.title == "Songs"


def test_a_disk_that_cannot_be_written_is_reported_and_the_workspace_still_closes(
    workspace: Workspace, qtbot: QtBot
) -> None:
    for title in ("Songs", "Ballads"):
        workspace.do(RenameSession(title))
    workspace.undo()
    disk = workspace.session._journal.connection
    disk.execute("PRAGMA query_only = ON")  # nothing can be written, as on a full disk
    for step in (workspace.undo, workspace.redo):
        with qtbot.waitSignal(workspace.failed) as failed:
            step()
        assert str(workspace.session.path) in failed.args[0]
        assert workspace.document.title == "Songs"
    workspace.close()  # every step is stored already


def test_another_session_is_opened_on_a_thread_and_files_are_imported_into_it(
    workspace: Workspace, qtbot: QtBot, recording: Path, tune: Path, tmp_path: Path
) -> None:
    with Session.create(tmp_path / "album.seqstudio") as album:
        album.do(RenameSession("Album"))
    before = workspace.session
    workspace.import_files([recording, album.path])
    workspace.import_files([tune])  # while it is being opened
    assert (workspace.session, workspace.opening) == (before, album.path)
    assert status_of(workspace).loading == "Opening album…"

    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    assert (workspace.document.title, workspace.opening) == ("Album", None)
    assert [clip.path for clip in workspace.document.clips] == [recording, tune]


def test_the_previous_session_can_be_opened_again_at_once(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    workspace.do(RenameSession("Album"))
    assert workspace.save_as(tmp_path / "album.seqstudio")
    workspace.new_session()
    workspace.open_session(tmp_path / "album.seqstudio")

    qtbot.waitUntil(lambda: workspace.document.title == "Album")


def test_a_session_opens_with_the_first_row_of_the_library_selected(
    workspace: Workspace, qtbot: QtBot, recording: Path, tune: Path, tmp_path: Path
) -> None:
    workspace.import_files([tune, recording])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    assert workspace.save_as(tmp_path / "album.seqstudio")
    workspace.new_session()
    assert not workspace.selected_id
    workspace.open_session(tmp_path / "album.seqstudio")

    qtbot.waitUntil(lambda: workspace.clip is not None)
    assert workspace.clip is not None
    assert workspace.clip.path == recording
