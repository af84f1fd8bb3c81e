"""The commands of the window itself: quit, pages, focus, command palette and themes."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMessageBox, QWidget

from seqstudio.errors import DataError
from seqstudio.gui.shell.guide_view import GUIDE_FILE, GuideView
from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.settings_view import SettingsView
from seqstudio.gui.shell.shortcuts_view import ShortcutsView
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.widgets.theme import THEMES, TITLES, Theme, ThemeManager
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.assets import included_file

TAB = Qt.FocusPolicy.TabFocus
ABOUT_ICON = 64
ABOUT = (
    "An offline studio for sequences of sound: speech and music on one recurrent core.\n\n"
    "MIT licence. Icons by Lucide (ISC). The file THIRD_PARTY_NOTICES.md names all other work."
)
PALETTE_KEYS = ("Ctrl+Shift+P", "F1")


class AppWindow(Protocol):
    """What the commands need of the window."""

    workspace: Workspace
    commands: Commands
    theme_manager: ThemeManager

    def show_page(self, name: str) -> QWidget:
        """Show a page by its name."""

    def open_palette(self) -> None:
        """Show the command palette."""

    def open_menus(self) -> None:
        """Open the first menu."""

    def save_preference(self, save: Callable[[], None]) -> None:
        """Call `save`, and show its error."""

    def show_library(self) -> None:
        """Show the selected clip or take, with the library beside it."""

    def visible_parts(self) -> list[QWidget]:
        """Return the parts of the window that F6 goes through."""

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
        place = "Your recordings, pieces and texts, and the page of the selected one"
        library = Command("show.library", "Library", "View", "Ctrl+Alt+Home", place)
        add(library, window.show_library)
        for page in PAGES:
            if not page.shows:
                command = Command(f"show.{page.name}", page.title, "View", page.shortcut, page.help)
                add(command, partial(window.show_page, page.name))
        parts = "Move the focus between the library, the page and the transport"
        add(Command("view.next", "Focus the next part", "View", "F6", parts), self._focus_next_part)
        walk = "Open the first menu; the arrow keys go to the others"
        add(Command("view.menus", "Open the menus", "View", "F10", walk), window.open_menus)
        help = "Find a command by typing a few letters, and see its shortcut"
        palette = Command("app.commands", "Commands…", "Help", PALETTE_KEYS[0], help)
        add(palette, window.open_palette).setShortcuts(list(map(QKeySequence, PALETTE_KEYS)))
        about = "Theme, sound, and where your files are"
        settings = Command("app.settings", "Settings…", "Edit", "Ctrl+,", about)
        add(settings, self._show_settings)
        own = "See and change the shortcut of each command, for a foot pedal too"
        shortcuts = Command("app.shortcuts", "Shortcuts…", "Edit", "Ctrl+Shift+,", own)
        add(shortcuts, self._show_shortcuts)
        read = "How to do everything that the app does"
        add(Command("app.guide", "Guide to the app", "Help", "Ctrl+F1", read), self._show_guide)
        whose = "The version, the licence, and whose work is in it"
        add(Command("app.about", "About SeqStudio", "Help", "Shift+F1", whose), self._show_about)
        self._add_themes()

    def _add_themes(self) -> None:
        manager = self._window.theme_manager
        for number, theme in enumerate(THEMES, 1):
            self._window.commands.add(
                Command(f"theme.{theme}", TITLES[theme], "View/Theme", f"Ctrl+Alt+{number}"),
                partial(self._set_theme, theme),
                checked=lambda theme=theme: manager.theme == theme,  # type: ignore[misc]
            )

    def _show_settings(self) -> None:
        window = self._window
        assert isinstance(window, QWidget)
        SettingsView(
            window.theme_manager.theme,
            self._set_theme,
            Transport.of(window.workspace),
            str(window.workspace.studio.profile.home),
            window,
        ).open()

    def _show_shortcuts(self) -> None:
        window = self._window
        assert isinstance(window, QWidget)
        preferences = window.workspace.preferences

        def save(name: str, keys: str | None) -> None:
            window.save_preference(lambda: preferences.set_shortcut(name, keys))

        ShortcutsView(window.commands, save, window).open()

    def _show_guide(self) -> None:
        window = self._window
        assert isinstance(window, QWidget)
        with errors_to(window.workspace.failed.emit, DataError):
            GuideView(window).show_guide(included_file(GUIDE_FILE))

    def _show_about(self) -> None:
        window = self._window
        assert isinstance(window, QWidget)
        box = QMessageBox(window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About SeqStudio")
        box.setIconPixmap(window.windowIcon().pixmap(ABOUT_ICON))
        box.setText(f"SeqStudio {version('seqstudio')}")
        box.setInformativeText(ABOUT)
        box.open()

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
