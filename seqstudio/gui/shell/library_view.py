"""The library at the left: the session's recordings, takes and texts."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QPoint, QSignalBlocker, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from seqstudio.gui.shell.library import (
    Order,
    Row,
    Section,
    arranged,
    name_of,
    remove_edit,
    rename_edit,
    sections,
)
from seqstudio.gui.shell.missing_files import MissingFiles
from seqstudio.gui.widgets.icons import IconButton
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import LIBRARY_MIN, MEDIUM, NONE, TIGHT, styled
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

Select = QItemSelectionModel.SelectionFlag
BUTTONS = (
    ("session.undo", "undo-2"),
    ("session.redo", "redo-2"),
    ("session.open_files", "plus"),
)
ORDERS: tuple[tuple[Order, str], ...] = (
    ("added", "As added"),
    ("name", "By name"),
    ("state", "To do first"),
)
ID = Qt.ItemDataRole.UserRole


class LibraryView(QWidget):
    """Selects the clip or take that the page shows; renames and removes selected rows."""

    reselected = Signal()  # a click on the current row: its page may be hidden by another

    def __init__(self, workspace: Workspace, commands: Commands, missing: MissingFiles) -> None:
        super().__init__()
        self._workspace, self._commands, self._missing = workspace, commands, missing
        self._shown: tuple[Section, ...] | None = None
        self.tree = QTreeWidget(self)
        self.search, self.order = QLineEdit(self), QComboBox(self)
        self._set_up_tree()
        self.setMinimumWidth(LIBRARY_MIN)
        self.setObjectName("library")
        parts = column(self)
        parts.addWidget(self._header())
        parts.addWidget(self._search_row())
        parts.addWidget(self.tree, 1)
        self._add_commands()
        self._draw_timer = QTimer(self, singleShot=True, interval=0)  # draws many changes once
        self._draw_timer.timeout.connect(self.draw)
        for signal in (workspace.changed, workspace.loading_changed, missing.changed):
            signal.connect(self._draw_timer.start)
        workspace.selection_changed.connect(self._show_selection)
        self.draw()

    @property
    def selected_ids(self) -> list[str]:
        """The ids of the selected rows, from top to bottom."""
        return [item.data(0, ID) for item in self._items() if item.isSelected()]

    def draw(self) -> None:
        """Show the session as it is now; keep the selection and the focus."""
        listed = sections(self._workspace.document, self._workspace.loading, self._missing.ids)
        order = ORDERS[self.order.currentIndex()][0]
        wanted = arranged(listed, search=self.search.text(), order=order)
        if wanted != self._shown:
            self._shown = wanted
            self._fill(set(self.selected_ids))
        self._show_selection()

    def _header(self) -> QWidget:
        """Return the title, with buttons that add files, undo and redo."""
        header = QFrame(self)
        header.setObjectName("header")
        title = Label("Library", header)
        title.setFont(styled(title.font(), "strong"))
        parts = row(header, margins=(MEDIUM, TIGHT, TIGHT, TIGHT), spacing=NONE)
        parts.addWidget(title, 1)
        for name, picture in BUTTONS:
            parts.addWidget(IconButton(self._commands.action(name), picture, header))
        return header

    def _search_row(self) -> QWidget:
        """Return the field that filters the rows, and the order that they are in."""
        bar = QWidget(self)
        parts = row(bar, margins=(TIGHT, TIGHT, TIGHT, TIGHT), spacing=TIGHT)
        self.search.setPlaceholderText("Filter")
        self.search.setAccessibleName("Filter the library")
        self.search.setClearButtonEnabled(True)
        self.order.setAccessibleName("Order of the library")
        self.order.addItems([title for _, title in ORDERS])
        parts.addWidget(self.search, 1)
        parts.addWidget(self.order)
        self.search.textChanged.connect(lambda _text: self.draw())
        self.order.activated.connect(lambda _at: self.draw())
        return bar

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setColumnCount(2)
        tree.setHeaderHidden(True)
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.setAccessibleName("Library")
        tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setIndentation(12)
        tree.setAllColumnsShowFocus(True)
        tree.customContextMenuRequested.connect(self._show_menu)
        tree.currentItemChanged.connect(self._select)
        tree.itemClicked.connect(self._reselect)
        tree.itemActivated.connect(self._reselect)
        tree.itemSelectionChanged.connect(self._commands.refresh)
        tree.itemChanged.connect(self._rename)

    def _add_commands(self) -> None:
        add, tree = self._commands.add, self.tree
        add(
            Command("library.rename", "Rename", "Edit", "F2", "Rename the selected item"),
            self._edit,
            ready=lambda: len(self.selected_ids) == 1,
            within=tree,
        )
        add(
            Command(
                "library.show_in_folder",
                "Show in folder",
                "Edit",
                "Ctrl+Alt+Q",
                "Open the folder of the selected file",
            ),
            self._show_in_folder,
            ready=lambda: self._path() is not None,
        )
        add(
            Command("library.find", "Filter the library", "Edit", "F3", "Type a part of a name"),
            self.search.setFocus,
        )
        add(
            Command(
                "library.remove",
                "Remove",
                "Edit",
                "Del",
                "Remove from the session; the file is kept",
            ),
            self._remove,
            ready=lambda: bool(self.selected_ids),
            within=tree,
        )

    def _fill(self, selected: set[str]) -> None:
        tree = self.tree
        blocker = QSignalBlocker(tree)
        scrolled = tree.verticalScrollBar().value()
        tree.clear()
        for section in self._shown or ():
            head = QTreeWidgetItem(tree, [section.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            head.addChildren([_item(row) for row in section.rows])
            head.setExpanded(True)
        if not self._shown:
            text = "Nothing found" if self.search.text() else "No files yet"
            nothing = QTreeWidgetItem(tree, [text])
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        for item in self._items():
            item.setSelected(item.data(0, ID) in selected)
        tree.verticalScrollBar().setValue(scrolled)
        blocker.unblock()

    def _show_selection(self) -> None:
        """Make the workspace's selection the current row, without selecting it again."""
        selected_id = self._workspace.selected_id
        found = next((item for item in self._items() if item.data(0, ID) == selected_id), None)
        if found is not self.tree.currentItem():
            among = found is not None and found.isSelected()
            how = Select.NoUpdate if among else Select.ClearAndSelect | Select.Rows
            with QSignalBlocker(self.tree):
                self.tree.setCurrentItem(found, 0, how)  # type: ignore[arg-type]  # None: no row
        self._commands.refresh()

    def _items(self) -> Iterator[QTreeWidgetItem]:
        """Yield the rows of clips and takes."""
        for number in range(self.tree.topLevelItemCount()):
            if head := self.tree.topLevelItem(number):
                for place in range(head.childCount()):
                    if (row := head.child(place)) and row.data(0, ID):
                        yield row

    def _select(self, item: QTreeWidgetItem | None) -> None:
        if item and (id := item.data(0, ID)):
            self._workspace.select(id)

    def _reselect(self, item: QTreeWidgetItem) -> None:
        if item.data(0, ID) == self._workspace.selected_id != "":
            self.reselected.emit()

    def _edit(self) -> None:
        if item := self.tree.currentItem():
            self.tree.editItem(item, 0)

    def _rename(self, item: QTreeWidgetItem) -> None:
        id, name = item.data(0, ID), item.text(0)
        edit = rename_edit(self._workspace.document, id, name)
        if edit is None or not self._workspace.do(edit):
            with QSignalBlocker(self.tree):
                item.setText(0, name_of(self._workspace.document, id))

    def _remove(self) -> None:
        if edit := remove_edit(self._workspace.document, self.selected_ids):
            self._workspace.do(edit)

    def _path(self) -> Path | None:
        """Return the file of the selected clip, or of the take that was read from it."""
        document, workspace = self._workspace.document, self._workspace
        id = workspace.take.clip if workspace.take else workspace.selected_id
        return next((clip.path for clip in document.clips if clip.id == id), None)

    def _show_in_folder(self) -> None:
        if path := self._path():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        for name in ("library.rename", "library.remove", "library.show_in_folder"):
            menu.addAction(self._commands.action(name))
        menu.addSeparator()
        for name in ("session.open_files", "session.find", "session.collect"):
            menu.addAction(self._commands.action(name))
        menu.popup(self.tree.viewport().mapToGlobal(at))


def _item(row: Row) -> QTreeWidgetItem:
    item = QTreeWidgetItem([row.title, row.detail])
    item.setData(0, ID, row.id)
    item.setToolTip(0, plain_tooltip(row.help))
    flags = Qt.ItemFlag.ItemIsEnabled
    if row.id:
        flags |= Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
    item.setFlags(flags)
    return item
