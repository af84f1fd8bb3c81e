"""One run on the screen: how far it is, what it learns from, its curves and its previews."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.sound.player import Player
from seqstudio.gui.train.curves_page import CurvesPage
from seqstudio.gui.train.keep_view import KeepView
from seqstudio.gui.train.ledger import ledger_summary
from seqstudio.gui.train.ledger_view import LedgerView
from seqstudio.gui.train.previews_view import PreviewsView
from seqstudio.gui.train.run import TrainRun, progress_line
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

PREVIEWS, DATA = 1, 2  # tabs


class Line(QLabel):
    """One line of a text, as much of it as there is room for; a tooltip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = ""
        self.setMinimumWidth(80)
        self.hide()

    def tell(self, text: str) -> None:
        """Show a text, or hide."""
        self.whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._fit()

    def resizeEvent(self, _event: object) -> None:
        """Fit the text to the new width."""
        self._fit()

    def _fit(self) -> None:
        room = self.contentsRect().width()
        mode = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self.whole, mode, room))


class RunView(QWidget):
    """Shows the run in front of a `TrainModel`."""

    def __init__(self, workspace: Workspace, commands: Commands, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self._folder: Path | None = None  # of the run that was drawn last
        self._warned: TrainRun | None = None  # its refused inputs were put in front
        self.name, self.progress = QLabel(), QLabel(wordWrap=True)
        self.bar = QProgressBar()
        self.warning, self.told = Line(), QLabel(wordWrap=True)
        self.kept = QLabel(wordWrap=True)  # what was done, until another run is in front
        self.tabs = QTabWidget()
        self.ledger = LedgerView(model)
        self.curves = CurvesPage(model)
        self.previews = PreviewsView(workspace, commands, model, Player(workspace.background, self))
        keep = Command(
            "train.keep",
            "Keep as a model…",
            "Train",
            "Ctrl+Alt+Y",
            "Install the best so far: every form then offers it.",
        )
        self.keep = KeepView(model)
        commands.add(keep, self.keep.ask, ready=self._can_keep, page=self)
        self.buttons = {
            name: ActionButton(commands.action(name), self)
            for name in ("train.stop", "train.resume", "train.keep")
        }
        self._lay_out()
        self._connect()
        self.draw()

    def draw(self) -> None:
        """Show the run as it is now."""
        run = self._model.run
        if run is None:
            return
        if run.folder != self._folder:
            self._folder = run.folder
            self.keep.hide()
            self.kept.hide()
        self.name.setText(f"<b>{run.folder.name}</b>")
        self.name.setToolTip(str(run.folder))
        self.progress.setText(progress_line(run))
        self.bar.setRange(0, 0 if run.state == "waiting" else 1000)
        self.bar.setValue(round(1000 * run.fraction))
        self.told.setText(run.note)
        self.told.setVisible(run.state in ("finished", "failed") and bool(run.note))
        self.warning.tell(run.warning)
        self.buttons["train.stop"].setVisible(run.goes)
        self.buttons["train.resume"].setVisible(run.resumable)

    def _can_keep(self) -> bool:
        run = self._model.run
        return bool(run and run.keepable)

    def _draw_ledger(self) -> None:
        run = self._model.run
        ledger = run.ledger if run else None
        self.tabs.setTabText(DATA, f"Data: {ledger_summary(ledger)}")
        if run and ledger and ledger.refused and run.goes and self._warned is not run:
            self._warned = run
            self.tabs.setCurrentIndex(DATA)

    def _draw_previews(self) -> None:
        run = self._model.run
        count = len(run.previews.stages) if run else 0
        self.tabs.setTabText(PREVIEWS, f"Previews ({count})" if count else "Previews")

    def _kept(self, name: str) -> None:
        self.kept.setText(f"✓ {name} is installed: every form that takes such a model offers it.")
        self.kept.show()

    def _connect(self) -> None:
        model = self._model
        model.run_changed.connect(self.draw)
        model.ledger_changed.connect(self._draw_ledger)
        model.curves_changed.connect(self.draw)
        model.kept.connect(self._kept)
        model.previews_changed.connect(self._draw_previews)

    def _lay_out(self) -> None:
        self.tabs.setAccessibleName("Parts of the run")
        self.tabs.tabBar().setAccessibleName("Parts of the run")
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setAccessibleName("Share of all steps")
        head = QHBoxLayout()
        head.addWidget(self.name)
        head.addStretch(1)
        for button in self.buttons.values():
            head.addWidget(button)
        for title, page in (
            ("Curves", self.curves),
            ("Previews", self.previews),
            ("Data", self.ledger),
        ):
            self.tabs.addTab(page, title)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        for widget in (self.keep, self.kept, self.progress, self.bar, self.told, self.warning):
            column.addWidget(widget)
        column.addWidget(self.tabs, 1)
