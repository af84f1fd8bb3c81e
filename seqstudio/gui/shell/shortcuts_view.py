"""The dialog that changes shortcuts: one row a command, filtered by typing."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from seqstudio.gui.shell.palette import PaletteEntry, entries, ranked
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, SHEET
from seqstudio.gui.workspace.commands import Commands

NAME = Qt.ItemDataRole.UserRole


class ShortcutsView(QDialog):
    """Lists the commands that are there now; the selected one can have another shortcut.

    Parameters
    ----------
    commands : of the window
    save : called with a command and its new shortcut, None for its first one
    """

    def __init__(
        self, commands: Commands, save: Callable[[str, str | None], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._commands, self._save = commands, save
        self._entries = sorted(entries(commands), key=lambda one: (one.menu, one.title))
        self.setWindowTitle("Shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SHEET)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Filter")
        self.search.setAccessibleName("Filter the commands")
        self.table = QTableWidget(0, 2, self)
        self.keys = QKeySequenceEdit(self)
        self.keys.setAccessibleName("New shortcut")
        self.keys.setMaximumSequenceLength(1)
        self.message = Label(self)
        self.message.setWordWrap(True)
        self._lay_out()
        self.search.textChanged.connect(lambda _text: self._fill())
        self.table.itemSelectionChanged.connect(self._show_selected)
        self._fill()

    @property
    def selected(self) -> str:
        """The name of the selected command; "" for none."""
        item = self.table.item(self.table.currentRow(), 0)
        return str(item.data(NAME)) if item else ""

    def set_keys(self, keys: str | None) -> None:
        """Give the selected command this shortcut, None for its first one, unless it is taken."""
        if not (name := self.selected):
            return
        if taken := self._commands.set_shortcut(name, keys):
            self.message.setText(f"“{taken}” has this shortcut: choose another one.")
            return
        self._save(name, keys)
        self.message.setText("")
        shown = self._commands.command(name).shortcut
        if item := self.table.item(self.table.currentRow(), 1):
            item.setText(_native(shown))
        self.keys.setKeySequence(QKeySequence(shown))

    def _lay_out(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(["Command", "Shortcut"])
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.verticalHeader().hide()
        table.setAccessibleName("Commands")
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.set = QPushButton("Set", self)
        self.set.clicked.connect(lambda: self.set_keys(self.keys.keySequence().toString()))
        reset = QPushButton("Reset", self)
        reset.clicked.connect(lambda: self.set_keys(None))
        below = row(spacing=MEDIUM)
        for widget, stretch in ((self.keys, 1), (self.set, 0), (reset, 0)):
            below.addWidget(widget, stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addWidget(self.search)
        layout.addWidget(table, 1)
        layout.addLayout(below)
        layout.addWidget(self.message)
        layout.addWidget(buttons)

    def _fill(self) -> None:
        query = self.search.text()
        found = ranked(self._entries, query) if query.strip() else self._entries
        self.table.setRowCount(len(found))
        for number, entry in enumerate(found):
            self._fill_row(number, entry)
        self.table.setCurrentCell(0, 0)

    def _fill_row(self, number: int, entry: PaletteEntry) -> None:
        title = f"{entry.menu_text} > {entry.title}" if entry.menu else entry.title
        item = QTableWidgetItem(title)
        item.setData(NAME, entry.name)
        item.setToolTip(plain_tooltip(entry.help))
        self.table.setItem(number, 0, item)
        keys = self._commands.command(entry.name).shortcut
        self.table.setItem(number, 1, QTableWidgetItem(_native(keys)))

    def _show_selected(self) -> None:
        if name := self.selected:
            self.keys.setKeySequence(QKeySequence(self._commands.command(name).shortcut))
            self.message.setText("")


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
