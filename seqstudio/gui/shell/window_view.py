"""The main window: the library, the pages, and the jobs below."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QWidget,
)

from seqstudio.errors import ConfigError
from seqstudio.gui.shell.library_view import LibraryView
from seqstudio.gui.shell.menus_view import Menus
from seqstudio.gui.shell.missing_files import MissingFiles
from seqstudio.gui.shell.pages import DOCKS, PAGES, InstallPage, page_for
from seqstudio.gui.shell.palette_view import PaletteView
from seqstudio.gui.shell.session_commands import SessionCommands
from seqstudio.gui.shell.status_view import StatusBar
from seqstudio.gui.shell.window_commands import WindowCommands
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import DropHint, dropped_paths
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.theme import Theme, ThemeManager, theme_named
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.file_kinds import InstallRequest
from seqstudio.gui.workspace.workspace import Workspace

SIZE = QSize(1280, 800)
LIBRARY_WIDTH = 240
DOCKS_VERSION = 1  # increased when docks are renamed, so that an older state is not restored
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class Window(QMainWindow):
    """Lays out the views of a workspace.

    Parameters
    ----------
    workspace : what all views share
    theme : None uses the theme of the preferences
    remember : restore the geometry and docks from the preferences, and save them on closing
    """

    drawn = Signal()  # after the first paint

    def __init__(
        self, workspace: Workspace, theme: Theme | None = None, *, remember: bool = True
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.commands = Commands(self)
        self.missing = MissingFiles(workspace)
        saved_theme = theme_named(workspace.preferences.saved.theme)
        self.theme_manager = ThemeManager(theme or saved_theme, self)
        self._remember = remember
        self._was_drawn = False
        self._pages: dict[str, QWidget] = {}
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.session_commands = SessionCommands(workspace, self.commands, self.missing, self)
        WindowCommands(self)
        self._lay_out()
        self._add_views()
        self._menus = Menus(self.menuBar(), self.commands)
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
        if name not in self._pages:
            entry = next(page for page in PAGES if page.name == name)
            self._pages[name] = entry.build(self.workspace, self.commands)
            self.theme_manager.add(self._pages[name])
            self.stack.addWidget(self._pages[name])
        self.stack.setCurrentWidget(self._pages[name])
        self.commands.refresh()
        return self._pages[name]

    def open_palette(self) -> None:
        """Show the command palette."""
        self.palette_view.open_palette()

    def visible_parts(self) -> list[QWidget]:
        """Return the page and the content of each visible dock."""
        docks = [dock for dock in self.findChildren(QDockWidget) if dock.isVisible()]
        return [self.stack, *(dock.widget() for dock in docks)]

    def save_preference(self, save: Callable[[], None]) -> None:
        """Call `save`; show the error if the profile cannot be written."""
        with errors_to(self.banner.show_message, ConfigError):
            save()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files from other programs, and show what dropping them will do."""
        if event.source() is None and (paths := dropped_paths(event.mimeData())):
            self._hint.show_for(paths)
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Hide the hint."""
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the dropped files."""
        self._hint.hide()
        self.workspace.import_files(dropped_paths(event.mimeData()))
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the window; emit `drawn` after the first time."""
        super().paintEvent(event)
        if not self._was_drawn:
            self._was_drawn = True
            QTimer.singleShot(0, self.drawn.emit)

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
            docks = bytes(self.saveState(DOCKS_VERSION).toBase64().data()).decode()
            self.save_preference(lambda: self.workspace.preferences.set_window(geometry, docks))
        self.hide()  # at once: running jobs may take a moment to end
        self.workspace.close()
        event.accept()

    def _lay_out(self) -> None:
        self.banner = Banner("session", self)
        self.missing_banner = Banner("the session's files", self)
        self.missing_banner.add_button("Find…", self.session_commands.find)
        self.stack = QStackedWidget(self)
        centre = QWidget(self)
        parts = column(centre)
        parts.addWidget(self.banner)
        parts.addWidget(self.missing_banner)
        parts.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        self.setStatusBar(StatusBar(self.workspace, self))
        bar = self._toolbar()
        self.addToolBar(bar)
        for part in (bar, self.menuBar(), self.statusBar(), self.banner, self.missing_banner):
            self.theme_manager.add(part)

    def _toolbar(self) -> QToolBar:
        bar = QToolBar("Main actions", self)
        bar.setObjectName("main actions")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        names = ["session.open_files", "session.undo", "session.redo"]
        bar.addActions([self.commands.action(name) for name in names])
        gap = QWidget(bar)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        pages = [f"show.{page.name}" for page in PAGES if not page.shows]
        bar.addActions([self.commands.action(name) for name in (*pages, "app.commands")])
        return bar

    def _add_views(self) -> None:
        self.library = LibraryView(self.workspace, self.commands, self.missing)
        self._add_dock("library", "Library", self.library, "left", "Ctrl+B")
        for entry in DOCKS:
            view = entry.build(self.workspace, self.commands)
            self._add_dock(entry.name, entry.title, view, entry.area, entry.shortcut)

    def _add_dock(self, name: str, title: str, view: QWidget, area: str, shortcut: str) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(view)
        self.theme_manager.add(dock)
        self.addDockWidget(AREAS[area], dock)
        if area == "left":
            self.resizeDocks([dock], [LIBRARY_WIDTH], Qt.Orientation.Horizontal)
        self.commands.add(
            Command(f"view.{name}", title, "View", shortcut, f"Show or hide: {title}"),
            lambda: dock.setVisible(not dock.isVisible()),
            checked=dock.isVisible,
        )

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
        if workspace.session.lost:
            self.banner.show_message(workspace.session.lost)

    def _restore(self) -> None:
        """Restore the geometry and docks from the preferences, if there are any."""
        self.resize(SIZE)
        saved = self.workspace.preferences.saved
        if self._remember and saved.geometry:
            self.restoreGeometry(QByteArray.fromBase64(saved.geometry.encode()))
            self.restoreState(QByteArray.fromBase64(saved.docks.encode()), DOCKS_VERSION)

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
        session = self.workspace.session
        name = "Untitled" if session.is_untitled else session.path.stem
        self.setWindowTitle(f"{self.workspace.document.title or name} - SeqStudio")
        for name, verb, step in (
            ("session.undo", "Undo", session.undo_title),
            ("session.redo", "Redo", session.redo_title),
        ):
            self.commands.action(name).setToolTip(f"{verb}: {step}" if step else verb)
        self.commands.refresh()

    def _show_missing(self) -> None:
        self.missing_banner.show_message(self.missing.text)
        self.commands.refresh()
