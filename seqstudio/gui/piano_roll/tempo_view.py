"""The dialog that changes tempo and meter at a bar."""

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)

from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.media.tempo_map import Meter

UNITS = ("1", "2", "4", "8", "16", "32")
SLOWEST_BPM, FASTEST_BPM = 4.0, 999.0
MOST_BEATS = 64


class TempoDialog(QDialog):
    """Asks for the tempo and the meter from the bar at the cursor, or the first chosen one, on."""

    def __init__(self, model: PianoRollModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.tempo, self.beats, self.unit = QDoubleSpinBox(), QSpinBox(), QComboBox()
        self._tick = 0
        if info := model.info:
            at = model.bar_ticks(model.bars)[0] if model.bars else model.cursor[0]
            bar, _ = info.bars.bar_at(at)
            self._tick = bar.tick
            self.setWindowTitle(f"Tempo and meter from bar {bar.bar}")
            self._fill(info.tempo_map.tempo_at(at).bpm, info.tempo_map.meter_at(at))
        self._lay_out()

    def accept(self) -> None:
        """Change what was changed, as one undo step."""
        self._model.score.set_tempo_and_meter(
            self._tick, self.tempo.value(), self.beats.value(), int(self.unit.currentText())
        )
        super().accept()

    def _fill(self, bpm: float, meter: Meter) -> None:
        self.tempo.setRange(SLOWEST_BPM, FASTEST_BPM)
        self.tempo.setSuffix(" bpm")
        self.tempo.setValue(bpm)
        self.beats.setRange(1, MOST_BEATS)
        self.beats.setValue(meter.beats)
        self.unit.addItems(UNITS)
        self.unit.setCurrentText(str(meter.unit))

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.addRow("&Tempo, in quarter notes a minute", self.tempo)
        form.addRow("&Beats of a bar", self.beats)
        form.addRow("&Unit of a beat", self.unit)
        choices = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(choices.Ok | choices.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
