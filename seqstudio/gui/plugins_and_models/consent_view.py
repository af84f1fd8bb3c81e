"""The consent sheet as a dialog; Cancel is what Enter and Escape choose."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from seqstudio.gui.plugins_and_models.consent import WARNING, Consent
from seqstudio.gui.plugins_and_models.listing_view import headline, wrapped
from seqstudio.gui.widgets.facts_view import FactsView


class ConsentView(QDialog):
    """Asks once; `accepted` or `rejected` is the answer."""

    def __init__(self, consent: Consent, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.consent = consent
        self.setWindowTitle("Install a plugin")
        self.setAccessibleName(consent.question)
        self.setAccessibleDescription(f"{consent.lead} {WARNING}")
        self.resize(620, 560)
        question, lead, warning = (wrapped(self) for _ in range(3))
        question.setText(consent.question)
        lead.setText(consent.lead)
        warning.setText(WARNING)
        question.setFont(headline(question.font()))
        self.facts = FactsView("Facts about the plugin", self)
        self.facts.show_groups(consent.groups)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        column.addWidget(question)
        column.addWidget(lead)
        column.addSpacing(4)
        column.addWidget(self.facts, 1)
        column.addWidget(warning)
        column.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(self)
        self.install = box.addButton(self.consent.accept, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = box.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.install.setAutoDefault(False)
        self.install.setAccessibleDescription(f"Agree to sha256 {self.consent.sha256}")
        self.cancel.setDefault(True)
        self.cancel.setFocus()
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        return box
