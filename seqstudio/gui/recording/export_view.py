"""The dialog that exports a transcript: every format, with a preview."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QWidget,
)

from seqstudio.gui.recording.files import TITLES, file_filters, preview, with_suffix
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import LARGE, LIBRARY, MEDIUM, SHEET

SUFFIX = Qt.ItemDataRole.UserRole


class ExportDialog(QDialog):
    """Lists the formats; the selected one is shown as it will be written."""

    def __init__(self, model: RecordingModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._open = True
        self.setWindowTitle("Export transcript")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SHEET)
        self.formats = QListWidget(self)
        self.formats.setAccessibleName("Format")
        self.formats.setFixedWidth(LIBRARY)
        for suffix, title in TITLES.items():
            item = QListWidgetItem(f"{title} ({suffix})", self.formats)
            item.setData(SUFFIX, suffix)
        self.text = QPlainTextEdit(self, readOnly=True)
        self.text.setAccessibleName("Preview")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        both = QHBoxLayout()
        both.setSpacing(MEDIUM)
        both.addWidget(self.formats)
        both.addWidget(self.text, 1)
        choices = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(choices.Save | choices.Cancel, self)
        make_primary(buttons.button(choices.Save))
        buttons.accepted.connect(self.save)
        buttons.rejected.connect(self.reject)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addLayout(both, 1)
        layout.addWidget(buttons)
        self.formats.currentItemChanged.connect(self._show_preview)
        self.formats.setCurrentRow(0)

    @property
    def suffix(self) -> str:
        """The suffix of the selected format."""
        item = self.formats.currentItem()
        return str(item.data(SUFFIX)) if item else ".txt"

    def save(self) -> None:
        """Ask for a file, and export to it."""
        clip, suffix = self._model.clip, self.suffix
        proposed = str(clip.path.with_suffix(suffix)) if clip else ""
        chosen = f"{TITLES[suffix]} (*{suffix})"
        name, used = QFileDialog.getSaveFileName(
            self, "Export transcript", proposed, file_filters(), chosen
        )
        if name:
            self._model.export(with_suffix(Path(name), used or chosen))
            self.accept()

    def _show_preview(self) -> None:
        """Write the selected format on a thread, and show it unless another was selected."""
        transcript, suffix = self._model.transcript.transcript, self.suffix
        if transcript:
            self._model.workspace.background.run(
                partial(preview, transcript, suffix),
                partial(self._show_text, suffix),
                partial(self._show_text, suffix),
            )

    def _show_text(self, suffix: str, text: str) -> None:
        if self._open and suffix == self.suffix:
            self.text.setPlainText(text)

    def done(self, result: int) -> None:
        """Close; a preview that arrives later is not shown."""
        self._open = False
        super().done(result)
