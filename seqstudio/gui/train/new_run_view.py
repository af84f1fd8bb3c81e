"""The form of a new run: data, task, preset, name, place and settings."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from seqstudio.gui.train.new_run import NewRun
from seqstudio.gui.train.settings_view import SettingsView
from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.drop_hint import dropped_paths
from seqstudio.gui.widgets.field_error import FieldError
from seqstudio.gui.widgets.fitted_scroll_area import FittedScrollArea
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, PAGE, SMALL, TIGHT, WIDE, styled
from seqstudio.gui.workspace.file_kinds import is_session_or_install

BY_DATA = "Chosen by your data"
BY_TASK = "Chosen by the task"  # its first preset, or the one that suits the data
TITLE = "What do you have?"
WHAT = (
    "Recordings with their transcripts, MIDI files, tables or texts: drop the folder here, or "
    "choose it below. The task that fits it is chosen for you; nothing leaves this computer."
)
NO_TASK = "No installed plugin has a task to train."
NEW_WEIGHTS = "New weights"
OTHER_BASE = "Another model or run…"


class NewRunView(QWidget):
    """Shows a `NewRun` and fills it in. Data can be dropped on it."""

    def __init__(self, form: NewRun, start: Callable[[], object]) -> None:
        super().__init__()
        self._form = form
        self._soon = QTimer(self, interval=0, singleShot=True)  # after the errors are laid out
        self._soon.timeout.connect(self._scroll_to_error)
        self.setAcceptDrops(True)
        self.task, self.preset = QComboBox(), QComboBox()
        self.help = Label(wordWrap=True)
        self.data, self.name, self.place = QLineEdit(), QLineEdit(), Label(wordWrap=True)
        self.settings = SettingsView(form)
        self.base, self.processes = QComboBox(), QSpinBox()
        self.errors = {field: FieldError(field) for field in ("task", "data", "name")}
        self.start = QPushButton("Start training")
        self.start.setDefault(True)
        make_primary(self.start)
        self.start.clicked.connect(start)
        self._describe_start()
        self._lay_out()
        self._connect()
        form.changed.connect(self.refresh)
        form.errors_changed.connect(self._refresh_errors)
        form.rejected.connect(self._soon.start)
        self.refresh()

    def refresh(self) -> None:
        """Show the current request."""
        form, request = self._form, self._form.request
        tasks = [(one.entry.title, one.name) for one in form.choices]
        _fill(self.task, [(BY_DATA, ""), *tasks], request.task)
        choice = form.choice
        presets = [(name, name) for name in choice.entry.presets] if choice else []
        _fill(self.preset, [(BY_TASK, ""), *presets], request.preset)
        bases = [(NEW_WEIGHTS, ""), *form.bases]
        if request.base and request.base not in [name for _, name in bases]:
            bases.append((Path(request.base).name, request.base))
        _fill(self.base, [*bases, (OTHER_BASE, OTHER_BASE)], request.base)
        self.processes.setValue(request.processes)
        self.help.setText(choice.entry.help if choice else "" if form.choices else NO_TASK)
        self.help.setVisible(bool(self.help.text()))
        for edit, text in ((self.data, str(request.data or "")), (self.name, request.name)):
            if edit.text() != text:
                edit.setText(text)
        for part in (self.preset, self.base, self.processes, self.settings):
            self._rows.setRowVisible(part, choice is not None)
        self.place.setText(f"in {request.place}" if request.place else "next to the data")
        self._area.updateGeometry()
        self.start.setEnabled(not form.checking)
        self.start.setText("Checking the data…" if form.checking else "Start training")
        self._refresh_errors()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a folder or a file of data; the window handles sessions, plugins and models."""
        paths = dropped_paths(event.mimeData())
        if paths and not is_session_or_install(paths[0]):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Use what was dropped as the training data."""
        self._form.set(data=dropped_paths(event.mimeData())[0])
        event.acceptProposedAction()

    def ask_data(self) -> None:
        """Let the user choose the folder of training data."""
        if name := QFileDialog.getExistingDirectory(self, "Folder of training data"):
            self._form.set(data=Path(name))

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "File of training data")
        if name:
            self._form.set(data=Path(name))

    def _ask_place(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "Place for the folder of the run"):
            self._form.set(place=Path(name))

    def _refresh_errors(self) -> None:
        for field, label in self.errors.items():
            label.show_message(self._form.errors.get(field, ""))

    def _scroll_to_error(self) -> None:
        """Scroll to the first error."""
        errors = self._form.errors
        fields = [*self.errors, *(field for field in errors if field.startswith("set."))]
        first = next((field for field in fields if field in errors), "")
        if first in self.errors:
            self._area.ensureWidgetVisible(self.errors[first])
        elif first and (field := self.settings.field(first.removeprefix("set."))):
            self._area.ensureWidgetVisible(field)

    def _connect(self) -> None:
        form = self._form
        self.task.activated.connect(lambda _at: form.set(task=self.task.currentData()))
        self.preset.activated.connect(lambda _at: form.set(preset=self.preset.currentData()))
        self.data.editingFinished.connect(self._on_data_edited)
        self.base.activated.connect(self._on_base_chosen)
        self.processes.valueChanged.connect(lambda count: form.set(processes=count))
        self.name.textEdited.connect(lambda text: form.set(name=text))

    def _on_base_chosen(self, at: int) -> None:
        chosen = self.base.itemData(at)
        if chosen == OTHER_BASE:
            chosen = QFileDialog.getExistingDirectory(self, "Folder of a model or a run")
        self._form.set(base=chosen or self._form.request.base)

    def _on_data_edited(self) -> None:
        text = self.data.text().strip()
        if text != str(self._form.request.data or ""):
            self._form.set(data=Path(text).expanduser() if text else None)

    def _describe_start(self) -> None:
        """Name the fields of the start, and say what they are for."""
        self.base.setAccessibleName("Start from")
        self.base.setToolTip("Learn on from the weights of a model, which takes less data.")
        self.processes.setRange(1, self._form.max_processes)
        self.processes.setAccessibleName("Processes")
        self.processes.setToolTip("How many processes train together, with the same result.")

    def _lay_out(self) -> None:
        for edit in (self.data, self.name):
            edit.setAcceptDrops(False)  # a folder can be dropped anywhere on the form
        self.task.setAccessibleName("Task")
        self.preset.setAccessibleName("Preset")
        self.data.setAccessibleName("Training data")
        self.data.setPlaceholderText("A folder of recordings or music: drop it here")
        self.name.setAccessibleName("Name of the run")
        rows = self._rows = QFormLayout()
        rows.setHorizontalSpacing(MEDIUM)
        rows.setVerticalSpacing(SMALL)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        data = _row(self.data, _button("Folder…", self.ask_data), _button("File…", self._ask_file))
        rows.addRow("Training data", _column(data, self.errors["data"]))
        rows.addRow("Task", _column(self.task, self.help, self.errors["task"]))
        rows.addRow("Preset", self.preset)
        name = _row(self.name, _button("Change folder…", self._ask_place))
        rows.addRow("Name of the run", _column(name, self.place, self.errors["name"]))
        rows.addRow("Start from", self.base)
        rows.addRow("Processes", self.processes)
        rows.addRow("Settings", self.settings)
        body = QWidget()
        body.setMaximumWidth(PAGE)
        inside = column(body, margins=(WIDE, WIDE, WIDE, MEDIUM), spacing=SMALL)
        title, what = Label(TITLE), Label(WHAT, wordWrap=True)
        title.setFont(styled(title.font(), "heading"))
        what.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.place.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        inside.addWidget(title)
        inside.addWidget(what)
        inside.addSpacing(MEDIUM)
        inside.addLayout(rows)
        self._area = FittedScrollArea(body, self)
        self._area.setAccessibleName("New run")
        footer = _row(self.start)
        footer.setContentsMargins(WIDE, NONE, WIDE, MEDIUM)
        outer = column(self)
        outer.addWidget(self._area)
        outer.addWidget(footer, 0, Qt.AlignmentFlag.AlignLeft)
        outer.addStretch(1)


def _fill(box: QComboBox, lines: list[tuple[str, str]], chosen: str) -> None:
    """Fill a box with choices and select one; the first if `chosen` is not among them."""
    if [(box.itemText(at), box.itemData(at)) for at in range(box.count())] != lines:
        box.clear()
        for title, value in lines:
            box.addItem(title, value)
    box.setCurrentIndex(max(box.findData(chosen), 0))


def _button(title: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(title)
    button.clicked.connect(lambda _checked=False: run())
    return button


def _row(*widgets: QWidget) -> QWidget:
    return _container(row(), widgets)


def _column(*widgets: QWidget) -> QWidget:
    return _container(column(spacing=TIGHT), widgets)


def _container(layout: QBoxLayout, widgets: tuple[QWidget, ...]) -> QWidget:
    container = QWidget()
    for widget in widgets:
        layout.addWidget(widget)
    container.setLayout(layout)
    return container
