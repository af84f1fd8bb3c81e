"""The dialog *Learn from corrections*: which recordings, which model, and what is missing."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from seqstudio.gui.train.learn import LearnModel
from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.field_error import FieldError
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import DIALOG, LARGE, MEDIUM, NONE, SMALL
from seqstudio.gui.widgets.time_text import format_time
from seqstudio.session.corrections import Corrected

CLIP = Qt.ItemDataRole.UserRole
WHAT = (
    "The model goes on learning from the transcripts that you corrected. Some are held out, and "
    "measured with the model before and after: the new one is kept only if it is not worse."
)
ALL_COUNTS = "Segments that you left as they were count as right."


class LearnDialog(QDialog):
    """Shows a `LearnModel`; closes when its job is queued."""

    def __init__(self, model: LearnModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        model.setParent(self)
        self.setWindowTitle("Learn from corrections")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(DIALOG[0])
        if model.recordings:
            self.resize(*DIALOG)
        self.recordings = QListWidget(self)
        self.recordings.setAccessibleName("Corrected recordings")
        self.models, self.name = QComboBox(self), QLineEdit(self)
        self.models.setAccessibleName("Model")
        self.name.setAccessibleName("Name of the new model")
        self.reason = FieldError("what is learned")
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Cancel, self)
        self.learn = self.buttons.addButton("Learn", QDialogButtonBox.ButtonRole.AcceptRole)
        make_primary(self.learn)
        self._lay_out()
        self._fill()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen, and whether it can be started."""
        model = self._model
        if self.models.count() != len(model.learners):
            self.models.clear()
            self.models.addItems([one.title for one in model.learners])
        if model.learner:
            self.models.setCurrentIndex(model.learners.index(model.learner))
        if self.name.text() != model.name:
            self.name.setText(model.name)
        self.reason.show_message(model.reason)
        self.learn.setEnabled(model.ready)
        self.learn.setText("Starting…" if model.starting else "Learn")

    def _fill(self) -> None:
        for one in self._model.recordings:
            item = QListWidgetItem(recording_text(one), self.recordings)
            item.setData(CLIP, one.clip.id)
            item.setToolTip(plain_tooltip(str(one.clip.path)))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
        self.recordings.setVisible(bool(self._model.recordings))

    def _connect(self) -> None:
        model = self._model
        self.recordings.itemChanged.connect(self._on_checked)
        self.models.activated.connect(model.choose_learner)
        self.name.textEdited.connect(model.set_name)
        self.buttons.accepted.connect(model.start)
        self.buttons.rejected.connect(self.reject)
        model.changed.connect(self.refresh)
        model.failed.connect(self.reason.show_message)
        model.started.connect(self.accept)

    def _on_checked(self, item: QListWidgetItem) -> None:
        wanted = item.checkState() == Qt.CheckState.Checked
        self._model.choose(item.data(CLIP), wanted=wanted)

    def _lay_out(self) -> None:
        counts = Label(ALL_COUNTS, wordWrap=True)
        counts.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        counts.setVisible(bool(self._model.recordings))
        form = QWidget(self)
        form.setVisible(bool(self._model.recordings))  # without any, only a sentence
        fields = QFormLayout(form)
        fields.setContentsMargins(NONE, NONE, NONE, NONE)
        fields.setHorizontalSpacing(MEDIUM)
        fields.setVerticalSpacing(SMALL)
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields.addRow("Model", self.models)
        fields.addRow("Name of the new model", self.name)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addWidget(Label(WHAT, wordWrap=True))
        layout.addWidget(self.recordings, 1)
        layout.addWidget(counts)
        layout.addWidget(form)
        layout.addWidget(self.reason)
        layout.addWidget(self.buttons)


def recording_text(one: Corrected) -> str:
    """Return a line about a corrected recording."""
    count = len(one.segments)
    segments = f"{count} segment{'s' * (count != 1)}"
    return f"{one.clip.name}: {segments}, {one.by_hand} by hand, {format_time(one.seconds, 1)}"
