"""A large button of the start page, with an icon."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.icons import picture
from seqstudio.gui.widgets.metrics import RAIL_ICON, START_BUTTON


class StartButton(QPushButton):
    """One way to begin."""

    def __init__(self, title: str, name: str, *, primary: bool, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._name, self._primary = name, primary
        self.setAccessibleName(title)
        self.setObjectName("start button")
        self.setMinimumHeight(START_BUTTON)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(RAIL_ICON, RAIL_ICON))
        if primary:
            make_primary(self)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the colours of the new theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        colours = colours_of(QGuiApplication.palette())
        ink = colours.on_accent if self._primary else colours.accent
        self.setIcon(QIcon(picture(self._name, ink.name(), RAIL_ICON)))
