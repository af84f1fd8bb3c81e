"""The page of jobs: the list, and buttons for what can be done with them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from seqstudio.gui.jobs.jobs import JobsModel
from seqstudio.gui.jobs.tree_view import JobsTree
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, SMALL, styled
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.job_status import Action
from seqstudio.gui.workspace.workspace import Workspace

OUTPUTS = 20  # that the menu lists; the folder has all
ACTIONS: tuple[tuple[Action, str, str, str], ...] = (
    ("pause", "Pause", "P", "Pause the job and let the next one start."),
    ("resume", "Resume", "R", "Continue a paused, interrupted or stopped job."),
    ("cancel", "Stop", "Del", "Stop the job; finished items are kept."),
    ("retry", "Retry", "T", "Run the failed items again."),
    ("move_up", "Move up", "Alt+Up", "Run the job before the one above it."),
    ("move_down", "Move down", "Alt+Down", "Run the job after the one below it."),
    ("dismiss", "Dismiss", "Backspace", "Remove an ended job from the list."),
)

SHOWN = ("pause", "resume", "cancel", "retry", "outputs")  # as buttons
IN_MENU = ("move_up", "move_down", "dismiss", "report", "clear")


class JobsView(QWidget):
    """Shows a `JobsModel`."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = JobsModel(workspace, self)
        self._commands = commands
        self.banner = Banner("jobs", self)
        self.summary = Label(self)
        self.tree = JobsTree(self.model, self)
        self._command_state: tuple[bool, ...] = ()
        self._add_commands()
        self.buttons = QWidget(self)
        self._lay_out()
        self._connect()
        self._draw()

    def _add_commands(self) -> None:
        add, model, tree = self._commands.add, self.model, self.tree
        for action, title, keys, help in ACTIONS:
            add(
                Command(f"jobs.{action}", title, "Jobs", keys, help),
                partial(model.do, action),
                ready=partial(model.can, action),
                within=tree,
            )
        add(
            Command("jobs.outputs", "Outputs…", "Jobs", "O", "Open or save the job's files."),
            self.show_outputs,
            ready=lambda: model.can_open_outputs,
            within=tree,
        )
        add(
            Command("jobs.report", "Copy report", "Jobs", "Ctrl+C", "Copy a report for support."),
            self.copy_report,
            ready=lambda: model.selected is not None,
            within=tree,
        )
        add(
            Command("jobs.start_queue", "Start queue", "Jobs", "Ctrl+Shift+G"),
            model.start_queue,
            ready=lambda: model.queue_paused,
        )
        add(
            Command("jobs.pause_queue", "Pause queue", "Jobs", "Ctrl+Shift+H"),
            model.pause_queue,
            ready=lambda: not model.queue_paused,
        )
        add(
            Command("jobs.clear", "Clear ended jobs", "Jobs", "Ctrl+Shift+Backspace"),
            model.clear_ended,
            ready=lambda: model.can_clear,
        )

    def _lay_out(self) -> None:
        self.start_button = ActionButton(self._commands.action("jobs.start_queue"), self)
        heading = row(spacing=SMALL)
        title = Label("Jobs", self)
        title.setFont(styled(title.font(), "heading"))
        heading.addWidget(title)
        heading.addWidget(self.summary, 1)
        heading.addWidget(self.start_button)
        buttons = row(self.buttons)
        for name in SHOWN:
            buttons.addWidget(ActionButton(self._commands.action(f"jobs.{name}"), self.buttons))
        buttons.addWidget(self._more())
        buttons.addStretch(1)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addWidget(self.banner)
        layout.addLayout(heading)
        layout.addWidget(self.buttons)
        layout.addWidget(self.tree, 1)

    def _more(self) -> QToolButton:
        """Return a button with a menu of what is done less often."""
        more = QToolButton(self.buttons)
        more.setText("More")
        more.setToolTip("Move, dismiss, copy a report, clear")
        more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        menu.addActions([self._commands.action(f"jobs.{name}") for name in IN_MENU])
        more.setMenu(menu)
        return more

    def _connect(self) -> None:
        model, tree = self.model, self.tree
        model.changed.connect(self._draw)
        model.failed.connect(self.banner.show_message)
        tree.customContextMenuRequested.connect(self._show_menu)

    def _draw(self) -> None:
        """Show the jobs as they are now."""
        model = self.model
        self.summary.setText(model.summary)
        self.start_button.setVisible(model.queue_paused)
        self.tree.draw()
        self._refresh_commands()

    def _refresh_commands(self) -> None:
        """Refresh the commands if the state of one may have changed.

        This is called ten times a second while a job reports progress.
        """
        model = self.model
        actions = (model.can(action) for action, *_ in ACTIONS)
        state = (*actions, model.queue_paused, bool(model.jobs))
        state = (*state, model.can_open_outputs, self.tree.isVisible())
        if state != self._command_state:
            self._command_state = state
            self._commands.refresh()

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        actions = [self._commands.action(f"jobs.{action}") for action, *_ in ACTIONS]
        menu.addActions([action for action in actions if action.isEnabled()])
        menu.addActions(
            [self._commands.action(f"jobs.{name}") for name in ("outputs", "report", "clear")]
        )
        menu.exec(self.tree.viewport().mapToGlobal(at))
        menu.deleteLater()

    def copy_report(self) -> None:
        """Copy a report on the selected job to the clipboard."""
        QGuiApplication.clipboard().setText(self.model.report())

    def show_outputs(self) -> None:
        """Show a menu of the selected job's files: open, save a copy, add to the session."""
        menu = self.outputs_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.buttons.mapToGlobal(self.buttons.rect().topLeft()))

    def outputs_menu(self) -> QMenu:
        """Return the menu of the selected job's files."""
        menu = QMenu(self)
        paths = self.model.outputs()
        for path in paths[:OUTPUTS]:
            submenu = menu.addMenu(path.name)
            submenu.addAction("Open", partial(_open, path))
            submenu.addAction("Save a copy…", partial(self._ask_copy, path))
            if self.model.can_import(path):
                submenu.addAction("Add to the session", partial(self.model.import_output, path))
        menu.addSeparator()
        folders = list(dict.fromkeys(path.parent for path in paths))
        for folder in folders:
            title = "Show in folder" if len(folders) == 1 else f"Show in folder {folder.name}"
            menu.addAction(title, partial(_open, folder))
        return menu

    def _ask_copy(self, path: Path) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save a copy", path.name)
        if name:
            self.model.save_copy(path, Path(name))


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
