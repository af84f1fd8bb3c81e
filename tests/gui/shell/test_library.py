from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.gui.shell.library import (
    Row,
    Section,
    arranged,
    name_of,
    remove_edit,
    rename_edit,
    sections,
)
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.file_kinds import import_file
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.apply import apply
from seqstudio.session.document import Clip, Document
from seqstudio.session.edits import AddClip, RenameClip, RenameTake, SetTranscript


@pytest.fixture
def document(recording: Path, tune: Path) -> Document:
    """A recording, and a MIDI file with its take."""
    made = Document()
    for path in (recording, tune):
        made, _ = apply(made, import_file(path))
    return made


@pytest.fixture
def filled(window: Window, qtbot: QtBot, recording: Path, tune: Path) -> Window:
    """The window with a recording and a tune imported."""
    window.workspace.import_files([recording, tune])
    qtbot.waitUntil(lambda: not window.workspace.loading)
    qtbot.waitUntil(lambda: window.library.tree.topLevelItemCount() == 2)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_a_midi_file_is_listed_once_as_the_take_of_its_notes(document: Document) -> None:
    found = sections(document)
    assert [(section.title, len(section.rows)) for section in found] == [
        ("Recordings", 1),
        ("Music", 1),
    ]
    assert found[1].rows[0].id == document.takes[0].id


def test_a_missing_file_is_marked(document: Document) -> None:
    missing = {clip.id for clip in document.clips}
    found = sections(document, missing=missing)
    details = [row.detail for section in found for row in section.rows]
    assert details == ["file not found", "file not found"]


def test_many_loading_files_are_counted(document: Document) -> None:
    (*_, loading) = sections(document, [Path(f"{number}.wav") for number in range(20)])
    assert loading.rows[0].title == "0.wav"
    assert loading.rows[-1].title == "and 14 more"


def test_a_midi_file_is_removed_with_its_last_take_and_undo_restores_both(
    document: Document,
) -> None:
    edit = remove_edit(document, [document.takes[0].id])
    assert edit is not None
    without, inverse = apply(document, edit)

    assert [clip.kind for clip in without.clips] == ["audio"]
    assert apply(without, inverse)[0] == document


def test_rename_edit_depends_on_the_item(document: Document) -> None:
    clip, take = document.clips[0].id, document.takes[0].id
    assert rename_edit(document, clip, " Interview ") == RenameClip(clip, "Interview")
    assert rename_edit(document, take, "Ballad") == RenameTake(take, "Ballad")
    assert rename_edit(document, take, "  ") is None
    assert rename_edit(document, take, name_of(document, take)) is None


def rows(window: Window) -> list[str]:
    tree = window.library.tree
    heads = [tree.topLevelItem(place) for place in range(tree.topLevelItemCount())]
    lines = [head.child(place) for head in heads if head for place in range(head.childCount())]
    return [line.text(0) for line in lines if line]


def test_f2_renames_in_place_and_undo_reverts_it(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    before = workspace.document.clips[0].name
    tree.setFocus()
    workspace.select(workspace.document.clips[0].id)
    qtbot.keyClick(tree, Qt.Key.Key_F2)
    (editor,) = tree.findChildren(QLineEdit)
    qtbot.keyClicks(editor, "Interview")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: workspace.document.clips[0].name == "Interview")
    workspace.undo()
    qtbot.waitUntil(lambda: before in rows(filled))


@pytest.mark.medium
def test_selected_items_are_removed_in_one_step(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    tree.setFocus()
    tree.selectAll()
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not rows(filled))
    assert not workspace.document.clips
    assert not workspace.document.takes

    workspace.undo()
    assert len(workspace.document.clips) == 2


@pytest.mark.medium
def test_arrow_keys_select(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    tree.setFocus()
    workspace.select(workspace.document.clips[0].id)
    qtbot.keyClick(tree, Qt.Key.Key_Down)
    qtbot.keyClick(tree, Qt.Key.Key_Down)

    assert workspace.take == workspace.document.takes[0]


@pytest.mark.medium
def test_a_click_on_the_selected_item_shows_its_page_again(filled: Window, qtbot: QtBot) -> None:
    tree = filled.library.tree
    page = filled.stack.currentWidget()
    filled.show_page("plugins")
    place = tree.visualItemRect(tree.currentItem()).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert filled.stack.currentWidget() is page
    filled.show_page("models")
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert filled.stack.currentWidget() is page


def test_the_context_menu_lists_the_commands(filled: Window, qtbot: QtBot) -> None:
    tree = filled.library.tree
    tree.customContextMenuRequested.emit(tree.rect().center())
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in filled.library.findChildren(QMenu)))
    menu = next(menu for menu in filled.library.findChildren(QMenu) if menu.isVisible())
    assert "Rename" in [action.text() for action in menu.actions()]
    menu.close()


def test_what_is_opened_is_shown(
    filled: Window, workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(name)
    workspace.import_files([tmp_path / "one.txt", tmp_path / "two.txt"])
    qtbot.waitUntil(lambda: "two" in rows(filled))

    assert workspace.clip
    assert workspace.clip.name == "one"


def test_the_selection_stays_while_the_session_changes(
    filled: Window, workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    filled.library.tree.selectAll()
    before = filled.library.selected_ids
    more = tmp_path / "more.txt"
    more.write_text("words")
    workspace.do(AddClip(replace(Clip.of(more), name="more")))
    qtbot.waitUntil(lambda: "more" in rows(filled))

    assert filled.library.selected_ids == before


def test_rows_are_filtered_and_sorted() -> None:
    rows = tuple(Row(name, name, state) for name, state in (("b", "✓"), ("C", ""), ("a", "✓✓")))
    listed = (Section("Recordings", rows),)

    (by_name,) = arranged(listed, order="name")
    assert [row.title for row in by_name.rows] == ["a", "b", "C"]
    (to_do_first,) = arranged(listed, order="state")
    assert [row.title for row in to_do_first.rows] == ["C", "b", "a"]
    (found,) = arranged(listed, search=" c")
    assert [row.title for row in found.rows] == ["C"]
    assert arranged(listed, search="x") == ()


def test_a_transcribed_recording_has_a_tick_and_a_corrected_one_two(
    window: Window, qtbot: QtBot, recording: Path
) -> None:
    workspace, library = window.workspace, window.library
    workspace.import_files([recording])
    qtbot.waitUntil(lambda: workspace.clip is not None)
    words = Segment(start_s=0, end_s=1, text="Z E")
    heard = Transcript(audio="a", duration_s=1, text="Z E", segments=(words,))
    shown = []
    for transcript in (heard, replace(heard, segments=(replace(words, origin="human"),))):
        workspace.do(SetTranscript(workspace.selected_id, transcript))
        library.draw()
        head = library.tree.topLevelItem(0)
        assert head is not None
        shown.append(head.child(0).text(1))
    assert shown == ["✓", "✓✓"]

    library.search.setText("nothing like it")
    head = library.tree.topLevelItem(0)
    assert head is not None
    assert head.text(0) == "Nothing found"
