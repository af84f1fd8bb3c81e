"""A question before something that cannot be undone; Enter and Escape both cancel."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import DIALOG, LARGE, SMALL, styled


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is asked, what goes, and the title of the button that does it."""

    question: str
    lines: tuple[str, ...]
    accept: str


class ConfirmationView(QDialog):
    """Shows a `Confirmation`; emits `accepted` or `rejected`."""

    def __init__(self, confirmation: Confirmation, parent: QWidget) -> None:
        super().__init__(parent)
        self.confirmation = confirmation
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(confirmation.question)
        self.setAccessibleName(confirmation.question)
        self.setAccessibleDescription(" ".join(confirmation.lines))
        self.setMinimumWidth(DIALOG[0])
        layout = column(self, margins=LARGE, spacing=SMALL)
        question = Label(confirmation.question, self)
        question.setFont(styled(question.font(), "strong"))
        for label in (question, *(Label(line, self) for line in confirmation.lines)):
            label.setWordWrap(True)
            layout.addWidget(label)
        box = QDialogButtonBox(self)
        self.accept_button = box.addButton(
            confirmation.accept, QDialogButtonBox.ButtonRole.DestructiveRole
        )
        cancel = box.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.accept_button.setAutoDefault(False)
        self.accept_button.clicked.connect(self.accept)
        cancel.setDefault(True)
        cancel.setFocus()
        box.rejected.connect(self.reject)
        layout.addWidget(box)


def ask(confirmation: Confirmation, parent: QWidget, run: Callable[[], object]) -> None:
    """Ask in a dialog of the window, and call `run` if the user agrees."""
    dialog = ConfirmationView(confirmation, parent.window())
    dialog.accepted.connect(run)
    dialog.open()
