"""The commands of the window itself: its pages, its parts, its palette, its theme."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDockWidget, QWidget

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.widgets.theme import THEMES, Theme
from seqstudio.gui.workspace.commands import Command

if TYPE_CHECKING:
    from seqstudio.gui.shell.window import Window

TAB = Qt.FocusPolicy.TabFocus
PALETTE_KEYS = ("Ctrl+Shift+P", "F1")
THEME_TITLES = {"system": "As the desktop", "light": "Light", "dark": "Dark"}


class WindowCommands:
    """Adds what can be done with the window, and does it."""

    def __init__(self, window: "Window") -> None:
        self._window = window
        add = window.commands.add
        compose = Command("music.compose", "Compose a new piece", "Session", "Ctrl+Shift+N")
        add(compose, self._compose)
        add(Command("app.quit", "Quit", "Session", "Ctrl+Q", "All is saved already"), window.close)
        for page in PAGES:
            if not page.shows:
                command = Command(f"show.{page.name}", page.title, "View", page.shortcut, page.help)
                add(command, partial(window.show_page, page.name))
        around = Command("view.next", "Go to the next part", "View", "F6", "Library, page, jobs")
        add(around, self._go_round)
        said = "Find any command by a few letters, with its keys"
        palette = Command("app.commands", "Commands…", "Help", PALETTE_KEYS[0], said)
        add(palette, self._ask).setShortcuts(list(map(QKeySequence, PALETTE_KEYS)))
        self._add_themes()

    def _add_themes(self) -> None:
        wardrobe = self._window.wardrobe
        for number, theme in enumerate(THEMES, 1):
            self._window.commands.add(
                Command(f"theme.{theme}", THEME_TITLES[theme], "View/Theme", f"Ctrl+Alt+{number}"),
                partial(self._choose_theme, theme),
                checked=lambda theme=theme: wardrobe.theme == theme,  # type: ignore[misc]
            )

    def _compose(self) -> None:
        self._window.workspace.choose("")
        self._window.show_page("score")

    def _ask(self) -> None:
        self._window.palette_view.ask()

    def _choose_theme(self, theme: Theme) -> None:
        self._window.wardrobe.choose(theme)
        self._window.prefer(lambda: self._window.workspace.preferences.choose_theme(theme))

    def _go_round(self) -> None:
        """Put the focus into the next of page and docks that is shown."""
        window = self._window
        docks = [dock for dock in window.findChildren(QDockWidget) if dock.isVisible()]
        parts: list[QWidget] = [window.stack, *(dock.widget() for dock in docks)]
        focus = window.focusWidget()
        here = next((i for i, part in enumerate(parts) if focus and part.isAncestorOf(focus)), -1)
        for step in range(1, len(parts) + 1):
            if first := _first_to_focus(parts[(here + step) % len(parts)]):
                first.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return


def _first_to_focus(part: QWidget) -> QWidget | None:
    takes_tab = (w for w in part.findChildren(QWidget) if w.focusPolicy() & TAB)
    return next((w for w in takes_tab if w.isVisible() and w.isEnabled()), None)
