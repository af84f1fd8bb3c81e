"""The main window: library, the page of what is in front, and the jobs below."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.banner import Banner
from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.desk import Desk
from seqstudio.gui.library_view import LibraryView
from seqstudio.gui.pages import PAGES, page_for


class Window(QMainWindow):
    """Lays the views out; what they show and do is the desk's."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.commands = Commands(self)
        self.banner = Banner("session", self)
        self.stack = QStackedWidget(self)
        self._pages: dict[str, QWidget] = {}
        self.setAcceptDrops(True)
        self.resize(QSize(1280, 800))
        self._add_commands()
        self._lay_out()
        self._fill_menus()
        desk.troubled.connect(self.banner.tell)
        desk.chosen_changed.connect(self._show_chosen)
        for signal in (desk.changed, desk.session_changed):
            signal.connect(self._retitle)
        self._show_chosen()
        self._retitle()

    def show_page(self, name: str) -> QWidget:
        """Show a page, made when it is first asked for."""
        if name not in self._pages:
            entry = next(page for page in PAGES if page.name == name)
            self._pages[name] = entry.build(self.desk, self.commands)
            self.stack.addWidget(self._pages[name])
            self._fill_menus()
        self.stack.setCurrentWidget(self._pages[name])
        self.commands.refresh()
        return self._pages[name]

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Bring in what was dropped."""
        self.desk.bring_in(
            [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        )
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go of the session; all of it is on the disk already."""
        self.desk.close()
        event.accept()

    def _add_commands(self) -> None:
        add, desk = self.commands.add, self.desk
        add(Command("session.new", "New session", "Session", "Ctrl+N"), desk.new_session)
        add(Command("session.open", "Open a session…", "Session", "Ctrl+Shift+O"), self._ask_open)
        add(Command("session.bring_in", "Open files…", "Session", "Ctrl+O"), self._ask_files)
        add(Command("session.save_as", "Save as…", "Session", "Ctrl+Shift+S"), self._ask_save)
        add(
            Command("session.undo", "Undo", "Edit", "Ctrl+Z"),
            desk.undo,
            ready=lambda: desk.session.can_undo,
        )
        add(
            Command("session.redo", "Redo", "Edit", "Ctrl+Shift+Z"),
            desk.redo,
            ready=lambda: desk.session.can_redo,
        )
        for page in PAGES:
            if not page.shows:
                add(
                    Command(f"show.{page.name}", page.title, "View", page.shortcut, page.help),
                    lambda name=page.name: self.show_page(name),  # type: ignore[misc]
                )

    def _lay_out(self) -> None:
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.banner)
        column.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        self._dock("Session", LibraryView(self.desk), Qt.DockWidgetArea.LeftDockWidgetArea)

    def _dock(self, title: str, view: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(title)
        dock.setWidget(view)
        self.addDockWidget(area, dock)

    def _fill_menus(self) -> None:
        bar = self.menuBar()
        bar.clear()
        for group, actions in self.commands.groups().items():
            if group:
                bar.addMenu(group).addActions(actions)

    def _show_chosen(self) -> None:
        self.show_page(page_for(self.desk))

    def _retitle(self) -> None:
        session = self.desk.session
        name = "Untitled" if session.is_untitled else session.path.stem
        self.setWindowTitle(f"{self.desk.document.title or name} - SeqStudio")
        self.commands.refresh()

    def _ask_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Open recordings, MIDI or transcripts")
        self.desk.bring_in(map(Path, names))

    def _ask_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a session", "", "*.seqstudio")
        if name:
            self.desk.open_session(Path(name))

    def _ask_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the session as", "", "*.seqstudio")
        if name:
            self.desk.save_as(Path(name).with_suffix(".seqstudio"))
