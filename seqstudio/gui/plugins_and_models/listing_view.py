"""A page that lists things at the left, and shows one of them with what can be done to it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.plugins_and_models.background_task_view import ErrandView
from seqstudio.gui.plugins_and_models.listing import ListingModel, Row
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import dropped
from seqstudio.gui.widgets.facts_view import FactsView
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.file_kinds import belongs_elsewhere

ID = Qt.ItemDataRole.UserRole
LIST_PIXELS = 260

# A command's name, title and keys, what runs it, and whether it can be run now.
Offered = tuple[str, str, str, Callable[[], object], Callable[[], bool]]


class ListingPage(QWidget):
    """Shows a `ListingModel` and passes clicks and drops on."""

    def __init__(self, name: str, model: ListingModel[Any], commands: Commands) -> None:
        super().__init__()
        model.setParent(self)
        self._name, self._model, self._commands = name, model, commands
        self._shown: object = None  # what the list was drawn from
        self.banner = Banner(name.lower(), self)
        self.notice = wrapped(self)
        self.progress = ErrandView(model.errand, self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(name)
        self.list.setFixedWidth(LIST_PIXELS)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.title, self.state = wrapped(self), wrapped(self)
        self.title.setFont(headline(self.title.font()))
        self.facts = FactsView(f"Facts: {name.lower()}", self)
        self._above, self._beside = QHBoxLayout(), QHBoxLayout()
        self._lay_out()
        self.say("")
        self.setAcceptDrops(True)
        self.list.currentItemChanged.connect(self._choose)
        model.changed.connect(self.draw)
        model.failed.connect(self.banner.tell)

    def take(self, path: Path) -> None:
        """Take a file or a folder that was dropped, or named at the start."""
        self._model.take(path)

    def offer(
        self, above: Iterable[Offered], beside: Iterable[Offered], help: Mapping[str, str]
    ) -> None:
        """Put commands above the list, and beside the title of what is shown; then draw."""
        for row, offered in ((self._above, above), (self._beside, beside)):
            for name, title, keys, run, ready in offered:
                where = f"{self._name.lower()}.{name}"
                command = Command(where, title, self._name, keys, help[name])
                action = self._commands.add(command, run, ready=ready, page=self)
                row.addWidget(ActionButton(action, self))
            row.addStretch(1)
        self.draw()

    def say(self, notice: str) -> None:
        """Keep a sentence above everything; "" takes it away."""
        self.notice.setText(notice)
        self.notice.setVisible(bool(notice))

    def draw(self) -> None:
        """Show the model as it is now."""
        model = self._model
        self._list(model.rows, model.marked)
        self.title.setText(model.title)
        self.state.setText(model.state)
        self.state.setVisible(bool(model.state))
        self.facts.show_groups(model.groups)
        self._commands.refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder that may be meant for this page; all else is the window's."""
        paths = dropped(event.mimeData())
        alone = event.source() is None and len(paths) == 1 and paths[0].is_dir()
        if alone and not belongs_elsewhere(paths[0]):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass on what was dropped."""
        (path,) = dropped(event.mimeData())
        self.take(path)
        event.acceptProposedAction()

    def _list(self, rows: tuple[Row, ...], marked: str) -> None:
        """List these, one of them marked."""
        lines = [(row.id, row.title, row.short, row.said) for row in rows]
        if (lines, marked) == self._shown:
            return
        self._shown = (lines, marked)
        self.list.blockSignals(True)
        self.list.clear()
        for id, title, short, said in lines:
            item = QListWidgetItem(f"{title}\n{short}", self.list)
            item.setData(ID, id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {said}")
            item.setToolTip(said)
            if id == marked:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for part in (self.banner, self.notice):
            column.addWidget(part)
        column.addLayout(self._above)
        column.addWidget(self.progress)
        detail = QVBoxLayout()
        detail.setSpacing(8)
        for part in (self.title, self.state):
            detail.addWidget(part)
        detail.addLayout(self._beside)
        detail.addWidget(self.facts, 1)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.list)
        body.addLayout(detail, 1)
        column.addLayout(body, 1)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item:
            self._model.choose(item.data(ID))


def wrapped(parent: QWidget) -> QLabel:
    """Make a label for plain sentences."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def headline(font: QFont) -> QFont:
    """Give the font of a page's headline."""
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() * 1.3)
    larger.setBold(True)
    return larger
