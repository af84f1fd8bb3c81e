"""A row of the page that saves a model; not a dialog, so training stays visible."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QSizePolicy, QWidget

from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.weights_choices import WeightsChoice
from seqstudio.gui.widgets.field_error import FieldError
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row

SHORTEST = 24  # characters of a choice that show at least
WHICH = (
    "A run has the weights of its best and of its newest epochs. The setting “Keep every” of a new "
    "run keeps those of more epochs."
)


class SaveModelView(QWidget):
    """Installs the model of an epoch of the current run under a name; hidden at first."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self._choices: tuple[WeightsChoice, ...] = ()
        self.weights, self.name = QComboBox(), QLineEdit()
        self.weights.setAccessibleName("Weights to save")
        self.weights.setToolTip(WHICH)
        self.name.setAccessibleName("Name of the model")
        self.save, self._cancel = QPushButton("Save"), QPushButton("Cancel")
        self.error = FieldError("the name of the model")
        self._lay_out()
        self.weights.activated.connect(self._propose_name)
        self.name.returnPressed.connect(self._save)
        self.name.textEdited.connect(lambda _text: self.error.show_message(""))
        self.save.clicked.connect(self._save)
        self._cancel.clicked.connect(self.hide)
        model.weights_read.connect(self._on_weights_read)
        model.model_saved.connect(lambda _name: self.hide())
        model.save_failed.connect(self._on_failed)
        self.hide()

    def ask(self) -> None:
        """Ask which weights, and for a name; the defaults are the best ones, and the run's name."""
        if run := self._model.run:
            self._choices = ()
            self.weights.clear()
            self.error.show_message("")
            self.name.setText(run.folder.name)
            self.show()
            self.name.selectAll()
            self.name.setFocus()
            self._model.read_weights()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the row on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, _event: object) -> None:
        """Enable the button again for the next time."""
        self._set_saving(saving=False)

    def _on_weights_read(self, choices: tuple[WeightsChoice, ...]) -> None:
        self._choices = choices
        self.weights.clear()
        self.weights.addItems([one.title for one in choices])

    def _propose_name(self, at: int) -> None:
        if run := self._model.run:
            self.name.setText(run.folder.name + self._choices[at].suffix)
            self.error.show_message("")

    def _save(self) -> None:
        at = self.weights.currentIndex()
        self._set_saving(saving=True)
        self._model.save_model(self.name.text(), self._choices[at].step if at >= 0 else None)

    def _on_failed(self, reason: str) -> None:
        self._set_saving(saving=False)
        self.error.show_message(reason)

    def _set_saving(self, *, saving: bool) -> None:
        self.save.setEnabled(not saving)
        self.save.setText("Saving…" if saving else "Save")

    def _lay_out(self) -> None:
        self.weights.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.weights.setMinimumContentsLength(SHORTEST)
        self.weights.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        line = row()
        line.addWidget(Label("Weights"))
        line.addWidget(self.weights, 3)
        line.addWidget(Label("Name"))
        line.addWidget(self.name, 2)
        line.addWidget(self.save)
        line.addWidget(self._cancel)
        rows = column(self)
        rows.addLayout(line)
        rows.addWidget(self.error)
