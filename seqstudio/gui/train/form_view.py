"""The form of a new run: what to learn from, which task, where to, and the settings."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.train.form import NewRun
from seqstudio.gui.train.settings_view import SettingsView
from seqstudio.gui.widgets.drop_hint import dropped
from seqstudio.gui.widgets.fault import Fault
from seqstudio.gui.workspace.file_kinds import belongs_elsewhere


class FormView(QWidget):
    """Shows a `NewRun` and passes what is typed on. Data may be dropped on it."""

    def __init__(self, form: NewRun, start: Callable[[], object]) -> None:
        super().__init__()
        self._form = form
        self._soon = QTimer(self, interval=0, singleShot=True)  # once the faults have their place
        self._soon.timeout.connect(self._lead_to_fault)
        self.setAcceptDrops(True)
        self.task, self.preset = QComboBox(), QComboBox()
        self.about = QLabel(wordWrap=True)
        self.data, self.name, self.place = QLineEdit(), QLineEdit(), QLabel(wordWrap=True)
        self.settings = SettingsView(form)
        self.faults = {field: Fault(field) for field in ("task", "data", "name")}
        self.start = QPushButton("Start training")
        self.start.setDefault(True)
        self.start.clicked.connect(start)
        self._lay_out()
        self._connect()
        form.changed.connect(self.draw)
        form.faults_changed.connect(self._draw_faults)
        form.refused.connect(self._soon.start)
        self.draw()

    def draw(self) -> None:
        """Show the request as it is now."""
        form, request = self._form, self._form.request
        _fill(self.task, [(one.entry.title, one.name) for one in form.choices], request.task)
        choice = form.choice
        presets = choice.entry.presets if choice else ()
        _fill(self.preset, [(name, name) for name in presets], request.preset)
        self.about.setText(choice.entry.help if choice else "No installed plugin can be trained.")
        for edit, text in ((self.data, str(request.data or "")), (self.name, request.name)):
            if edit.text() != text:
                edit.setText(text)
        self.place.setText(f"in {request.place}" if request.place else "beside the data")
        self.start.setEnabled(not form.checking)
        self.start.setText("Looking at the data…" if form.checking else "Start training")
        self._draw_faults()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder or a file of data; sessions, plugins and models are the window's."""
        paths = dropped(event.mimeData())
        if paths and not belongs_elsewhere(paths[0]):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Learn from what was dropped."""
        self._form.set(data=dropped(event.mimeData())[0])
        event.acceptProposedAction()

    def ask_data(self) -> None:
        """Let the person choose the folder to learn from."""
        if name := QFileDialog.getExistingDirectory(self, "Learn from this folder"):
            self._form.set(data=Path(name))

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Learn from this file")
        if name:
            self._form.set(data=Path(name))

    def _ask_place(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "Put the run's folder here"):
            self._form.set(place=Path(name))

    def _draw_faults(self) -> None:
        for field, label in self.faults.items():
            label.tell(self._form.faults.get(field, ""))

    def _lead_to_fault(self) -> None:
        """Bring the first thing that is wrong into view."""
        faults = self._form.faults
        named = [*self.faults, *(field for field in faults if field.startswith("set."))]
        first = next((field for field in named if field in faults), "")
        if first in self.faults:
            self._area.ensureWidgetVisible(self.faults[first])
        elif first and (place := self.settings.place(first.removeprefix("set."))):
            self._area.ensureWidgetVisible(place)

    def _connect(self) -> None:
        form = self._form
        self.task.activated.connect(lambda _at: form.set(task=self.task.currentData()))
        self.preset.activated.connect(lambda _at: form.set(preset=self.preset.currentData()))
        self.data.editingFinished.connect(self._data_typed)
        self.name.textEdited.connect(lambda text: form.set(name=text))

    def _data_typed(self) -> None:
        text = self.data.text().strip()
        if text != str(self._form.request.data or ""):
            self._form.set(data=Path(text).expanduser() if text else None)

    def _lay_out(self) -> None:
        for edit in (self.data, self.name):
            edit.setAcceptDrops(False)  # a folder may be dropped anywhere on the form
        self.task.setAccessibleName("Task")
        self.preset.setAccessibleName("Preset")
        self.data.setAccessibleName("Data")
        self.data.setPlaceholderText("A folder of recordings or music; drop it here")
        self.name.setAccessibleName("Name of the run")
        rows = QFormLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(8)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        data = _row(self.data, _button("Folder…", self.ask_data), _button("File…", self._ask_file))
        rows.addRow("Learn from", _column(data, self.faults["data"]))
        rows.addRow("Task", _column(self.task, self.about, self.faults["task"]))
        rows.addRow("Preset", self.preset)
        name = _row(self.name, _button("Change place…", self._ask_place))
        rows.addRow("Name of the run", _column(name, self.place, self.faults["name"]))
        rows.addRow("Settings", self.settings)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(12, 12, 12, 12)
        inside.addLayout(rows)
        inside.addStretch(1)
        self._area = area = QScrollArea()
        area.setAccessibleName("What to train on, and how")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        foot = _row(self.start)
        foot.setContentsMargins(12, 0, 12, 12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area, 1)
        column.addWidget(foot, 0, Qt.AlignmentFlag.AlignRight)


def _fill(box: QComboBox, lines: list[tuple[str, str]], chosen: str) -> None:
    """Show the choices of a box, the chosen one in front; the first where none is."""
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
    return _together(QHBoxLayout(), widgets)


def _column(*widgets: QWidget) -> QWidget:
    return _together(QVBoxLayout(), widgets)


def _together(layout: QHBoxLayout | QVBoxLayout, widgets: tuple[QWidget, ...]) -> QWidget:
    whole = QWidget()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4 if isinstance(layout, QVBoxLayout) else 8)
    for widget in widgets:
        layout.addWidget(widget)
    whole.setLayout(layout)
    return whole
