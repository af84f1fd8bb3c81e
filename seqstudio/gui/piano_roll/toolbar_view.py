"""The toolbar above the piano roll."""

from functools import partial

from PySide6.QtWidgets import QButtonGroup, QComboBox, QSpinBox, QToolButton, QWidget

from seqstudio.gui.piano_roll.model import PianoRollModel, Tool
from seqstudio.gui.piano_roll.snap_grid import SNAP_GRIDS
from seqstudio.gui.widgets.icons import ToolButton
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import row
from seqstudio.gui.widgets.metrics import MEDIUM, SMALL, TIGHT

TOOLS: tuple[tuple[Tool, str, str], ...] = (
    ("select", "mouse-pointer", "Select, move and resize notes (1). Hold Ctrl to draw."),
    ("draw", "pencil", "Draw notes (2). Hold Ctrl to select."),
    ("erase", "eraser", "Erase notes (3). The right mouse button erases with any tool."),
)


class ScoreToolbar(QWidget):
    """Selects the track, the tool and the grid; the page adds command buttons at the end."""

    def __init__(self, model: PianoRollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.track = QComboBox(self)
        self.track.setMinimumContentsLength(6)
        self.grid = QComboBox(self)
        self.tools: dict[Tool, QToolButton] = {}
        self.row = row(self, margins=(MEDIUM, SMALL, MEDIUM, SMALL), spacing=TIGHT)
        self._add_box("&Track", self.track, "The track to edit. Other tracks are dimmed.")
        self.row.addSpacing(SMALL)
        self._add_tools()
        self.row.addSpacing(SMALL)
        self._add_box("&Grid", self.grid, "The grid that notes snap to.")
        self.grid.addItems([grid.name for grid in SNAP_GRIDS])
        self.strength = QSpinBox(self)
        self.strength.setRange(10, 100)
        self.strength.setSingleStep(10)
        self.strength.setValue(100)
        self.strength.setSuffix(" %")
        self._add_box("&Strength", self.strength, "How far Quantise moves notes to the grid.")
        self.strength.valueChanged.connect(self._set_strength)
        self.row.addStretch(1)
        self.track.activated.connect(model.score.edit_track)
        self.grid.activated.connect(lambda at: model.set_grid(SNAP_GRIDS[at]))
        model.score.changed.connect(self._fill)
        model.options_changed.connect(self._update_checked)
        self._fill()
        self._update_checked()

    def _set_strength(self, percent: int) -> None:
        self._model.strength = percent / 100

    def _add_box(self, text: str, box: QWidget, help: str) -> None:
        label = Label(text, self)
        label.setBuddy(box)
        box.setAccessibleName(text.replace("&", ""))
        box.setToolTip(help)
        self.row.addWidget(label)
        self.row.addWidget(box)

    def _add_tools(self) -> None:
        group = QButtonGroup(self)
        for tool, picture, help in TOOLS:
            button = ToolButton(picture, self)
            button.setToolTip(help)
            button.setAccessibleName(f"{tool.capitalize()} tool")
            button.setCheckable(True)
            button.clicked.connect(partial(self._model.set_tool, tool))
            group.addButton(button)
            self.tools[tool] = button
            self.row.addWidget(button)

    def _fill(self) -> None:
        titles = [track.title for track in self._model.score.rows]
        if titles != [self.track.itemText(at) for at in range(self.track.count())]:
            self.track.clear()
            self.track.addItems(titles)
        self.track.setCurrentIndex(self._model.score.track)
        self.track.setEnabled(bool(titles))

    def _update_checked(self) -> None:
        self.tools[self._model.tool].setChecked(True)
        self.grid.setCurrentIndex(SNAP_GRIDS.index(self._model.grid))
