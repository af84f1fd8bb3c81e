"""The current run: its progress, curves, previews and training data."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QTabWidget, QWidget

from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.train.curves_view import CurvesView
from seqstudio.gui.train.judgement_view import JudgementView
from seqstudio.gui.train.ledger import ledger_summary
from seqstudio.gui.train.ledger_view import LedgerView
from seqstudio.gui.train.previews_view import PreviewsView
from seqstudio.gui.train.run import TrainRun, progress_line
from seqstudio.gui.train.save_model_view import SaveModelView
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import MEDIUM, SMALL
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

PREVIEWS, DATA = 1, 2  # tabs


class ElidedLabel(Label):
    """One line of text, elided to fit; the tooltip has the full text."""

    def __init__(self) -> None:
        super().__init__()
        self.full_text = ""
        self.setMinimumWidth(80)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show a text, or hide the label if it is empty."""
        self.full_text = text
        self.setToolTip(plain_tooltip(text))
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._fit()

    def resizeEvent(self, _event: object) -> None:
        """Fit the text to the new width."""
        self._fit()

    def _fit(self) -> None:
        width = self.contentsRect().width()
        mode = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self.full_text, mode, width))


class RunView(QWidget):
    """Shows the current run of a `TrainModel`."""

    def __init__(self, workspace: Workspace, commands: Commands, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self._folder: Path | None = None  # of the run that is shown
        self._warned: TrainRun | None = None  # the run whose refused inputs were shown
        self.name, self.progress = Label(), Label(wordWrap=True)
        heading = self.name.font()
        heading.setBold(True)
        self.name.setFont(heading)
        self.bar = QProgressBar()
        self.warning, self.message = ElidedLabel(), Label(wordWrap=True)
        self.saved = Label(wordWrap=True)  # the saved model, until another run is shown
        self.judgement = JudgementView(self)
        self.tabs = QTabWidget()
        self.ledger = LedgerView(model)
        self.curves = CurvesView(model)
        self.previews = PreviewsView(workspace, commands, model, Transport.of(workspace))
        save = Command(
            "train.save_model",
            "Save as model…",
            "Train",
            "Ctrl+Alt+Y",
            "Install the best model so far, or the one of another epoch, to use it in operations.",
        )
        self.save_model = SaveModelView(model)
        commands.add(save, self.save_model.ask, ready=self._can_save, page=self)
        self.buttons = {
            name: ActionButton(commands.action(name), self)
            for name in ("train.stop", "train.resume", "train.save_model")
        }
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show the current state of the run."""
        run = self._model.run
        if run is None:
            return
        if run.folder != self._folder:
            self._folder = run.folder
            self.save_model.hide()
            self.saved.hide()
        self.name.setText(run.folder.name)
        self.name.setToolTip(plain_tooltip(str(run.folder)))
        self.progress.setText(progress_line(run, self._model.remaining_s))
        self.bar.setRange(0, 0 if run.state == "waiting" else 1000)
        self.bar.setValue(round(1000 * run.fraction))
        self.message.setText(run.message)
        self.message.setVisible(run.state in ("finished", "failed") and bool(run.message))
        self.warning.show_text(run.warning)
        self.judgement.show_judgement(run.judgement)
        self.buttons["train.stop"].setVisible(run.active)
        self.buttons["train.resume"].setVisible(run.resumable)

    def _can_save(self) -> bool:
        run = self._model.run
        return bool(run and run.trained)

    def _draw_ledger(self) -> None:
        run = self._model.run
        ledger = run.ledger if run else None
        self.tabs.setTabText(DATA, f"Data: {ledger_summary(ledger)}")
        if run and ledger and ledger.refused and run.active and self._warned is not run:
            self._warned = run
            self.tabs.setCurrentIndex(DATA)

    def _draw_previews(self) -> None:
        run = self._model.run
        count = len(run.previews.stages) if run else 0
        self.tabs.setTabText(PREVIEWS, f"Previews ({count})" if count else "Previews")

    def _on_model_saved(self, name: str) -> None:
        self.saved.setText(
            f"✓ {name} is installed. You can now choose it wherever this type of model is used."
        )
        self.saved.show()

    def _connect(self) -> None:
        model = self._model
        model.run_changed.connect(self.refresh)
        model.ledger_changed.connect(self._draw_ledger)
        model.curves_changed.connect(self.refresh)
        model.model_saved.connect(self._on_model_saved)
        model.previews_changed.connect(self._draw_previews)

    def _lay_out(self) -> None:
        self.tabs.setAccessibleName("Parts of the run")
        self.tabs.tabBar().setAccessibleName("Parts of the run")
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setAccessibleName("Training progress")
        heading = row()
        heading.addWidget(self.name)
        heading.addStretch(1)
        for button in self.buttons.values():
            heading.addWidget(button)
        for title, page in (
            ("Curves", self.curves),
            ("Previews", self.previews),
            ("Data", self.ledger),
        ):
            self.tabs.addTab(page, title)
        layout = column(self, margins=MEDIUM, spacing=SMALL)
        layout.addLayout(heading)
        for widget in (
            self.save_model,
            self.saved,
            self.progress,
            self.bar,
            self.message,
            self.warning,
            self.judgement,
        ):
            layout.addWidget(widget)
        layout.addWidget(self.tabs, 1)
