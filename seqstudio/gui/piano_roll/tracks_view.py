"""The tracks of the current take: which is edited, which are visible, which are audible."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from seqstudio.gui.piano_roll.score import ScoreModel, TrackRow
from seqstudio.gui.widgets.layout import column

NAME, NOTES, VISIBLE, AUDIBLE = range(4)


class TracksView(QWidget):
    """A row per track: selecting it edits it; check boxes make it visible and audible."""

    def __init__(self, score: ScoreModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score = score
        self.list = QTreeWidget(self)
        self.list.setHeaderLabels(["Track", "Notes", "Visible", "Audible"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Tracks")
        self.list.setToolTip("Select the track to edit. Tick the tracks to show and to play.")
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        column(self, margins=8).addWidget(self.list)
        self.list.currentItemChanged.connect(self._edit)
        self.list.itemChanged.connect(self._on_item_changed)
        for signal in (score.changed, score.muted_changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Update the rows from the score."""
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
            self._score.edit_track(self.list.indexOfTopLevelItem(item))

    def _on_item_changed(self, item: QTreeWidgetItem, at: int) -> None:
        number = self.list.indexOfTopLevelItem(item)
        ticked = item.checkState(at) == Qt.CheckState.Checked
        if at == VISIBLE:
            self._score.set_hidden(number, hidden=not ticked)
        if at == AUDIBLE:
            self._score.set_muted(number, muted=not ticked)
        self.refresh()


def _fill(item: QTreeWidgetItem, row: TrackRow) -> None:
    item.setText(NAME, row.title)
    item.setText(NOTES, f"{row.notes:,}")
    for at, ticked, text in (
        (VISIBLE, not row.hidden, "Visible"),
        (AUDIBLE, not row.muted, "Audible"),
    ):
        item.setCheckState(at, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(at, Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, {text}")
