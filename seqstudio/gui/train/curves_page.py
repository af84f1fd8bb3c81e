"""The curves of the run in front, and what is drawn of them: smoothing, and which figures."""

from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.train.curves import Series
from seqstudio.gui.train.curves_view import CurvesView
from seqstudio.gui.train.train import TrainModel

SMOOTHING = (1, 10, 50, 200)  # steps


class CurvesPage(QWidget):
    """Shows the curves of a `TrainModel`; a click puts the preview of that step in front."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.curves = CurvesView()
        self.smoothing, self.figures = QComboBox(), QToolButton()
        self._lay_out()
        self.smoothing.activated.connect(self._smooth)
        self.curves.pointed.connect(self._go_to)
        model.curves_changed.connect(self.draw)
        model.previews_changed.connect(self.draw)

    def draw(self) -> None:
        """Draw the curves as they are now."""
        if run := self._model.run:
            stage = run.previews.stage
            self.curves.show_curves(run.curves, stage.step if stage else None)
            self.smoothing.setCurrentIndex(SMOOTHING.index(run.curves.smoothing))

    def _smooth(self, at: int) -> None:
        if run := self._model.run:
            run.curves.smoothing = SMOOTHING[at]
            self.curves.update()

    def _fill_menu(self) -> None:
        """Offer every figure of the valid split, to show or to hide."""
        menu, run = self.figures.menu(), self._model.run
        menu.clear()
        for series in run.curves.valid.series if run else ():
            action = menu.addAction(series.name)
            action.setCheckable(True)
            action.setChecked(series.shown)
            action.toggled.connect(lambda on, series=series: self._show(series, on))

    def _show(self, series: Series, on: bool) -> None:  # noqa: FBT001 - Qt's signal
        series.shown = on
        self.curves.update()

    def _go_to(self, step: float) -> None:
        run = self._model.run
        if run and run.previews.go_to_step(step):
            self._model.previews_changed.emit()

    def _lay_out(self) -> None:
        for steps in SMOOTHING:
            self.smoothing.addItem("Each step" if steps == 1 else f"Mean of {steps} steps")
        self.smoothing.setAccessibleName("Smoothing of the training loss")
        self.figures.setText("Figures")
        self.figures.setToolTip("Choose which figures of the valid split are drawn.")
        self.figures.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.figures.setMenu(QMenu(self.figures))
        self.figures.menu().aboutToShow.connect(self._fill_menu)
        tools = QHBoxLayout()
        tools.addWidget(QLabel("Training loss:"))
        tools.addWidget(self.smoothing)
        tools.addStretch(1)
        tools.addWidget(self.figures)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(tools)
        column.addWidget(self.curves, 1)
