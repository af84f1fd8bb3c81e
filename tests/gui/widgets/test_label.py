import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from seqstudio.gui.widgets.facts import fact_group, line_group
from seqstudio.gui.widgets.facts_view import FactsView
from seqstudio.gui.widgets.label import Label, plain_tooltip


def test_a_name_that_looks_like_html_is_shown_as_it_is(qtbot: QtBot) -> None:
    name = "<img src='http://example.org/x'><b>run</b>"
    label = Label(name)
    qtbot.addWidget(label)

    assert (label.text(), label.textFormat()) == (name, Qt.TextFormat.PlainText)


def test_what_turns_text_around_is_shown_and_begins_no_fact(qtbot: QtBot) -> None:
    name = "a\x1b\u202egpj\nLimits: enforced"
    label = Label(name)
    qtbot.addWidget(label)
    view = FactsView("Facts")
    qtbot.addWidget(view)
    view.show_groups([fact_group("File", [("Source", name)]), line_group("Limits", [name])])
    shown = [one.text() for one in view.findChildren(Label)]

    assert label.text() == "a\\x1b\\u202egpj\nLimits: enforced"
    assert shown.count(r"a\x1b\u202egpj\nLimits: enforced") == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [("/runs/mine & yours", "/runs/mine & yours"), ("a<b>", "<qt>a&lt;b&gt;</qt>")],
)
def test_a_tooltip_escapes_what_qt_would_take_for_html(text: str, shown: str) -> None:
    assert plain_tooltip(text) == shown
