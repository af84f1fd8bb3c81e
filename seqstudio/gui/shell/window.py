"""The main window: library, the page of what is in front, and the jobs below."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from seqstudio.errors import ConfigError
from seqstudio.gui.shell.library_view import LibraryView
from seqstudio.gui.shell.menus import Menus
from seqstudio.gui.shell.missing import MissingFiles
from seqstudio.gui.shell.pages import DOCKS, PAGES, TakesFiles, page_for
from seqstudio.gui.shell.palette_view import PaletteView
from seqstudio.gui.shell.session_commands import SessionCommands
from seqstudio.gui.shell.status_view import StatusLine
from seqstudio.gui.shell.window_commands import WindowCommands
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import DropHint, dropped
from seqstudio.gui.widgets.theme import Theme, Wardrobe, theme_named
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.file_kinds import Install
from seqstudio.gui.workspace.workspace import Workspace

SIZE = QSize(1280, 800)
LIBRARY_WIDTH = 240
DOCKS_VERSION = 1  # raised when docks are renamed: an older state is then not restored
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class Window(QMainWindow):
    """Lays the views out; what they show and do is the desk's.

    Parameters
    ----------
    desk : what all views share
    theme : how the application is dressed; without it, as it was chosen last
    remember : whether the window is shaped as it was left, and remembers how it is left now
    """

    seen = Signal()  # it has been drawn for the first time

    def __init__(
        self, workspace: Workspace, theme: Theme | None = None, *, remember: bool = True
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.commands = Commands(self)
        self.missing = MissingFiles(workspace)
        self.wardrobe = Wardrobe(theme or theme_named(workspace.preferences.left.theme), self)
        self._remember = remember
        self._was_seen = False
        self._pages: dict[str, QWidget] = {}
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.session_commands = SessionCommands(workspace, self.commands, self.missing, self)
        WindowCommands(self)
        self._lay_out()
        self._add_views()
        self._menus = Menus(self.menuBar(), self.commands)
        refill = QTimer(self, singleShot=True, interval=0)  # once for all that came
        refill.timeout.connect(self._menus.fill)
        self.commands.added.connect(lambda _name: refill.start())
        self.palette_view = PaletteView(self.commands, self)
        self.wardrobe.dress(self.palette_view)
        self._hint = DropHint(self)
        self._wire()
        self._restore()
        self._show_chosen()
        self._note_session()

    def show_page(self, name: str) -> QWidget:
        """Show a page, made when it is first asked for."""
        if name not in self._pages:
            entry = next(page for page in PAGES if page.name == name)
            self._pages[name] = entry.build(self.workspace, self.commands)
            self.wardrobe.dress(self._pages[name])
            self.stack.addWidget(self._pages[name])
        self.stack.setCurrentWidget(self._pages[name])
        self.commands.refresh()
        return self._pages[name]

    def prefer(self, keep: Callable[[], None]) -> None:
        """Remember something; a profile that cannot be written is told, and stops nothing."""
        try:
            keep()
        except ConfigError as bad:
            self.banner.tell(str(bad))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, folders and sessions, and say so; what is dragged out of here stays out."""
        if event.source() is None and (paths := dropped(event.mimeData())):
            self._hint.say(paths)
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Take the hint away."""
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Bring in what was dropped."""
        self._hint.hide()
        self.workspace.bring_in(dropped(event.mimeData()))
        event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the window; say so when that is done for the first time."""
        super().paintEvent(event)
        if not self._was_seen:
            self._was_seen = True
            QTimer.singleShot(0, self.seen.emit)

    def changeEvent(self, event: QEvent) -> None:
        """Look for missing files again when the person comes back: they may have moved some."""
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.missing.look()
            self.workspace.look_again()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the session; all of it is on the disk already."""
        if self._remember:
            shape = bytes(self.saveGeometry().toBase64().data()).decode()
            docks = bytes(self.saveState(DOCKS_VERSION).toBase64().data()).decode()
            self.prefer(lambda: self.workspace.preferences.shape(shape, docks))
        self.hide()  # at once: jobs may take a moment to be left
        self.workspace.close()
        event.accept()

    def _lay_out(self) -> None:
        self.banner = Banner("session", self)
        self.missing_banner = Banner("the session's files", self)
        self.missing_banner.offer("Find…", self.session_commands.find)
        self.stack = QStackedWidget(self)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.missing_banner)
        column.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        self.setStatusBar(StatusLine(self.workspace, self))
        bar = self._toolbar()
        self.addToolBar(bar)
        for part in (bar, self.menuBar(), self.statusBar(), self.banner, self.missing_banner):
            self.wardrobe.dress(part)

    def _toolbar(self) -> QToolBar:
        bar = QToolBar("Main actions", self)
        bar.setObjectName("main actions")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        names = ["session.bring_in", "session.undo", "session.redo"]
        bar.addActions([self.commands.action(name) for name in names])
        gap = QWidget(bar)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        pages = [f"show.{page.name}" for page in PAGES if not page.shows]
        bar.addActions([self.commands.action(name) for name in (*pages, "app.commands")])
        return bar

    def _add_views(self) -> None:
        self.library = LibraryView(self.workspace, self.commands, self.missing)
        self._dock("library", "Library", self.library, "left", "Ctrl+B")
        for entry in DOCKS:
            view = entry.build(self.workspace, self.commands)
            self._dock(entry.name, entry.title, view, entry.area, entry.shortcut)

    def _dock(self, name: str, title: str, view: QWidget, area: str, shortcut: str) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(view)
        self.wardrobe.dress(dock)
        self.addDockWidget(AREAS[area], dock)
        if area == "left":
            self.resizeDocks([dock], [LIBRARY_WIDTH], Qt.Orientation.Horizontal)
        self.commands.add(
            Command(f"view.{name}", title, "View", shortcut, f"Show or hide: {title}"),
            lambda: dock.setVisible(not dock.isVisible()),
            checked=dock.isVisible,
        )

    def _wire(self) -> None:
        workspace = self.workspace
        workspace.failed.connect(self.banner.tell)
        workspace.chosen_changed.connect(self._show_chosen)
        self.library.asked.connect(self._show_chosen)
        workspace.session_changed.connect(self._note_session)
        workspace.changed.connect(self._retitle)
        workspace.install_asked.connect(self._hand_over)
        workspace.closing.connect(self.commands.rest)
        self.missing.changed.connect(self._tell_missing)
        if workspace.session.lost:
            self.banner.tell(workspace.session.lost)

    def _restore(self) -> None:
        """Take the shape in which the window was left; a fresh one where there is none."""
        self.resize(SIZE)
        left = self.workspace.preferences.left
        if self._remember and left.geometry:
            self.restoreGeometry(QByteArray.fromBase64(left.geometry.encode()))
            self.restoreState(QByteArray.fromBase64(left.docks.encode()), DOCKS_VERSION)

    def _hand_over(self, install: Install) -> None:
        """Give a plugin or a model to the page that installs it."""
        page = self.show_page(install.page)
        assert isinstance(page, TakesFiles)
        page.take(install.path)

    def _show_chosen(self) -> None:
        self.show_page(page_for(self.workspace))

    def _note_session(self) -> None:
        session = self.workspace.session
        if not session.is_untitled:
            self.prefer(lambda: self.workspace.preferences.opened(session.path.absolute()))
        self._retitle()

    def _retitle(self) -> None:
        session = self.workspace.session
        name = "Untitled" if session.is_untitled else session.path.stem
        self.setWindowTitle(f"{self.workspace.document.title or name} - SeqStudio")
        for name, word, what in (
            ("session.undo", "Undo", session.undo_title),
            ("session.redo", "Redo", session.redo_title),
        ):
            self.commands.action(name).setToolTip(f"{word}: {what}" if what else word)
        self.commands.refresh()

    def _tell_missing(self) -> None:
        self.missing_banner.tell(self.missing.text)
        self.commands.refresh()
