import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.palette import PaletteEntry, ranked, score
from seqstudio.gui.shell.window_view import Window


def titles(*entries: PaletteEntry, query: str) -> list[str]:
    return [entry.title for entry in ranked(entries, query)]


def test_all_commands_are_listed_while_nothing_is_typed() -> None:
    assert titles(PaletteEntry("b", "Save"), PaletteEntry("a", "Open"), query="") == [
        "Save",
        "Open",
    ]


def test_starts_of_words_come_before_letters_inside() -> None:
    found = titles(PaletteEntry("a", "Close session"), PaletteEntry("b", "Save as"), query="sa")
    assert found == ["Save as"]
    assert titles(PaletteEntry("a", "Reuse"), PaletteEntry("b", "Undo step"), query="us") == [
        "Undo step",
        "Reuse",
    ]


def test_unavailable_commands_come_last() -> None:
    assert titles(
        PaletteEntry("a", "Undo", ready=False), PaletteEntry("b", "Undock"), query="und"
    ) == [
        "Undock",
        "Undo",
    ]


def test_a_command_is_found_by_its_menu_too() -> None:
    assert titles(PaletteEntry("a", "Dark", menu="View/Theme"), query="theme dark") == ["Dark"]


@given(st.text(max_size=30), st.text(max_size=6))
def test_a_match_contains_every_letter_in_order(text: str, letters: str) -> None:
    rest = iter(text.lower())
    in_order = all(letter in rest for letter in letters)
    assert (score(text, letters) is not None) == in_order


@pytest.fixture
def palette(window: Window, qtbot: QtBot) -> Window:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    qtbot.waitUntil(window.palette_view.isVisible)
    return window


def test_a_few_letters_and_enter_run_a_command(palette: Window, qtbot: QtBot) -> None:
    view = palette.palette_view
    qtbot.keyClicks(view.field, "dark")
    qtbot.keyClick(view.field, Qt.Key.Key_Return)

    assert palette.theme_manager.theme == "dark"
    assert not view.isVisible()


def test_a_click_runs_a_command_once_where_the_desktop_activates_on_one_click(
    palette: Window,
) -> None:
    view, done = palette.palette_view, []
    palette.commands.action("session.new").triggered.connect(lambda: done.append("done"))
    item = view.list.item(0)
    assert item.text() == "New session"
    for signal in (view.list.itemActivated, view.list.itemClicked):  # KDE's style sends both
        signal.emit(item)
    assert len(done) == 1


def test_an_unavailable_command_is_not_run(palette: Window, qtbot: QtBot) -> None:
    view = palette.palette_view
    qtbot.keyClicks(view.field, "undo")
    qtbot.keyClick(view.field, Qt.Key.Key_Return)

    assert view.isVisible()
    assert view.list.item(0).text() == "Undo"


def test_escape_restores_the_focus(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    window.library.tree.setFocus()
    qtbot.keyClick(
        window,
        Qt.Key.Key_P,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    view = window.palette_view
    qtbot.waitUntil(view.isVisible)
    qtbot.keyClick(view.field, Qt.Key.Key_Escape)

    assert not view.isVisible()
    assert window.focusWidget() is window.library.tree


def test_arrows_move_through_the_list(palette: Window, qtbot: QtBot) -> None:
    view = palette.palette_view
    qtbot.keyClick(view.field, Qt.Key.Key_Down)
    assert view.list.currentRow() == 1


def test_people_s_own_words_find_commands() -> None:
    entry = PaletteEntry("a", "Run", synonyms=("transcribe", "recognise"))
    assert titles(entry, PaletteEntry("b", "Trim"), query="transcr") == ["Run"]
    assert titles(entry, query="scribe") == []


def test_a_query_without_a_match_says_so(palette: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.palette_view.field, "qqqqqq")
    assert [palette.palette_view.list.item(0).text()] == ["Nothing found"]
    qtbot.keyClick(palette.palette_view.field, Qt.Key.Key_Return)
    assert palette.palette_view.isVisible()
