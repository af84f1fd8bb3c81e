"""The commands of the window itself: quit, pages, focus, command palette and themes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.widgets.theme import THEMES, Theme, ThemeManager
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

TAB = Qt.FocusPolicy.TabFocus
PALETTE_KEYS = ("Ctrl+Shift+P", "F1")
THEME_TITLES = {"system": "System", "light": "Light", "dark": "Dark"}


class AppWindow(Protocol):
    """What the commands need of the window."""

    workspace: Workspace
    commands: Commands
    theme_manager: ThemeManager

    def show_page(self, name: str) -> QWidget:
        """Show a page by its name."""

    def open_palette(self) -> None:
        """Show the command palette."""

    def save_preference(self, save: Callable[[], None]) -> None:
        """Call `save`, and show its error."""

    def visible_parts(self) -> list[QWidget]:
        """Return the page and the visible docks."""

    def focusWidget(self) -> QWidget:
        """Return the widget that has the focus."""

    def close(self) -> bool:
        """Close the window."""


class WindowCommands:
    """Adds the commands of a window, and carries them out."""

    def __init__(self, window: AppWindow) -> None:
        self._window = window
        add = window.commands.add
        compose = Command("music.compose", "Compose a new piece", "Session", "Ctrl+Shift+N")
        add(compose, self._compose)
        saved = "Your work is already saved"
        add(Command("app.quit", "Quit", "Session", "Ctrl+Q", saved), window.close)
        for page in PAGES:
            if not page.shows:
                command = Command(f"show.{page.name}", page.title, "View", page.shortcut, page.help)
                add(command, partial(window.show_page, page.name))
        parts = "Move the focus between the library, the page and the jobs"
        add(Command("view.next", "Focus the next part", "View", "F6", parts), self._focus_next_part)
        help = "Find a command by typing a few letters, and see its shortcut"
        palette = Command("app.commands", "Commands…", "Help", PALETTE_KEYS[0], help)
        add(palette, window.open_palette).setShortcuts(list(map(QKeySequence, PALETTE_KEYS)))
        self._add_themes()

    def _add_themes(self) -> None:
        manager = self._window.theme_manager
        for number, theme in enumerate(THEMES, 1):
            self._window.commands.add(
                Command(f"theme.{theme}", THEME_TITLES[theme], "View/Theme", f"Ctrl+Alt+{number}"),
                partial(self._set_theme, theme),
                checked=lambda theme=theme: manager.theme == theme,  # type: ignore[misc]
            )

    def _compose(self) -> None:
        self._window.workspace.select("")
        self._window.show_page("score")

    def _set_theme(self, theme: Theme) -> None:
        self._window.theme_manager.set_theme(theme)
        preferences = self._window.workspace.preferences
        self._window.save_preference(partial(preferences.set_theme, theme))

    def _focus_next_part(self) -> None:
        focus_next_part(self._window.visible_parts(), self._window.focusWidget())


def focus_next_part(parts: Sequence[QWidget], focus: QWidget | None) -> None:
    """Move the focus into the part after the one that has it."""
    here = next((i for i, part in enumerate(parts) if focus and part.isAncestorOf(focus)), -1)
    for step in range(1, len(parts) + 1):
        if first := _first_to_focus(parts[(here + step) % len(parts)]):
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return


def _first_to_focus(part: QWidget) -> QWidget | None:
    by_tab = (w for w in part.findChildren(QWidget) if w.focusPolicy() & TAB)
    return next((w for w in by_tab if w.isVisible() and w.isEnabled()), None)
