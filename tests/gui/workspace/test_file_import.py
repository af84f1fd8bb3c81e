import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from seqstudio.gui.workspace.file_import import ReorderBuffer
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.session import Session


@given(st.permutations(range(6)))
def test_files_leave_the_buffer_in_the_order_named_whatever_order_they_arrive_in(
    order: list[int],
) -> None:
    buffer = ReorderBuffer()
    tickets = [buffer.expect(Path(f"{number}.wav")) for number in range(6)]
    arrived = [
        outcome for place in order for *_, outcome in buffer.arrive(tickets[place], str(place))
    ]

    assert arrived == list("012345")
    assert not buffer.waiting


def test_a_large_file_that_is_named_first_is_imported_first(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path, recording: Path, tune: Path
) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"word " * 2_000_000)
    workspace.import_files([large, recording, tune])
    assert workspace.loading
    qtbot.waitUntil(lambda: not workspace.loading)

    assert [clip.path for clip in workspace.document.clips] == [large, recording, tune]
    assert workspace.clip is not None
    assert workspace.clip.path == large


def test_a_folder_without_anything_to_open_is_reported(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    with qtbot.waitSignal(workspace.failed) as failed:
        workspace.import_files([nothing])
    assert failed.args == [f"{nothing}: nothing in it to open, expected audio, MIDI or transcripts"]


def test_files_for_a_previous_session_are_not_imported_into_the_next(
    workspace: Workspace, qtbot: QtBot, recording: Path
) -> None:
    workspace.import_files([recording])
    workspace.new_session()
    assert not workspace.loading
    qtbot.waitUntil(lambda: not workspace.background.busy)

    assert not workspace.document.clips


def test_a_session_among_files_is_opened_first(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    album = tmp_path / "album.seqstudio"
    Session.create(album).close()
    workspace.import_files([recording, album])
    qtbot.waitUntil(lambda: bool(workspace.document.clips))

    assert workspace.session.path == album


def test_two_sessions_at_once_are_refused(workspace: Workspace, qtbot: QtBot) -> None:
    with qtbot.waitSignal(workspace.failed) as failed:
        workspace.import_files([Path("a.seqstudio"), Path("b.seqstudio")])
    assert failed.args == ["b.seqstudio: a second session, expected one at most"]


@pytest.mark.medium
def test_sixty_files_are_imported_without_a_stall(
    window: object, workspace: Workspace, qtbot: QtBot, tmp_path: Path, tune: Path
) -> None:
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number in range(60):
        shutil.copy(tune, folder / f"{number:03}.mid")
    workspace.import_files([folder])
    qtbot.waitUntil(lambda: bool(workspace.document.takes))
    qtbot.waitUntil(lambda: not workspace.loading)

    assert [clip.path for clip in workspace.document.clips] == sorted(folder.iterdir())
