"""The training page: a list of runs, and either the form of a new run or the current run."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.train.new_run_view import NewRunView
from seqstudio.gui.train.run_view import RunView
from seqstudio.gui.train.runs import RecentRun
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.label import plain_tooltip
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, SMALL
from seqstudio.gui.widgets.split import Split
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.job_status import ENDED
from seqstudio.gui.workspace.workspace import Workspace

FOLDER = Qt.ItemDataRole.UserRole
NO_RUNS = "No runs yet"


class TrainView(QWidget):
    """Shows a `TrainModel`."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = TrainModel(workspace, self)
        self._add_commands(commands)
        self.banner = Banner("training", self)
        self.form = NewRunView(self.model.form, self.model.start)
        self.run = RunView(workspace, commands, self.model)
        self.runs = QListWidget()
        self.runs.setAccessibleName("Runs")
        self.stack = QStackedWidget()
        self._lay_out(commands)
        self.model.failed.connect(self.banner.show_message)
        self.model.run_changed.connect(self._refresh)
        self.model.run_changed.connect(self._refresh_runs)
        self.model.runs.changed.connect(self._refresh_runs)
        self.runs.itemClicked.connect(self._open)
        self.runs.itemActivated.connect(self._open)
        self._refresh_runs()
        self._refresh()

    def watch(self, job: int) -> None:
        """Show the run of a job that was queued elsewhere."""
        self.banner.show_message("")
        self.model.watch(job)

    def _add_commands(self, commands: Commands) -> None:
        model = self.model
        for command, run, ready in (
            (
                Command("train.new", "New run", "Train", "Ctrl+Alt+N", "Set up a new run."),
                model.new,
                lambda: True,
            ),
            (
                Command("train.open", "Open a run…", "Train", "Ctrl+Alt+L",
                        "Open the folder of a run."),
                self._ask_run,
                lambda: True,
            ),
            (
                Command("train.stop", "Stop training", "Train", "Ctrl+Alt+.",
                        "Stop after this step; you can resume later."),
                model.stop,
                lambda: bool(model.run and model.run.active and model.run.state != "stopping"),
            ),
            (
                Command("train.resume", "Resume training", "Train", "Ctrl+Alt+R",
                        "Continue from the last checkpoint."),
                self._resume,
                lambda: bool(model.run and model.run.resumable),
            ),
        ):  # fmt: skip
            commands.add(command, run, ready=ready, page=self)
        model.run_changed.connect(commands.refresh)

    def _lay_out(self, commands: Commands) -> None:
        side = QWidget()
        left = column(side, margins=MEDIUM, spacing=SMALL)
        left.addWidget(ActionButton(commands.action("train.new"), side))
        left.addWidget(ActionButton(commands.action("session.learn"), side))
        left.addWidget(self.runs, 1)
        left.addWidget(ActionButton(commands.action("train.open"), side))
        self.stack.addWidget(self.form)
        self.stack.addWidget(self.run)
        split = Split(Qt.Orientation.Horizontal)
        split.addWidget(side)
        split.addWidget(self.stack)
        split.setStretchFactor(1, 1)
        split.setSizes([200, 800])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(NONE, NONE, NONE, NONE)
        outer.addWidget(self.banner)
        inner = QHBoxLayout()
        inner.addWidget(split)
        outer.addLayout(inner, 1)

    def _refresh(self) -> None:
        self.stack.setCurrentIndex(1 if self.model.run else 0)
        self._highlight_current()

    def _refresh_runs(self) -> None:
        self.runs.clear()
        for run in self.model.runs.all:
            item = QListWidgetItem(run_title(run, self.model.state_text(run)))
            item.setData(FOLDER, str(run.folder))
            item.setToolTip(plain_tooltip(str(run.folder)))
            self.runs.addItem(item)
        if not self.model.runs.all:
            nothing = QListWidgetItem(NO_RUNS, self.runs)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        self._highlight_current()

    def _highlight_current(self) -> None:
        folder = str(self.model.run.folder) if self.model.run else ""
        at = next(
            (at for at in range(self.runs.count()) if self.runs.item(at).data(FOLDER) == folder), -1
        )
        self.runs.setCurrentRow(at)

    def _open(self, item: QListWidgetItem) -> None:
        self.banner.show_message("")
        self.model.open(Path(item.data(FOLDER)))

    def _ask_run(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "Open the folder of a run"):
            self.model.open(Path(name))

    def _resume(self) -> None:
        run, data = self.model.run, None
        if run and run.data is None:
            name = QFileDialog.getExistingDirectory(self, "Training data of this run")
            data = Path(name) if name else None
        self.banner.show_message("")
        self.model.resume(data)


def run_title(run: RecentRun, state: str) -> str:
    """Return the name and the state of a run; its folder is made after the data is read."""
    no_folder = run.state in ENDED and not run.exists
    state = "Failed before it began" if no_folder else state
    return f"{run.folder.name}\n{run.task} · {state}"
