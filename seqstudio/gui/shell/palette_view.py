"""The command palette: every action, found by typing."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
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

from seqstudio.gui.shell.palette import Entry, ranked
from seqstudio.gui.widgets.theme import colours_of
from seqstudio.gui.workspace.commands import Commands

ENTRY = Qt.ItemDataRole.UserRole
ROW_HEIGHT = 30
KEYS_WIDTH = 130
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
Index = QModelIndex | QPersistentModelIndex
SIZE = QSize(620, 420)
MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


def entries(commands: Commands) -> list[Entry]:
    """List the commands as they are now."""
    commands.refresh()
    found = []
    for action in filter(QAction.isVisible, commands.all()):
        command = commands.command(action.objectName())
        keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        title = command.title.rstrip("…")
        entry = Entry(command.name, title, command.group, keys, command.help, action.isEnabled())
        found.append(entry)
    return found


class PaletteView(QFrame):
    """Lies over the window while it is asked; Enter does what is chosen, Escape goes back."""

    def __init__(self, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self._commands, self._window = commands, window
        self._entries: list[Entry] = []
        self._before: QWidget | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setObjectName("palette")
        self.setAccessibleName("Commands")
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Type a few letters of what you want to do")
        self.field.setAccessibleName("Find a command")
        self.field.textChanged.connect(self._list)
        self.field.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Commands found")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_EntryPainter(self.list))
        self.list.itemActivated.connect(self._do)
        self.list.itemClicked.connect(self._do)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.hide()

    def ask(self) -> None:
        """Show every command, to choose one by typing."""
        window = self._window
        self._before = window.focusWidget()
        self._entries = entries(self._commands)
        size = SIZE.boundedTo(window.size() - QSize(48, 96))
        self.setGeometry((window.width() - size.width()) // 2, 48, size.width(), size.height())
        self.field.clear()
        self._list()
        self.show()
        self.raise_()
        self.field.setFocus()

    def leave(self) -> None:
        """Hide; the focus goes back to where it was."""
        self.hide()
        if self._before:
            self._before.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move through the list and choose, while the field has the keys."""
        if watched is self.field and isinstance(event, QKeyEvent) and self._takes(event):
            return True
        if watched is self.field and event.type() == QEvent.Type.FocusOut:
            self._leave_if_focus_left()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back from anywhere."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()

    def _takes(self, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in MOVES:
            self.list.event(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.list.currentItem())
        else:
            return False
        return True

    def _leave_if_focus_left(self) -> None:
        focus = self.window().focusWidget()
        if focus and not self.isAncestorOf(focus):
            self.hide()

    def _list(self) -> None:
        self.list.clear()
        for entry in ranked(self._entries, self.field.text()):
            item = QListWidgetItem(self.list)
            item.setText(entry.title)
            item.setData(ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(entry))
            item.setToolTip(entry.help)
            if not entry.ready:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.setCurrentRow(0)

    def _do(self, item: QListWidgetItem | None) -> None:
        """Do a command, once: a click is told twice where one click activates."""
        if self.isVisible() and item and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.leave()
            self._commands.action(item.data(ENTRY).name).trigger()


def _spoken(entry: Entry) -> str:
    return ", ".join(part for part in (entry.title, entry.place, entry.shortcut) if part)


class _EntryPainter(QStyledItemDelegate):
    """Draws a command on one line: what it is, where it is, and its keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give every line room to breathe."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        entry: Entry = index.data(ENTRY)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and entry.ready
        colours = colours_of(option.palette)
        painter.save()
        if chosen:
            painter.fillRect(option.rect, colours.accent)
        inside = option.rect.adjusted(10, 0, -10, 0)
        keys = inside.adjusted(inside.width() - KEYS_WIDTH, 0, 0, 0)
        place = inside.adjusted(0, 0, -KEYS_WIDTH, 0)
        painter.setPen(colours.on_accent if chosen else colours.faint)
        painter.drawText(keys, RIGHT, entry.shortcut)
        painter.drawText(place, RIGHT, entry.place)
        if entry.ready and not chosen:
            painter.setPen(colours.ink)
        said = entry.title if entry.ready else f"{entry.title} (not now)"
        painter.drawText(place, LEFT, said)
        painter.restore()
