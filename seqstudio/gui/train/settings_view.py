"""Rows of NAME and VALUE for the settings that a preset can be changed by."""

import dataclasses

from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.contracts.task import TrainConfig
from seqstudio.gui.train.form import NewRun
from seqstudio.gui.train.request import FIRST_SETTINGS
from seqstudio.gui.widgets.theme import colours_of


class SettingsView(QWidget):
    """One row for each setting, its fault below it, and a button for one more."""

    def __init__(self, form: NewRun) -> None:
        super().__init__()
        self._form = form
        self.rows: list[tuple[QComboBox, QLineEdit, QLabel]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.add = QPushButton("Add a setting")
        self.add.setToolTip("Change one value of the preset by name, as --set does.")
        self.add.clicked.connect(lambda _checked=False: self.add_row())
        self._column.addWidget(self.add)
        form.faults_changed.connect(self.draw_faults)

    def add_row(self) -> None:
        """Offer a row for one more setting."""
        name, value, fault = QComboBox(editable=True), QLineEdit(), QLabel(wordWrap=True)
        fields = dataclasses.fields(TrainConfig)
        name.addItems([one.name for one in fields if one.name not in FIRST_SETTINGS])
        name.setCurrentIndex(-1)
        name.setAccessibleName("Name of a setting")
        name.setToolTip("One of these, or a name of the task's own, such as hidden or layers.")
        value.setAccessibleName("Value of the setting")
        value.setPlaceholderText("value")
        fault.setStyleSheet(f"color: {colours_of(self.palette()).trouble.name()}")
        fault.hide()
        row = QWidget()
        line = QHBoxLayout()
        remove = QPushButton("Remove")
        for widget, stretch in ((name, 3), (value, 2), (remove, 0)):
            line.addWidget(widget, stretch)
        whole = QVBoxLayout(row)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(line)
        whole.addWidget(fault)
        entry = (name, value, fault)
        self.rows.append(entry)
        name.currentTextChanged.connect(self._tell)
        value.textEdited.connect(self._tell)
        remove.clicked.connect(lambda _checked=False: self._remove(row, entry))
        self._column.insertWidget(self._column.count() - 1, row)
        name.setFocus()

    def draw_faults(self) -> None:
        """Show what is wrong under the row that it is about."""
        for name, _, fault in self.rows:
            reason = self._form.faults.get(f"set.{name.currentText().strip()}", "")
            fault.setText(f"⚠ {reason}" if reason else "")
            fault.setVisible(bool(reason))

    def _remove(self, row: QWidget, entry: tuple[QComboBox, QLineEdit, QLabel]) -> None:
        self.rows.remove(entry)
        row.deleteLater()
        self._tell()

    def _tell(self) -> None:
        settings = tuple((name.currentText(), value.text()) for name, value, _ in self.rows)
        self._form.set(settings=tuple(one for one in settings if any(one)))
