from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.library import name_of, removing, renaming, sections
from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.file_kinds import bring
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.apply import apply
from seqstudio.session.document import Document
from seqstudio.session.operations import RenameClip, RenameTake


@pytest.fixture
def document(recording: Path, tune: Path) -> Document:
    """A recording, and a MIDI file with its take."""
    made = Document()
    for path in (recording, tune):
        made, _ = apply(made, bring(path))
    return made


@pytest.fixture
def filled(window: Window, qtbot: QtBot, recording: Path, tune: Path) -> Window:
    """The window with a recording and a tune in it."""
    window.workspace.bring_in([recording, tune])
    qtbot.waitUntil(lambda: not window.workspace.loading)
    qtbot.waitUntil(lambda: window.library.tree.topLevelItemCount() == 2)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_a_midi_file_is_shown_once_as_the_take_of_its_notes(document: Document) -> None:
    found = sections(document)
    assert [(section.title, len(section.rows)) for section in found] == [
        ("Recordings", 1),
        ("Music", 1),
    ]
    assert found[1].rows[0].id == document.takes[0].id


def test_a_missing_file_is_told_in_words(document: Document) -> None:
    lost = {clip.id for clip in document.clips}
    notes = [row.note for section in sections(document, lost=lost) for row in section.rows]
    assert notes == ["file not found", "file not found"]


def test_many_loading_files_are_counted(document: Document) -> None:
    (*_, loading) = sections(document, [Path(f"{number}.wav") for number in range(20)])
    assert loading.rows[0].title == "0.wav"
    assert loading.rows[-1].title == "and 14 more"


def test_a_midi_file_goes_with_its_last_take_and_comes_back_with_it(document: Document) -> None:
    step = removing(document, [document.takes[0].id])
    assert step is not None
    without, inverse = apply(document, step)

    assert [clip.kind for clip in without.clips] == ["audio"]
    assert apply(without, inverse)[0] == document


def test_renaming_fits_what_is_renamed(document: Document) -> None:
    clip, take = document.clips[0].id, document.takes[0].id
    assert renaming(document, clip, " Interview ") == RenameClip(clip, "Interview")
    assert renaming(document, take, "Ballad") == RenameTake(take, "Ballad")
    assert renaming(document, take, "  ") is None
    assert renaming(document, take, name_of(document, take)) is None


def rows(window: Window) -> list[str]:
    tree = window.library.tree
    heads = [tree.topLevelItem(place) for place in range(tree.topLevelItemCount())]
    lines = [head.child(place) for head in heads if head for place in range(head.childCount())]
    return [line.text(0) for line in lines if line]


def test_f2_renames_in_place_and_undo_takes_it_back(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    before = workspace.document.clips[0].name
    tree.setFocus()
    workspace.choose(workspace.document.clips[0].id)
    qtbot.keyClick(tree, Qt.Key.Key_F2)
    (editor,) = tree.findChildren(QLineEdit)
    qtbot.keyClicks(editor, "Interview")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: workspace.document.clips[0].name == "Interview")
    workspace.undo()
    qtbot.waitUntil(lambda: before in rows(filled))


def test_all_that_is_selected_is_removed_as_one_step(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    tree.setFocus()
    tree.selectAll()
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not rows(filled))
    assert not workspace.document.clips
    assert not workspace.document.takes

    workspace.undo()
    assert len(workspace.document.clips) == 2


def test_arrows_choose_what_is_in_front(filled: Window, qtbot: QtBot) -> None:
    tree, workspace = filled.library.tree, filled.workspace
    tree.setFocus()
    workspace.choose(workspace.document.clips[0].id)
    qtbot.keyClick(tree, Qt.Key.Key_Down)
    qtbot.keyClick(tree, Qt.Key.Key_Down)

    assert workspace.take == workspace.document.takes[0]


def test_a_click_on_what_is_in_front_leads_back_to_it(filled: Window, qtbot: QtBot) -> None:
    tree = filled.library.tree
    front = filled.stack.currentWidget()
    filled.show_page("plugins")
    place = tree.visualItemRect(tree.currentItem()).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert filled.stack.currentWidget() is front
    filled.show_page("models")
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert filled.stack.currentWidget() is front


def test_the_context_menu_offers_what_can_be_done(filled: Window, qtbot: QtBot) -> None:
    tree = filled.library.tree
    tree.customContextMenuRequested.emit(tree.rect().center())
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in filled.library.findChildren(QMenu)))
    menu = next(menu for menu in filled.library.findChildren(QMenu) if menu.isVisible())
    assert "Rename" in [action.text() for action in menu.actions()]
    menu.close()


def test_selection_stays_while_files_come_in(
    filled: Window, workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    filled.library.tree.selectAll()
    before = filled.library.selected
    more = tmp_path / "more.txt"
    more.write_text("words")
    workspace.bring_in([more])
    qtbot.waitUntil(lambda: "more" in rows(filled))

    assert filled.library.selected == before
