"""The curves of the current run, with controls for smoothing and the metrics that are drawn."""

from PySide6.QtWidgets import (
    QComboBox,
    QMenu,
    QToolButton,
    QWidget,
)

from seqstudio.gui.train.charts_view import ChartsView
from seqstudio.gui.train.curves import Series
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metric_text import metric_text

SMOOTHING = (1, 10, 50, 200)  # steps


class CurvesView(QWidget):
    """Shows the curves of a `TrainModel`; a click selects the preview of that step."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.charts = ChartsView()
        self.smoothing, self.metrics = QComboBox(), QToolButton()
        self._lay_out()
        self.smoothing.activated.connect(self._smooth)
        self.charts.pointed.connect(self._select_preview)
        model.curves_changed.connect(self.refresh)
        model.previews_changed.connect(self.refresh)

    def refresh(self) -> None:
        """Show the current curves."""
        if run := self._model.run:
            stage = run.previews.stage
            self.charts.show_curves(run.curves, stage.step if stage else None)
            self.smoothing.setCurrentIndex(SMOOTHING.index(run.curves.smoothing))

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
        self.metrics.setText("Metrics")
        self.metrics.setToolTip("Choose which validation metrics are drawn.")
        self.metrics.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.metrics.setMenu(QMenu(self.metrics))
        self.metrics.menu().aboutToShow.connect(self._fill_menu)
        tools = row()
        tools.addWidget(Label("Training loss:"))
        tools.addWidget(self.smoothing)
        tools.addStretch(1)
        tools.addWidget(self.metrics)
        layout = column(self, margins=8, spacing=8)
        layout.addLayout(tools)
        layout.addWidget(self.charts, 1)
