"""A row of the page that asks for a model's name; not a dialog, so training stays visible."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.field_error import FieldError
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.metrics import NONE


class SaveModelView(QWidget):
    """Installs the best model of the current run under the name that is typed; hidden at first."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the model")
        self.save, cancel = QPushButton("Save"), QPushButton("Cancel")
        self.error = FieldError("the name of the model")
        row = QHBoxLayout()
        row.addWidget(Label("Name of the model"))
        row.addWidget(self.name, 1)
        row.addWidget(self.save)
        row.addWidget(cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(NONE, NONE, NONE, NONE)
        column.addLayout(row)
        column.addWidget(self.error)
        self.name.returnPressed.connect(self._save)
        self.name.textEdited.connect(lambda _text: self.error.show_message(""))
        self.save.clicked.connect(self._save)
        cancel.clicked.connect(self.hide)
        model.model_saved.connect(lambda _name: self.hide())
        model.save_failed.connect(self._on_failed)
        self.hide()

    def ask(self) -> None:
        """Ask for a name; the default is the name of the run."""
        if run := self._model.run:
            self.error.show_message("")
            self.name.setText(run.folder.name)
            self.show()
            self.name.selectAll()
            self.name.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the row on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _save(self) -> None:
        self.save.setEnabled(False)
        self._model.save_model(self.name.text())

    def _on_failed(self, reason: str) -> None:
        self.save.setEnabled(True)
        self.error.show_message(reason)

    def hideEvent(self, _event: object) -> None:
        """Enable the button again for the next time."""
        self.save.setEnabled(True)
