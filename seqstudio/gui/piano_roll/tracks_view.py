"""The tracks of the take in front: which is edited, which are seen, which sound."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from seqstudio.gui.piano_roll.score import ScoreModel, TrackRow

NAME, NOTES, SHOWN, HEARD = range(4)


class TracksView(QWidget):
    """One line a track: the chosen one is edited, two boxes show it and let it sound."""

    def __init__(self, score: ScoreModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score = score
        self.list = QTreeWidget(self)
        self.list.setHeaderLabels(["Track", "Notes", "Shown", "Heard"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Tracks")
        self.list.setToolTip("Choose the track to edit; tick what is shown and what is heard")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.list)
        self.list.currentItemChanged.connect(self._edit)
        self.list.itemChanged.connect(self._tick)
        for signal in (score.changed, score.muted_changed):
            signal.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the tracks as they are now."""
        rows = self._score.rows
        with QSignalBlocker(self.list):
            if self.list.topLevelItemCount() != len(rows):
                self.list.clear()
                self.list.addTopLevelItems([QTreeWidgetItem() for _ in rows])
            for number, row in enumerate(rows):
                item = self.list.topLevelItem(number)
                if item:
                    _fill(item, row)
                    if row.edited:
                        self.list.setCurrentItem(item)

    def _edit(self, item: QTreeWidgetItem | None) -> None:
        if item:
            self._score.edit(self.list.indexOfTopLevelItem(item))

    def _tick(self, item: QTreeWidgetItem, column: int) -> None:
        number = self.list.indexOfTopLevelItem(item)
        ticked = item.checkState(column) == Qt.CheckState.Checked
        if column == SHOWN:
            self._score.hide(number, hidden=not ticked)
        if column == HEARD:
            self._score.mute(number, muted=not ticked)
        self.draw()


def _fill(item: QTreeWidgetItem, row: TrackRow) -> None:
    item.setText(NAME, row.title)
    item.setText(NOTES, f"{row.notes:,}")
    for column, ticked, text in (
        (SHOWN, not row.hidden, "Shown"),
        (HEARD, not row.muted, "Heard"),
    ):
        item.setCheckState(column, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(column, Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, {text}")
