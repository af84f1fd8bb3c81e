"""The dialog that puts bars of the current take into another take."""

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)

from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.gui.takes.takes import TakesModel


class MergeDialog(QDialog):
    """Asks which bars, and into which take."""

    def __init__(self, model: TakesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.first, self.last, self.into = QSpinBox(), QSpinBox(), QComboBox()
        if (card := model.current) and (bars := model.mergeable_bars):
            self.setWindowTitle(f"Put bars of {card.take.name} into another take")
            for box, bar in ((self.first, bars.first), (self.last, bars.last)):
                box.setRange(1, model.bar_count)
                box.setValue(bar)
            for other in model.merge_targets:
                self.into.addItem(other.name, other.id)
            at = self.into.findData(card.take.parent)
            self.into.setCurrentIndex(max(at, 0))
        self._lay_out()

    def accept(self) -> None:
        """Put the bars in place, as one undo step."""
        first, last = sorted((self.first.value(), self.last.value()))
        self._model.merge(self.into.currentData(), BarSelection(first, last))
        super().accept()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.addRow("&First bar", self.first)
        form.addRow("&Last bar", self.last)
        form.addRow("&Into", self.into)
        choices = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(choices.Ok | choices.Cancel, self)
        buttons.button(choices.Ok).setText("Put in place")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
