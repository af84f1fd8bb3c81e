"""The tracks of the current take: which is edited, which are visible, which are audible."""

from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHeaderView,
    QInputDialog,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from seqstudio.gui.piano_roll.score import ScoreModel, TrackRow
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import SMALL
from seqstudio.media.instruments import INSTRUMENTS

NAME, VISIBLE, AUDIBLE, SOLO = range(4)
SWATCH = 12  # pixels of the colour of a track


class TracksView(QWidget):
    """A row per track: selecting it edits it; check boxes make it visible and audible."""

    def __init__(self, score: ScoreModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score = score
        self.list = QTreeWidget(self)
        self.list.setHeaderLabels(["Track", "Show", "Hear", "Solo"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Tracks")
        self.list.setToolTip(
            "Select the track to edit. Tick the tracks to show and to play. Double-click a "
            "track to change its instrument."
        )
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        column(self, margins=SMALL).addWidget(self.list)
        self.list.currentItemChanged.connect(self._edit)
        self.list.itemChanged.connect(self._on_item_changed)
        self.list.itemDoubleClicked.connect(self._ask_instrument)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        for signal in (score.changed, score.silent_changed):
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
                    _fill(item, row, self._swatch(number))
                    if row.edited:
                        self.list.setCurrentItem(item)

    def choose_instrument(self, track: int) -> None:
        """Ask for the instrument of a track."""
        row = self._score.rows[track]
        if row.program < 0:
            return
        name, chosen = QInputDialog.getItem(
            self, row.title, "Instrument", INSTRUMENTS, row.program, editable=False
        )
        if chosen:
            self._score.set_program(track, INSTRUMENTS.index(name))

    def _ask_instrument(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.choose_instrument(self.list.indexOfTopLevelItem(item))

    def menu(self, track: int) -> QMenu:
        """Return the menu of a track."""
        menu, row, score = QMenu(self), self._score.rows[track], self._score
        menu.addAction("Edit this track", lambda: score.edit_track(track))
        change = menu.addAction("Instrument…", lambda: self.choose_instrument(track))
        change.setEnabled(row.program >= 0)
        menu.addSeparator()
        for text, on, change_to in (
            ("Show", not row.hidden, lambda on: score.set_hidden(track, hidden=not on)),
            ("Hear", not row.muted, lambda on: score.set_muted(track, muted=not on)),
            ("Solo", row.solo, lambda on: score.set_solo(track, solo=on)),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(on)
            action.toggled.connect(change_to)
        return menu

    def _show_menu(self, point: QPoint) -> None:
        if item := self.list.itemAt(point):
            menu = self.menu(self.list.indexOfTopLevelItem(item))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.list.viewport().mapToGlobal(point))

    def _swatch(self, number: int) -> QIcon:
        """Return the colour of a track, as the piano roll paints its notes."""
        picture = QPixmap(SWATCH, SWATCH)
        picture.fill(colours_of(self.palette()).of_track(number))
        return QIcon(picture)

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
        if at == SOLO:
            self._score.set_solo(number, solo=ticked)
        self.refresh()


def _fill(item: QTreeWidgetItem, row: TrackRow, swatch: QIcon) -> None:
    item.setText(NAME, f"{row.title} · {row.instrument}")
    item.setIcon(NAME, swatch)
    item.setToolTip(NAME, f"{row.title}, {row.instrument}, {row.notes:,} notes")
    for at, ticked, text in (
        (VISIBLE, not row.hidden, "Show"),
        (AUDIBLE, not row.muted, "Hear"),
        (SOLO, row.solo, "Solo"),
    ):
        item.setCheckState(at, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(at, Qt.ItemDataRole.AccessibleTextRole, f"{row.title}, {text}")
