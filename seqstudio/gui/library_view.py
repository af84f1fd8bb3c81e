"""The list at the left: the session's recordings, texts and takes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from seqstudio.gui.desk import Desk
from seqstudio.gui.library import rows

ID = Qt.ItemDataRole.UserRole


class LibraryView(QWidget):
    """Chooses what is in front."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.tree = QTreeWidget(self)
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Session")
        self.tree.currentItemChanged.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tree)
        for signal in (desk.changed, desk.chosen_changed, desk.loading_changed):
            signal.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the session as it is now."""
        self.tree.blockSignals(True)
        self.tree.clear()
        for section in rows(self._desk.document, self._desk.loading):
            head = QTreeWidgetItem(self.tree, [section.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for row in section.rows:
                item = QTreeWidgetItem(head, [row.title])
                item.setToolTip(0, row.help)
                item.setData(0, ID, row.id)
                if row.id and row.id == self._desk.chosen:
                    self.tree.setCurrentItem(item)
            head.setExpanded(True)
        self.tree.blockSignals(False)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item and (id := item.data(0, ID)):
            self._desk.choose(id)
