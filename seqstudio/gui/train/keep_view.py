"""A row that asks for a model's name, in place: nothing waits while it is open."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.fault import Fault


class KeepView(QWidget):
    """Installs the best model of the run in front under the name that is typed; hidden at first."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the model")
        self.keep, cancel = QPushButton("Keep"), QPushButton("Cancel")
        self.fault = Fault("the name of the model")
        row = QHBoxLayout()
        row.addWidget(QLabel("Name of the model"))
        row.addWidget(self.name, 1)
        row.addWidget(self.keep)
        row.addWidget(cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.fault)
        self.name.returnPressed.connect(self._keep)
        self.name.textEdited.connect(lambda _text: self.fault.tell(""))
        self.keep.clicked.connect(self._keep)
        cancel.clicked.connect(self.hide)
        model.kept.connect(lambda _name: self.hide())
        model.not_kept.connect(self._refused)
        self.hide()

    def ask(self) -> None:
        """Ask for a name, the run's own at first."""
        if run := self._model.run:
            self.fault.tell("")
            self.name.setText(run.folder.name)
            self.show()
            self.name.selectAll()
            self.name.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave it with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _keep(self) -> None:
        self.keep.setEnabled(False)
        self._model.keep(self.name.text())

    def _refused(self, reason: str) -> None:
        self.keep.setEnabled(True)
        self.fault.tell(reason)

    def hideEvent(self, _event: object) -> None:
        """Be ready for the next time."""
        self.keep.setEnabled(True)
