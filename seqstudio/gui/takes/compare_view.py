"""Takes side by side in full size, on one time axis, with the differences marked."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QWidget

from seqstudio.gui.takes.compare import ComparisonModel
from seqstudio.gui.takes.playback import TakePlayback
from seqstudio.gui.takes.thumbnail import draw_thumbnail
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, NONE, SMALL, styled
from seqstudio.session.document import Take

LANE_HEIGHT = 150
SHARE = 0.9  # of the window


class TakeLane(QWidget):
    """One take on the common time axis; a click plays it from there."""

    def __init__(
        self, model: ComparisonModel, take: Take, playback: TakePlayback, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._model, self._take, self._playback = model, take, playback
        self._second: float | None = None
        self.setMinimumHeight(LANE_HEIGHT)
        self.setAccessibleName(f"Notes of {take.name}")
        self.setToolTip("Click to hear this take from here.")
        model.changed.connect(self.update)
        playback.position_changed.connect(self._on_moved)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the notes; those that the other take lacks are in the accent, above a strip."""
        colours, painter = colours_of(self.palette()), QPainter(self)
        painter.fillRect(self.rect(), colours.background)
        summary = self._model.summary(self._take)
        if summary is None:
            return
        area, model = QRectF(self.rect()), self._model
        draw_thumbnail(painter, area, summary, colours, model.beats, model.keys)
        if self._second is not None:
            score = summary.original
            beat = score.ticks(self._second) / score.ticks_per_beat
            x = int(beat * self.width() / (self._model.beats or 1))
            painter.setPen(QPen(colours.playhead, 2))
            painter.drawLine(x, 0, x, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Play the take from the clicked place."""
        if summary := self._model.summary(self._take):
            beat = event.position().x() * self._model.beats / max(self.width(), 1)
            score = summary.original
            self._playback.seek(score.seconds(beat * score.ticks_per_beat))
            self._playback.play(self._take)

    def _on_moved(self, id: str, second: float) -> None:
        self._second = second if id == self._take.id else None
        self.update()


class CompareDialog(QDialog):
    """Shows a `ComparisonModel`: a lane for each take, below each other."""

    def __init__(self, model: ComparisonModel, playback: TakePlayback, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        model.setParent(self)
        self.setWindowTitle("Compare takes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(parent.window().size() * SHARE)
        self.banner = Banner("the comparison", self)
        body = QWidget(self)
        lanes = column(body, spacing=SMALL)
        self.lanes: list[TakeLane] = []
        self.texts: list[Label] = []
        for take in model.takes:
            name = Label(take.name, body)
            name.setFont(styled(name.font(), "strong"))
            self.texts.append(Label(body))
            self.lanes.append(TakeLane(model, take, playback, body))
            for part in (name, self.texts[-1]):
                lanes.addWidget(part)
            lanes.addWidget(self.lanes[-1], 1)
        area = QScrollArea(self)
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setContentsMargins(NONE, NONE, NONE, NONE)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        for widget, stretch in ((self.banner, 0), (area, 1), (buttons, 0)):
            layout.addWidget(widget, stretch)
        model.changed.connect(self.refresh)
        model.failed.connect(self.banner.show_message)
        self.refresh()

    def refresh(self) -> None:
        """Show what differs, as far as it is known."""
        for take, label in zip(self._model.takes, self.texts, strict=True):
            label.setText(self._model.text(take))
