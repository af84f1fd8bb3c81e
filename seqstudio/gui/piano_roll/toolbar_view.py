"""The row of tools above the piano roll."""

from functools import partial

from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from seqstudio.gui.piano_roll.model import RollModel, Tool
from seqstudio.gui.piano_roll.snap_grid import GRIDS

TOOLS: tuple[tuple[Tool, str, str], ...] = (
    ("select", "Select", "Choose, move and stretch notes (1); hold Ctrl to draw"),
    ("draw", "Draw", "Draw notes (2); hold Ctrl to select"),
    ("erase", "Erase", "Rub notes out (3); the right button does so with every tool"),
)


class ScoreBar(QWidget):
    """Chooses the track, the tool and the grid; buttons of commands are put at its end."""

    def __init__(self, model: RollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.track = QComboBox(self)
        self.track.setMinimumContentsLength(8)
        self.grid = QComboBox(self)
        self.tools: dict[Tool, QToolButton] = {}
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 8, 12, 8)
        self.row.setSpacing(8)
        self._label("&Track", self.track, "The track that is edited; the others are shown faintly")
        self._add_tools()
        self._label("&Grid", self.grid, "What notes snap to")
        self.grid.addItems([grid.name for grid in GRIDS])
        self.row.addStretch(1)
        self.track.activated.connect(model.score.edit)
        self.grid.activated.connect(lambda at: model.set_grid(GRIDS[at]))
        model.score.changed.connect(self._fill)
        model.options_changed.connect(self._mark)
        self._fill()
        self._mark()

    def _label(self, text: str, box: QComboBox, help: str) -> None:
        label = QLabel(text, self)
        label.setBuddy(box)
        box.setAccessibleName(text.replace("&", ""))
        box.setToolTip(help)
        self.row.addWidget(label)
        self.row.addWidget(box)

    def _add_tools(self) -> None:
        group = QButtonGroup(self)
        for tool, title, help in TOOLS:
            button = QToolButton(self)
            button.setText(title)
            button.setToolTip(help)
            button.setAccessibleName(f"{title} tool")
            button.setCheckable(True)
            button.clicked.connect(partial(self._model.set_tool, tool))
            group.addButton(button)
            self.tools[tool] = button
            self.row.addWidget(button)

    def _fill(self) -> None:
        titles = [row.title for row in self._model.score.rows]
        if titles != [self.track.itemText(at) for at in range(self.track.count())]:
            self.track.clear()
            self.track.addItems(titles)
        self.track.setCurrentIndex(self._model.score.track)
        self.track.setEnabled(bool(titles))

    def _mark(self) -> None:
        self.tools[self._model.tool].setChecked(True)
        self.grid.setCurrentIndex(GRIDS.index(self._model.grid))
