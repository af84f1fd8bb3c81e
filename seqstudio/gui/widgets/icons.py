"""The icons of the app: Lucide's [1]_, drawn in the colours of the theme.

References
----------
.. [1] Lucide, https://lucide.dev, ISC licence; some by Feather, MIT licence: `icons/LICENSE`.
"""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.metrics import ICON

FOLDER = Path(__file__).with_name("icons")
SHARP = 2.0  # device pixels for a pixel at 100 %, on displays of every scale


def icon(name: str, size: int) -> QIcon:
    """Return an icon in the colours of the theme: normal, disabled, and checked.

    The palette of a widget does not tell the theme: a style sheet may make it transparent.
    """
    colours = colours_of(QGuiApplication.palette())
    inks = (colours.text.name(), colours.faint.name(), colours.accent.name())
    scales = {1.0} | {screen.devicePixelRatio() for screen in QGuiApplication.screens()}
    return _icon(name, size, inks, tuple(sorted(scales)))


@cache
def _icon(name: str, size: int, inks: tuple[str, str, str], scales: tuple[float, ...]) -> QIcon:
    """Draw an icon once for each theme: normal, disabled and checked."""
    normal, disabled, checked = inks
    made = QIcon()
    for mode, state, ink in (
        (QIcon.Mode.Normal, QIcon.State.Off, normal),
        (QIcon.Mode.Disabled, QIcon.State.Off, disabled),
        (QIcon.Mode.Normal, QIcon.State.On, checked),
    ):
        for scale in scales:
            made.addPixmap(picture(name, ink, size, scale), mode, state)
    return made


def picture(name: str, ink: str, size: int, scale: float = SHARP) -> QPixmap:
    """Draw an icon in one colour."""
    from PySide6.QtSvg import QSvgRenderer

    drawn = QPixmap(QSize(size, size) * scale)
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    svg = _source(name).replace("currentColor", ink)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return drawn


@cache
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


class ToolButton(QToolButton):
    """A button that shows an icon alone; the owner sets its tooltip and its name."""

    def __init__(self, name: str, parent: QWidget, size: int = ICON) -> None:
        super().__init__(parent)
        self._name, self._size = name, size
        self.setIconSize(QSize(size, size))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoRaise(True)
        self._draw()

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        if name != self._name:
            self._name = name
            self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the colours of the new theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        self.setIcon(icon(self._name, self._size))


class IconButton(ToolButton):
    """A button for an action, with an icon; its tooltip and its name are the action's."""

    def __init__(self, action: QAction, name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self._action = action
        self.setCheckable(action.isCheckable())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.setToolTip(self._action.toolTip())
        self.setAccessibleName(self._action.text())
        self.setAccessibleDescription(self._action.statusTip())
        self.setEnabled(self._action.isEnabled())
        self.setChecked(self._action.isChecked())
