"""A part of a page that is folded away until one opens it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import SMALL

ARROWS = (Qt.ArrowType.RightArrow, Qt.ArrowType.DownArrow)  # folded, open


class Fold(QWidget):
    """A title that shows and hides what is below it.

    Parameters
    ----------
    title : of the part
    body : what is folded away
    opened : whether it is shown at first
    """

    def __init__(self, title: str, body: QWidget, parent: QWidget, *, opened: bool) -> None:
        super().__init__(parent)
        self.button = QToolButton(self)
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setObjectName("fold")
        inside = column(self, spacing=SMALL)
        inside.addWidget(self.button)
        inside.addWidget(body)
        self._body = body
        self.button.toggled.connect(self._show)
        self.button.setChecked(opened)
        self._show(opened)

    def _show(self, opened: bool) -> None:  # noqa: FBT001  # a Qt slot
        self.button.setArrowType(ARROWS[opened])
        self._body.setVisible(opened)
