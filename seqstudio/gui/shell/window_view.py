"""The main window: the rail, the library, the pages, the transport and the status bar."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QChildEvent, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QDialog, QMainWindow, QStackedWidget, QWidget

from seqstudio.errors import ConfigError
from seqstudio.gui.jobs.jobs import JobsModel
from seqstudio.gui.shell.jobs_chip_view import JobsChip
from seqstudio.gui.shell.learn_command import add_learn_command
from seqstudio.gui.shell.library_view import LibraryView
from seqstudio.gui.shell.menus_view import Menus
from seqstudio.gui.shell.missing_files import MissingFiles
from seqstudio.gui.shell.pages import PAGES, InstallPage, page_for
from seqstudio.gui.shell.palette_view import PaletteView
from seqstudio.gui.shell.rail_view import Rail
from seqstudio.gui.shell.recent_menu_view import RecentMenu
from seqstudio.gui.shell.session_commands import SessionCommands
from seqstudio.gui.shell.status_view import StatusBar
from seqstudio.gui.shell.transport_view import TransportBar, add_transport_commands
from seqstudio.gui.shell.window_commands import WindowCommands
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import DropHint, dropped_paths
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import LIBRARY, NONE
from seqstudio.gui.widgets.space_bar import keeps_space
from seqstudio.gui.widgets.split import Split
from seqstudio.gui.widgets.theme import Theme, ThemeManager, theme_named
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.file_kinds import InstallRequest
from seqstudio.gui.workspace.workspace import Workspace

SHARE = 0.8  # of the screen, for a new window


class Window(QMainWindow):
    """Lays out the views of a workspace.

    Parameters
    ----------
    workspace : what all views share
    theme : None uses the theme of the preferences
    remember : restore the geometry from the preferences, and save it on closing
    """

    drawn = Signal()  # after the first paint

    def __init__(
        self, workspace: Workspace, theme: Theme | None = None, *, remember: bool = True
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.commands = Commands(self, workspace.preferences.saved.shortcuts)
        self.missing = MissingFiles(workspace)
        self.transport = Transport.of(workspace)
        saved_theme = theme_named(workspace.preferences.saved.theme)
        self.theme_manager = ThemeManager(theme or saved_theme, self)
        self._remember = remember
        self._was_drawn = False
        self._pages: dict[str, QWidget] = {}
        self.setAcceptDrops(True)
        self.session_commands = SessionCommands(workspace, self.commands, self.missing, self)
        WindowCommands(self)
        add_learn_command(self)
        add_transport_commands(self.commands, self.transport)
        self._lay_out()
        self._menus = Menus(self.menuBar(), self.commands, RecentMenu(workspace, self))
        refill = QTimer(self, singleShot=True, interval=0)  # once for many added commands
        refill.timeout.connect(self._menus.fill)
        self.commands.added.connect(lambda _name: refill.start())
        self.palette_view = PaletteView(self.commands, self)
        self.theme_manager.add(self.palette_view)
        self._hint = DropHint(self)
        self._connect()
        self._restore()
        self._show_selection()
        self._on_session_changed()

    def show_page(self, name: str) -> QWidget:
        """Show a page, and build it the first time."""
        entry = next(page for page in PAGES if page.name == name)
        if name not in self._pages:
            self._pages[name] = entry.build(self.workspace, self.commands)
            self.theme_manager.add(self._pages[name])
            self.stack.addWidget(self._pages[name])
        self._show(self._pages[name])
        self.workspace.document_shown = bool(entry.shows)
        self.rail.show_place("library" if entry.shows else name)
        self.library.setVisible(self._library_wanted and entry.beside_library)
        self._update_title()
        return self._pages[name]

    def _show(self, page: QWidget) -> None:
        """Show a page; the focus goes to it rather than to its first button."""
        focus = self.focusWidget()
        if page is not self.stack.currentWidget() or focus is None:
            self.stack.setCurrentWidget(page)
            if focus is None or not (focus.isVisible() and self.rail.isAncestorOf(focus)):
                page.setFocus()

    def show_library(self) -> None:
        """Show the page of the selected clip or take, with the library beside it."""
        self._library_wanted = True
        self._show_selection()
        self.library.show()
        self.library.tree.setFocus()

    def open_palette(self) -> None:
        """Show the command palette."""
        self.palette_view.open_palette()

    def open_menus(self) -> None:
        """Open the first menu, from which the arrow keys go to the others."""
        bar = self.menuBar()
        bar.setFocus()
        bar.setActiveAction(bar.actions()[0])

    def visible_parts(self) -> list[QWidget]:
        """Return the parts of the window that F6 goes through."""
        return [part for part in (self.library, self.stack, self.transport_bar) if part.isVisible()]

    def save_preference(self, save: Callable[[], None]) -> None:
        """Call `save`; show the error if the profile cannot be written."""
        with errors_to(self.banner.show_message, ConfigError):
            save()

    def event(self, event: QEvent) -> bool:
        """Leave the space bar to the widget with the focus, if it has a use for it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Space and plain and keeps_space(self.focusWidget()):
                event.accept()
                return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files from other programs, and show what dropping them will do."""
        if event.source() is None and (paths := dropped_paths(event.mimeData())):
            self._hint.show_for(paths)
            event.setDropAction(Qt.DropAction.CopyAction)  # the files stay where they are
            event.accept()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Hide the hint."""
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the dropped files."""
        self._hint.hide()
        self.workspace.import_files(dropped_paths(event.mimeData()))
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the window; emit `drawn` after the first time."""
        super().paintEvent(event)
        if not self._was_drawn:
            self._was_drawn = True
            QTimer.singleShot(0, self.drawn.emit)

    def childEvent(self, event: QChildEvent) -> None:
        """Style a dialog before it is first shown."""
        child = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(child, QDialog):
            self.theme_manager.style_once(child)
        super().childEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Check for missing files and new plugins when the window is activated."""
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.missing.check()
            self.workspace.refresh_if_changed()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the window's state, and close the workspace; every change is stored already."""
        if self._remember:
            geometry = bytes(self.saveGeometry().toBase64().data()).decode()
            width = self.split.sizes()[0] if self._library_wanted else 0
            preferences, screen = self.workspace.preferences, self._screen_name()
            self.save_preference(lambda: preferences.set_window(screen, geometry, width))
        self.hide()  # at once: running jobs may take a moment to end
        self.workspace.close()
        event.accept()

    def _lay_out(self) -> None:
        workspace, commands = self.workspace, self.commands
        self._library_wanted = True
        self.banner = Banner("session", self)
        self.missing_banner = Banner("the session's files", self)
        self.missing_banner.add_button("Find…", self.session_commands.find)
        self.library = LibraryView(workspace, commands, self.missing)
        self.stack = QStackedWidget(self)
        self.split = Split(Qt.Orientation.Horizontal, self)
        self.split.addWidget(self.library)
        self.split.addWidget(self.stack)
        self.split.setStretchFactor(1, 1)
        self._add_library_command()
        self.rail = Rail(commands, self)
        self.transport_bar = TransportBar(self.transport, commands, self)
        self.setCentralWidget(self._centre())
        bar = self.status_bar = StatusBar(workspace, self)
        self.chip = JobsChip(JobsModel(workspace, self), commands.action("show.jobs"), bar)
        bar.addPermanentWidget(self.chip)
        self.setStatusBar(bar)
        for part in (
            self.menuBar(), bar, self.banner, self.missing_banner, self.library, self.rail,
            self.transport_bar, self.chip.pop_over,
        ):  # fmt: skip
            self.theme_manager.add(part)

    def _centre(self) -> QWidget:
        centre = QWidget(self)
        parts = column(centre)
        parts.addWidget(self.banner)
        parts.addWidget(self.missing_banner)
        across = row(spacing=NONE)
        across.addWidget(self.rail)
        across.addWidget(self.split, 1)
        parts.addLayout(across, 1)
        parts.addWidget(self.transport_bar)
        return centre

    def _add_library_command(self) -> None:
        help = "Show or hide the library beside the pages"
        self.commands.add(
            Command("view.library", "Library beside the page", "View", "Ctrl+B", help),
            self._toggle_library,
            checked=lambda: self.library.isVisible(),
        )

    def _toggle_library(self) -> None:
        self._library_wanted = not self.library.isVisible()
        self.library.setVisible(self._library_wanted)

    def _connect(self) -> None:
        workspace = self.workspace
        workspace.failed.connect(self.banner.show_message)
        workspace.selection_changed.connect(self._show_selection)
        self.library.reselected.connect(self._show_selection)
        workspace.session_changed.connect(self._on_session_changed)
        workspace.changed.connect(self._update_title)
        workspace.install_requested.connect(self._install)
        workspace.closing.connect(self.commands.stop)
        self.missing.changed.connect(self._show_missing)
        self.missing.collected.connect(self.status_bar.say)
        self.drawn.connect(self._look_for_sound)
        self.drawn.connect(workspace.read_models)
        if workspace.session.lost:
            self.banner.show_message(workspace.session.lost)

    def _look_for_sound(self) -> None:
        """Look for a sound device, now that the window is drawn."""
        if self.transport.player.reason:
            self.transport.player.look_again()

    def _screen_name(self) -> str:
        """Return a name for the size of the screen: each has a geometry of its own."""
        size = (self.screen() or QGuiApplication.primaryScreen()).size()
        return f"{size.width()}x{size.height()}"

    def _restore(self) -> None:
        """Restore the geometry of this screen, or take most of it."""
        screen = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(QSize(screen.width(), screen.height()) * SHARE)
        frame = self.frameGeometry()
        frame.moveCenter(screen.center())
        self.move(frame.topLeft())
        saved = self.workspace.preferences.saved
        geometry = saved.windows.get(self._screen_name(), "") if self._remember else ""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        self._library_wanted = not geometry or saved.library > 0
        self.split.setSizes([saved.library or LIBRARY, self.width()])

    def _install(self, request: InstallRequest) -> None:
        """Pass a plugin or a model to the page that installs it."""
        page = self.show_page(request.page)
        assert isinstance(page, InstallPage)
        page.install(request.path)

    def _show_selection(self) -> None:
        self.show_page(page_for(self.workspace))

    def _on_session_changed(self) -> None:
        session = self.workspace.session
        if not session.is_untitled:
            preferences, path = self.workspace.preferences, session.path.absolute()
            self.save_preference(lambda: preferences.add_recent(path))
        self._update_title()

    def _update_title(self) -> None:
        session, workspace = self.workspace.session, self.workspace
        name = "Untitled" if session.is_untitled else session.path.stem
        self.setWindowTitle(f"{workspace.document.title or name} - SeqStudio")
        for action, verb, step in (
            ("session.undo", "Undo", workspace.undo_title),
            ("session.redo", "Redo", workspace.redo_title),
        ):
            self.commands.set_text(action, f"{verb}: {step}" if step else verb)
        self.commands.refresh()

    def _show_missing(self) -> None:
        self.missing_banner.show_message(self.missing.text)
        self.commands.refresh()
