"""The undo history as a dialog: choosing a step goes back to it, or forward again."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QWidget

from seqstudio.gui.shell.history import history_rows
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import DIALOG, LARGE, SMALL
from seqstudio.gui.workspace.workspace import Workspace

NUMBER = Qt.ItemDataRole.UserRole
HELP = "Choose a step to see the session as it was then. After a new edit, undone steps are gone."


class HistoryView(QDialog):
    """Lists the steps of the session."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setWindowTitle("History")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*DIALOG)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Steps")
        help = Label(HELP, self)
        help.setWordWrap(True)
        layout = column(self, margins=LARGE, spacing=SMALL)
        layout.addWidget(help)
        layout.addWidget(self.list, 1)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        workspace.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the steps as they are now."""
        session = self._workspace.session
        with QSignalBlocker(self.list):
            self.list.clear()
            for row in history_rows(session.titles, session.steps):
                item = QListWidgetItem(row.text, self.list)
                item.setData(NUMBER, row.number)
                if row.number == session.steps:
                    self.list.setCurrentItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        number = item.data(NUMBER)
        if number != self._workspace.session.steps:
            self._workspace.go_to_step(number)
