"""The jobs below the pages: what runs, what waits, what has ended, and what to do about it."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.jobs.dock import DockModel
from seqstudio.gui.jobs.tree import JobsTree
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.job_cards import Action
from seqstudio.gui.workspace.workspace import Workspace

TREE_HEIGHT = 148
OUTPUTS = 20  # that the menu names; all are in the folder
STEPS: tuple[tuple[Action, str, str, str], ...] = (
    ("pause", "Pause", "P", "Let the job wait where it is, and the next of its kind start."),
    ("resume", "Resume", "R", "Go on with a job that was paused, interrupted or cancelled."),
    ("cancel", "Cancel", "Del", "Stop the job; what is done stays done."),
    ("retry", "Retry", "T", "Run what failed again."),
    ("earlier", "Move up", "Alt+Up", "Let the job come before the one ahead of it."),
    ("later", "Move down", "Alt+Down", "Let the job come after the one behind it."),
    ("dismiss", "Dismiss", "Backspace", "Take a job that has ended off the list."),
)


class JobsDock(QWidget):
    """Shows a `DockModel`; small while there is no job, and when a person folds it."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = DockModel(workspace, self)
        self._commands = commands
        self.banner = Banner("jobs", self)
        self.summary = QLabel(self)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.fold = QToolButton(self)
        self.tree = JobsTree(self.model, self)
        self._can: tuple[bool, ...] = ()
        self._add_commands()
        self.steps = QWidget(self)
        self._lay_out()
        self._wire()
        self._draw()

    def sizeHint(self) -> QSize:
        """Ask for room for a few jobs, or for the line alone."""
        return QSize(640, TREE_HEIGHT + 56 if self.tree.isVisibleTo(self) else 44)

    def _add_commands(self) -> None:
        add, model, tree = self._commands.add, self.model, self.tree
        for action, title, keys, help in STEPS:
            add(
                Command(f"jobs.{action}", title, "Jobs", keys, help),
                partial(model.do, action),
                ready=partial(model.can, action),
                within=tree,
            )
        add(
            Command("jobs.outputs", "Outputs…", "Jobs", "O", "Open or save what the job wrote."),
            self.show_outputs,
            ready=lambda: model.card is not None and model.card.made,
            within=tree,
        )
        add(
            Command("jobs.report", "Copy report", "Jobs", "Ctrl+C", "For asking for help."),
            self.copy_report,
            ready=lambda: model.card is not None,
            within=tree,
        )
        add(
            Command("jobs.go_on", "Start waiting", "Jobs", "Ctrl+Shift+G"),
            model.go_on,
            ready=lambda: model.held,
        )
        add(
            Command("jobs.hold", "Hold waiting", "Jobs", "Ctrl+Shift+H"),
            model.hold,
            ready=lambda: not model.held,
        )
        add(
            Command("jobs.clear", "Dismiss ended", "Jobs", "Ctrl+Shift+Backspace"),
            model.dismiss_ended,
            ready=lambda: any(card.ended for card in model.jobs),
        )

    def _lay_out(self) -> None:
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setText("Details")
        self.fold.setToolTip("Show or hide the list of jobs")
        self.go_on = ActionButton(self._commands.action("jobs.go_on"), self)
        line = QHBoxLayout()
        line.addWidget(self.summary, 1)
        line.addWidget(self.steps, 1)
        line.addWidget(self.go_on)
        line.addWidget(self.fold)
        row = QHBoxLayout(self.steps)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        names = [*(action for action, *_ in STEPS), "outputs", "report"]
        for name in names:
            row.addWidget(ActionButton(self._commands.action(f"jobs.{name}"), self.steps))
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addLayout(line)
        column.addWidget(self.tree, 1)

    def _wire(self) -> None:
        model, tree = self.model, self.tree
        model.changed.connect(self._draw)
        model.failed.connect(self.banner.tell)
        tree.customContextMenuRequested.connect(self._show_menu)
        self.fold.clicked.connect(model.unfold)

    def _draw(self) -> None:
        """Show the jobs as they are now."""
        jobs = self.model.jobs
        self.summary.setText(self.model.summary)
        shown = bool(jobs) and self.model.unfolded
        self.fold.setChecked(shown)
        self.fold.setVisible(bool(jobs))
        self.go_on.setVisible(self.model.held)
        self.summary.setVisible(not shown)
        for widget in (self.tree, self.steps):
            widget.setVisible(shown)
        self.setMaximumHeight(16777215 if shown else self.minimumSizeHint().height())
        self.tree.draw()
        self._refresh_commands()

    def _refresh_commands(self) -> None:
        """Ask the commands anew, but only where something can be done that could not, or the like.

        Progress comes ten times a second.
        """
        model = self.model
        can = (*(model.can(action) for action, *_ in STEPS), model.held, bool(model.jobs))
        can = (*can, model.card is not None and model.card.made, self.tree.isVisible())
        if can != self._can:
            self._can = can
            self._commands.refresh()

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        actions = [self._commands.action(f"jobs.{action}") for action, *_ in STEPS]
        menu.addActions([action for action in actions if action.isEnabled()])
        menu.addActions(
            [self._commands.action(f"jobs.{name}") for name in ("outputs", "report", "clear")]
        )
        menu.exec(self.tree.viewport().mapToGlobal(at))
        menu.deleteLater()

    def copy_report(self) -> None:
        """Put a report on the chosen job on the clipboard."""
        QGuiApplication.clipboard().setText(self.model.report())

    def show_outputs(self) -> None:
        """Offer what the chosen job wrote: to open, to save elsewhere, to bring in."""
        menu = self.outputs_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.steps.mapToGlobal(self.steps.rect().topLeft()))

    def outputs_menu(self) -> QMenu:
        """Make the menu of the chosen job's files."""
        menu = QMenu(self)
        paths = self.model.outputs()
        for path in paths[:OUTPUTS]:
            one = menu.addMenu(path.name)
            one.addAction("Open", partial(_open, path))
            one.addAction("Save a copy…", partial(self._ask_copy, path))
            if self.model.can_bring_in(path):
                one.addAction("Bring into the session", partial(self.model.bring_in, path))
        menu.addSeparator()
        for folder in dict.fromkeys(path.parent for path in paths):
            menu.addAction(f"Open the folder {folder.name}", partial(_open, folder))
        return menu

    def _ask_copy(self, path: Path) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save a copy", path.name)
        if name:
            self.model.save_copy(path, Path(name))


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
