"""Light and dark: the colours of widgets, and those that painted views take."""

from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from seqstudio.gui.widgets.style import sheet_of

STYLE = "fusion"
Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)


def theme_named(name: str) -> Theme:
    """Give a theme by its name; the desktop's where there is none of this name.

    >>> theme_named("dark"), theme_named("sepia")
    ('dark', 'system')
    """
    return next((theme for theme in THEMES if theme == name), "system")


@dataclass(frozen=True, slots=True)
class Colours:
    """What painted views are drawn in; each pair of ink and ground has a contrast of 4.5 or more.

    Nothing is told by colour alone.
    """

    ground: QColor  # of a painted view
    raised: QColor  # bars, rulers, cards
    ink: QColor
    faint: QColor  # secondary text
    line: QColor  # grids and borders
    accent: QColor  # what is chosen or active
    on_accent: QColor
    wave: QColor
    playhead: QColor
    note: QColor
    trouble: QColor
    good: QColor


LIGHT = Colours(
    ground=QColor("#ffffff"),
    raised=QColor("#f3f4f6"),
    ink=QColor("#1c2024"),
    faint=QColor("#5f6670"),
    line=QColor("#d9dce1"),
    accent=QColor("#2458c5"),
    on_accent=QColor("#ffffff"),
    wave=QColor("#4c7bd9"),
    playhead=QColor("#c2410c"),
    note=QColor("#2f7d5b"),
    trouble=QColor("#b42318"),
    good=QColor("#1c7a4a"),
)
DARK = Colours(
    ground=QColor("#16181c"),
    raised=QColor("#202329"),
    ink=QColor("#e8eaed"),
    faint=QColor("#a2a9b4"),
    line=QColor("#383d46"),
    accent=QColor("#8ab0ff"),
    on_accent=QColor("#0d1420"),
    wave=QColor("#6f9bf0"),
    playhead=QColor("#ff9c66"),
    note=QColor("#5fc79a"),
    trouble=QColor("#ff8a80"),
    good=QColor("#6fd3a0"),
)


def colours_of(palette: QPalette) -> Colours:
    """Give the colours that go with a widget's palette."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT


class Wardrobe(QObject):
    """Dresses the application; under `system` it follows the desktop's light and dark.

    The palette is everyone's at once. Qt takes about 0.4 ms for the style sheet of each widget, so
    parts of the window get theirs one by one, in turns that leave the window free.
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
        self._turn.timeout.connect(self._dress_next)
        if app.style().name() != STYLE:  # setting it again costs time for every widget there is
            app.setStyle(STYLE)
        self._desktop = app.styleHints().colorScheme()
        app.styleHints().colorSchemeChanged.connect(self._follow)
        app.setPalette(palette_of(self._colours))

    @property
    def _colours(self) -> Colours:
        desktop = self._desktop == Qt.ColorScheme.Dark
        dark = self.theme == "dark" or (self.theme == "system" and desktop)
        return DARK if dark else LIGHT

    @property
    def busy(self) -> bool:
        """Whether parts have yet to change their clothes."""
        return bool(self._waiting)

    def dress(self, part: QWidget) -> None:
        """Dress a part of the window, now and whenever the theme changes."""
        self._parts.append(part)
        part.setStyleSheet(sheet_of(self._colours))

    def choose(self, theme: Theme) -> None:
        """Dress in another theme."""
        self.theme = theme
        self._change()

    def _follow(self, scheme: Qt.ColorScheme) -> None:
        self._desktop = scheme
        self._change()

    def _change(self) -> None:
        self._app.setPalette(palette_of(self._colours))
        self._waiting = sorted(
            self._parts, key=lambda part: part.isVisible()
        )  # the last goes first
        self._turn.start()

    def _dress_next(self) -> None:
        if self._waiting:
            self._waiting.pop().setStyleSheet(sheet_of(self._colours))
        if not self._waiting:
            self._turn.stop()


def palette_of(colours: Colours) -> QPalette:
    """Make the palette of widgets out of the colours of painted views."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for where, colour in {
        role.Window: colours.raised,
        role.WindowText: colours.ink,
        role.Base: colours.ground,
        role.AlternateBase: colours.raised,
        role.Text: colours.ink,
        role.PlaceholderText: colours.faint,
        role.Button: colours.raised,
        role.ButtonText: colours.ink,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.ink,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent,
        role.Mid: colours.line,
        role.Accent: colours.accent,
    }.items():
        palette.setColor(where, colour)
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, where, colours.faint)
    return palette
