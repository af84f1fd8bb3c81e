"""What is under way, or was done last, in one line above a page."""

from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from seqstudio.gui.plugins_and_models.background_task import Errand

BAR_PIXELS = 6


class ErrandView(QWidget):
    """Shows an `Errand`; takes no room while there is nothing to say."""

    def __init__(self, errand: Errand, parent: QWidget) -> None:
        super().__init__(parent)
        self._errand = errand
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(BAR_PIXELS)
        self.bar.setAccessibleName("At work")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.said)
        column.addWidget(self.bar)
        errand.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the errand as it is now."""
        busy = self._errand.busy
        self.said.setText(f"{busy}…" if busy else self._errand.said)
        self.said.setAccessibleName(self.said.text())
        self.bar.setVisible(bool(busy))
        self.setVisible(bool(self.said.text()))
