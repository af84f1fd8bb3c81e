"""Forms for the options of a third-party plugin."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QListWidget, QPlainTextEdit
from pytestqt.qtbot import QtBot

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.contracts.options import Option
from seqstudio.gui.operations.available import available_operations, main_port
from seqstudio.gui.operations.form import FormModel, from_text, to_text
from seqstudio.gui.operations.form_view import NumberField, OptionForm
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.profile import Profile
from seqstudio.host.studio import Studio


@pytest.fixture
def entry(parrot_studio: Studio) -> OperationEntry:
    return parrot_studio.catalogue.plugin("parrot").operation("echo")


@pytest.fixture
def form(entry: OperationEntry) -> FormModel:
    return FormModel(entry)


def test_an_empty_form_leaves_every_default_to_the_host(
    form: FormModel, entry: OperationEntry
) -> None:
    assert form.values() == {}
    assert fill_options(entry, form.values())["times"] == 2


def test_each_kind_of_option_has_its_editor(form: FormModel) -> None:
    editors = {field.name: field.editor for field in form.fields}
    assert editors == {
        "times": "number",
        "pitch": "number",
        "aloud": "flag",
        "patient": "flag",
        "mood": "choice",
        "colours": "choices",
        "phrase": "lines",
        "seeds": "path",
        "name": "text",
    }
    placeholders = {field.name: field.placeholder for field in form.fields}
    assert tuple(placeholders[name] for name in ("times", "pitch", "phrase")) == (
        "2",
        "model default",
        "none",
    )


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("times", "12", "times=12, expected at most 9"),
        ("times", "two", "times='two', expected int"),
        ("pitch", "0.1", "pitch=0.1, expected at least 0.5"),
        ("seeds", "/nowhere/at/all", "seeds=/nowhere/at/all: no such file or folder"),
    ],
)
def test_an_invalid_field_shows_the_hosts_error(
    form: FormModel, name: str, text: str, error: str
) -> None:
    form.type_in(name, text)
    assert form.errors[name].startswith(error)
    form.type_in(name, "")
    assert not form.errors
    assert form.values() == {}


def test_several_values_are_read_one_from_each_line(form: FormModel) -> None:
    form.type_in("phrase", "pretty boy\n\n who is there? \n")
    assert form.values() == {"phrase": ["pretty boy", "who is there?"]}


def test_arrow_keys_move_a_number_within_its_range(form: FormModel) -> None:
    form.step("times", 1)
    assert form.value("times") == 3
    form.step("times", 99)
    assert form.value("times") == 9
    form.step("pitch", 1)
    assert form.value("pitch") == pytest.approx(0.53)


@given(
    st.one_of(
        st.tuples(st.just(Option(type="int")), st.integers()),
        st.tuples(st.just(Option(type="str")), st.text("ab c", min_size=1)),
        st.tuples(st.just(Option(type="int", repeat=True)), st.lists(st.integers(), min_size=1)),
    )
)
def test_a_value_formatted_for_a_field_parses_back(case: tuple[Option, object]) -> None:
    option, value = case
    assert from_text(option, to_text(value)) == value


def test_drawing_a_form_fills_nothing_in(form: FormModel, qtbot: QtBot) -> None:
    changes: list[None] = []
    form.changed.connect(lambda: changes.append(None))
    view = OptionForm(form)
    qtbot.addWidget(view)

    aloud = view.widgets["aloud"]
    assert isinstance(aloud, QCheckBox)
    assert aloud.isChecked()  # its default
    assert (form.values(), changes) == ({}, [])


def test_the_form_is_filled_in_by_keys_and_shows_errors_below_the_field(
    form: FormModel, qtbot: QtBot, recording: Path
) -> None:
    view = OptionForm(form)
    qtbot.addWidget(view)
    view.show()
    times, mood, name = (view.widgets[one] for one in ("times", "mood", "name"))
    assert isinstance(times, NumberField)
    qtbot.keyClicks(times, "12")
    assert view.errors["times"].text() == "⚠ times=12, expected at most 9"
    assert view.errors["times"].isVisible()
    qtbot.keyClick(times, Qt.Key.Key_Backspace)
    assert not view.errors["times"].isVisible()
    qtbot.keyClick(times, Qt.Key.Key_Up)
    assert form.value("times") == 2
    assert isinstance(mood, QComboBox)
    qtbot.keyClick(mood, Qt.Key.Key_Down)
    mood.activated.emit(mood.currentIndex())
    assert isinstance(name, QLineEdit)
    qtbot.keyClicks(name, "Jack")
    aloud, colours, phrase = (view.widgets[one] for one in ("aloud", "colours", "phrase"))
    assert isinstance(aloud, QCheckBox)
    assert aloud.isChecked()
    qtbot.keyClick(aloud, Qt.Key.Key_Space)
    assert isinstance(colours, QListWidget)
    colours.item(2).setCheckState(Qt.CheckState.Checked)
    assert isinstance(phrase, QPlainTextEdit)
    qtbot.keyClicks(phrase, "ahoy")
    qtbot.keyClick(phrase, Qt.Key.Key_Return)
    qtbot.keyClicks(phrase, "mate")
    assert form.values() == {
        "times": 2,
        "mood": "grim",
        "name": "Jack",
        "aloud": False,
        "colours": ["blue"],
        "phrase": ["ahoy", "mate"],
    }
    form.reset()
    assert (times.text(), name.text(), phrase.toPlainText()) == ("", "", "")


def test_every_field_has_an_accessible_name_and_description(form: FormModel, qtbot: QtBot) -> None:
    view = OptionForm(form)
    qtbot.addWidget(view)
    for field in form.fields:
        focused = view.widgets[field.name].focusProxy() or view.widgets[field.name]
        assert focused.accessibleName() == field.label
        assert focused.accessibleDescription() == field.help
    times = next(field for field in form.fields if field.name == "times")
    assert times.help == "How often each word is said.\nFrom 1 to 9"


def test_a_deleted_form_is_not_drawn_again(form: FormModel, qtbot: QtBot) -> None:
    first, second = OptionForm(form), OptionForm(form)
    qtbot.addWidget(second)
    first.deleteLater()
    qtbot.waitSignal(first.destroyed).wait()
    form.set("name", "Jack")
    name = second.widgets["name"]
    assert isinstance(name, QLineEdit)
    assert name.text() == "Jack"


def test_the_forms_of_tables_and_texts_are_drawn_from_the_manifests_in_the_box() -> None:
    catalogue = Catalogue.load(Profile())
    titles = {
        kind: [operation.entry.title for operation in available_operations(catalogue, kind)]
        for kind in ("table", "text")
    }

    assert {"Forecast a table", "Find anomalies in a table"} <= set(titles["table"])
    assert {"Label every line", "Translate a text", "Write a text"} <= set(titles["text"])
    assert "Compare texts with references" in titles["text"]
    assert main_port(available_operations(catalogue, "table")[0].entry, "table") is not None
