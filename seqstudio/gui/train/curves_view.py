"""The curves of the current run, with controls for smoothing and the metrics that are drawn."""

from PySide6.QtWidgets import (
    QComboBox,
    QMenu,
    QToolButton,
    QWidget,
)

from seqstudio.gui.train.charts_view import ChartsView
from seqstudio.gui.train.compared import differences
from seqstudio.gui.train.curves import Series
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metric_text import metric_text
from seqstudio.gui.widgets.metrics import SMALL

NO_OTHER = "No other run"
SAME = "Both runs have the same settings."
SMOOTHING = (1, 10, 50, 200)  # steps


class CurvesView(QWidget):
    """Shows the curves of a `TrainModel`; a click selects the preview of that step."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.charts = ChartsView()
        self.smoothing, self.metrics = QComboBox(), QToolButton()
        self.other = QComboBox()  # the run to compare with
        self.differences = Label(wordWrap=True)
        self._lay_out()
        self.smoothing.activated.connect(self._smooth)
        self.charts.pointed.connect(self._select_preview)
        model.curves_changed.connect(self.refresh)
        model.previews_changed.connect(self.refresh)
        model.run_changed.connect(self._list_runs)
        model.runs.changed.connect(self._list_runs)
        model.other_changed.connect(self._show_other)
        self.other.activated.connect(lambda at: model.compare(self.other.itemData(at)))
        self._list_runs()
        self._show_other()

    def refresh(self) -> None:
        """Show the current curves."""
        if run := self._model.run:
            stage = run.previews.stage
            self.charts.show_curves(run.curves, stage.step if stage else None)
            self.smoothing.setCurrentIndex(SMOOTHING.index(run.curves.smoothing))

    def _list_runs(self) -> None:
        """List the runs to compare with."""
        here = self._model.run.folder if self._model.run else None
        runs = [run for run in self._model.runs.all if run.exists and run.folder != here]
        self.other.clear()
        self.other.addItem(NO_OTHER, None)
        for run in runs:
            self.other.addItem(run.folder.name, run.folder)
        self.other.setEnabled(bool(runs))
        self._choose_other()

    def _choose_other(self) -> None:
        other = self._model.other
        at = self.other.findData(other.folder) if other else 0
        self.other.setCurrentIndex(max(at, 0))

    def _show_other(self) -> None:
        """Draw the curves of the other run, and list the settings in which it differs."""
        run, other = self._model.run, self._model.other
        self._choose_other()
        self.charts.draw_over(other.folder.name if other else "", other.curves if other else None)
        lines: tuple[str, ...] = ()
        if run and other and run.spec and other.spec:
            lines = differences(run.spec, other.spec) or (SAME,)
        self.differences.setText("\n".join(lines))
        self.differences.setVisible(bool(lines))

    def _smooth(self, at: int) -> None:
        if run := self._model.run:
            run.curves.smoothing = SMOOTHING[at]
            self.charts.update()

    def _fill_menu(self) -> None:
        """List the validation metrics, to show or hide."""
        menu, run = self.metrics.menu(), self._model.run
        menu.clear()
        for series in run.curves.valid.series if run else ():
            action = menu.addAction(metric_text(series.name).title)
            action.setCheckable(True)
            action.setChecked(series.shown)
            action.toggled.connect(lambda on, series=series: self._show(series, on))

    def _show(self, series: Series, on: bool) -> None:  # noqa: FBT001 - Qt's signal
        series.shown = on
        self.charts.update()

    def _select_preview(self, step: float) -> None:
        run = self._model.run
        if run and run.previews.select_step(step):
            self._model.previews_changed.emit()

    def _lay_out(self) -> None:
        for steps in SMOOTHING:
            self.smoothing.addItem("Every step" if steps == 1 else f"Mean of {steps} steps")
        self.smoothing.setAccessibleName("Smoothing of the training loss")
        self.other.setAccessibleName("Compare with another run")
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.differences.setAccessibleName("Settings that differ")
        self.metrics.setText("Metrics")
        self.metrics.setToolTip("Choose which validation metrics are drawn.")
        self.metrics.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.metrics.setMenu(QMenu(self.metrics))
        self.metrics.menu().aboutToShow.connect(self._fill_menu)
        tools = row()
        tools.addWidget(Label("Training loss:"))
        tools.addWidget(self.smoothing)
        tools.addSpacing(SMALL)
        tools.addWidget(Label("Compare with:"))
        tools.addWidget(self.other)
        tools.addStretch(1)
        tools.addWidget(self.metrics)
        layout = column(self, margins=SMALL, spacing=SMALL)
        layout.addLayout(tools)
        layout.addWidget(self.differences)
        layout.addWidget(self.charts, 1)
