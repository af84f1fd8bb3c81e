"""The consent sheet as a dialog; Enter and Escape both cancel."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from seqstudio.gui.plugins_and_models.consent import Consent
from seqstudio.gui.plugins_and_models.listing_view import wrapped_label
from seqstudio.gui.widgets.facts_view import FactsView
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, SHEET, SMALL, TIGHT, styled


class ConsentView(QDialog):
    """Asks for consent; emits `accepted` or `rejected`."""

    def __init__(self, consent: Consent, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.consent = consent
        self.setWindowTitle("Install a plugin")
        self.setAccessibleName(consent.question)
        self.setAccessibleDescription(f"{consent.summary} {consent.warning}")
        self.resize(*SHEET)
        question, summary, warning = (wrapped_label(self) for _ in range(3))
        question.setText(consent.question)
        summary.setText(consent.summary)
        warning.setText(consent.warning)
        question.setFont(styled(question.font(), "heading"))
        self.facts = FactsView("Facts about the plugin", self)
        self.facts.show_groups(consent.groups)
        layout = column(self, margins=(LARGE, LARGE, LARGE, MEDIUM), spacing=SMALL)
        layout.addWidget(question)
        layout.addWidget(summary)
        layout.addSpacing(TIGHT)
        layout.addWidget(self.facts, 1)
        layout.addWidget(warning)
        layout.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(self)
        self.install = box.addButton(self.consent.accept, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = box.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.install.setAutoDefault(False)
        self.install.setAccessibleDescription(f"Install the file of SHA-256 {self.consent.sha256}")
        self.cancel.setDefault(True)
        self.cancel.setFocus()
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        return box
