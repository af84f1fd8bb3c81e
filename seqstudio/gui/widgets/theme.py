"""The light, dark and high-contrast themes, applied to the application and its widgets."""

from collections.abc import Mapping
from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget

from seqstudio.gui.widgets.colours import CONTRAST, DARK, LIGHT, Colours
from seqstudio.gui.widgets.style import style_sheet

STYLE = "fusion"
Theme = Literal["system", "light", "dark", "contrast"]
THEMES: tuple[Theme, ...] = get_args(Theme)
TITLES: Mapping[Theme, str] = {
    "system": "System", "light": "Light", "dark": "Dark", "contrast": "High contrast"
}  # fmt: skip


def theme_named(name: str) -> Theme:
    """Return the theme of a name; the desktop's theme if there is none of this name.

    >>> theme_named("dark"), theme_named("sepia")
    ('dark', 'system')
    """
    return next((theme for theme in THEMES if theme == name), "system")


class ThemeManager(QObject):
    """Applies a theme to the application; `system` follows the desktop's colour scheme.

    The palette changes for all widgets at once. A style sheet takes Qt about 0.4 ms per widget, so
    the parts of the window get theirs one by one, each in its own turn of the event loop.
    """

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._app = app
        self.theme: Theme = theme
        self._parts: list[QWidget] = []
        self._waiting: list[QWidget] = []
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._style_next)
        if app.style().name() != STYLE:  # setting it again restyles every widget
            app.setStyle(STYLE)
        self._desktop = app.styleHints().colorScheme()
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        app.setPalette(palette_of(self._colours))

    @property
    def _colours(self) -> Colours:
        if self.theme == "contrast":
            return CONTRAST
        desktop = self._desktop == Qt.ColorScheme.Dark
        dark = self.theme == "dark" or (self.theme == "system" and desktop)
        return DARK if dark else LIGHT

    @property
    def busy(self) -> bool:
        """Whether some parts still have the style sheet of the previous theme."""
        return bool(self._waiting)

    def add(self, part: QWidget) -> None:
        """Style a part of the window, now and whenever the theme changes."""
        self._parts.append(part)
        self.style_once(part)

    def style_once(self, part: QWidget) -> None:
        """Style a part that a change of the theme will not find, such as a dialog."""
        part.setStyleSheet(style_sheet(self._colours))

    def set_theme(self, theme: Theme) -> None:
        """Change to another theme."""
        self.theme = theme
        self._apply()

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._desktop = scheme
        self._apply()

    def _apply(self) -> None:
        self._app.setPalette(palette_of(self._colours))
        # visible parts last: the list is emptied from its end
        self._waiting = sorted(self._parts, key=lambda part: part.isVisible())
        self._turn.start()

    def _style_next(self) -> None:
        if self._waiting:
            self._waiting.pop().setStyleSheet(style_sheet(self._colours))
        if not self._waiting:
            self._turn.stop()


def palette_of(colours: Colours) -> QPalette:
    """Return the widget palette that matches a set of colours."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for where, colour in {
        role.Window: colours.surface,
        role.WindowText: colours.text,
        role.Base: colours.background,
        role.AlternateBase: colours.surface,
        role.Text: colours.text,
        role.PlaceholderText: colours.muted,
        role.Button: colours.surface,
        role.ButtonText: colours.text,
        role.ToolTipBase: colours.surface,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent,
        role.Mid: colours.line,
        role.Accent: colours.accent,
    }.items():
        palette.setColor(where, colour)
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, where, colours.muted)
    return palette
