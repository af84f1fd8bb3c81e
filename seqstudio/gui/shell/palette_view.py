"""The command palette: finds any command by typing."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.shell.palette import PaletteEntry, entries, ranked
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.label import plain_tooltip
from seqstudio.gui.widgets.metrics import MEDIUM
from seqstudio.gui.workspace.commands import Commands

ENTRY = Qt.ItemDataRole.UserRole
ROW_HEIGHT = 30
KEYS_WIDTH = 130
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
Index = QModelIndex | QPersistentModelIndex
SIZE = QSize(620, 420)
MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class PaletteView(QFrame):
    """Covers part of the window while it is open; Enter runs the selected command."""

    def __init__(self, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self._commands, self._window = commands, window
        self._entries: list[PaletteEntry] = []
        self._focus_before: QWidget | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setObjectName("palette")
        self.setAccessibleName("Commands")
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Type to find a command")
        self.field.setAccessibleName("Find a command")
        self.field.textChanged.connect(self._fill_list)
        self.field.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Commands found")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_EntryPainter(self.list))
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        column = QVBoxLayout(self)
        column.setContentsMargins(MEDIUM, MEDIUM, MEDIUM, MEDIUM)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.hide()

    def open_palette(self) -> None:
        """Show all commands, with the focus in the text field."""
        window = self._window
        self._focus_before = window.focusWidget()
        self._entries = entries(self._commands)
        size = SIZE.boundedTo(window.size() - QSize(48, 96))
        self.setGeometry((window.width() - size.width()) // 2, 48, size.width(), size.height())
        self.field.clear()
        self._fill_list()
        self.show()
        self.raise_()
        self.field.setFocus()

    def close_palette(self) -> None:
        """Hide the palette, and return the focus to where it was."""
        self.hide()
        if self._focus_before:
            self._focus_before.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle arrow keys and Enter for the list while the field has the focus."""
        if watched is self.field and isinstance(event, QKeyEvent) and self._handle_key(event):
            return True
        if watched is self.field and event.type() == QEvent.Type.FocusOut:
            self._hide_if_focus_left()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_palette()

    def _handle_key(self, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in MOVES:
            self.list.event(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentItem())
        else:
            return False
        return True

    def _hide_if_focus_left(self) -> None:
        focus = self.window().focusWidget()
        if focus and not self.isAncestorOf(focus):
            self.hide()

    def _fill_list(self) -> None:
        self.list.clear()
        for entry in ranked(self._entries, self.field.text()):
            item = QListWidgetItem(self.list)
            item.setText(entry.title)
            item.setData(ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _accessible_text(entry))
            item.setToolTip(plain_tooltip(entry.help))
            if not entry.ready:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
        if not self.list.count():
            nothing = QListWidgetItem("Nothing found", self.list)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        """Run a command, once: some desktops emit two signals for one click."""
        if self.isVisible() and item and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.close_palette()
            self._commands.action(item.data(ENTRY).name).trigger()


def _accessible_text(entry: PaletteEntry) -> str:
    return ", ".join(part for part in (entry.title, entry.menu_text, entry.shortcut) if part)


class _EntryPainter(QStyledItemDelegate):
    """Paints a command on one row: its title, menu and shortcut."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return a size of the rows' height."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        entry: PaletteEntry | None = index.data(ENTRY)
        if entry is None:
            super().paint(painter, option, index)
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected) and entry.ready
        colours = colours_of(option.palette)
        painter.save()
        if selected:
            painter.fillRect(option.rect, colours.accent)
        inside = option.rect.adjusted(10, 0, -10, 0)
        keys = inside.adjusted(inside.width() - KEYS_WIDTH, 0, 0, 0)
        menu = inside.adjusted(0, 0, -KEYS_WIDTH, 0)
        painter.setPen(colours.on_accent if selected else colours.muted)
        painter.drawText(keys, RIGHT, entry.shortcut)
        painter.drawText(menu, RIGHT, entry.menu_text)
        if entry.ready and not selected:
            painter.setPen(colours.text)
        title = entry.title if entry.ready else f"{entry.title} (unavailable)"
        painter.drawText(menu, LEFT, title)
        painter.restore()
