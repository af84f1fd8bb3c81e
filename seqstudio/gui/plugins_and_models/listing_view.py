"""A page with a list at the left, and the selected entry with its commands at the right."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from seqstudio.gui.plugins_and_models.background_task_view import BackgroundTaskView
from seqstudio.gui.plugins_and_models.listing import ListingModel, Row
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import dropped_paths
from seqstudio.gui.widgets.facts_view import FactsView
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, SMALL, styled
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.file_kinds import is_session_or_install

ID = Qt.ItemDataRole.UserRole
LIST_PIXELS = 260

# A command's name, title and shortcut, the function that runs it, and whether it is enabled now.
PageCommand = tuple[str, str, str, Callable[[], object], Callable[[], bool]]


class ListingPage(QWidget):
    """Shows a `ListingModel` and passes clicks and drops on."""

    def __init__(self, name: str, model: ListingModel[Any], commands: Commands) -> None:
        super().__init__()
        model.setParent(self)
        self._name, self._model, self._commands = name, model, commands
        self._shown: object = None  # what the list shows
        self.banner = Banner(name.lower(), self)
        self.notice = wrapped_label(self)
        self.progress = BackgroundTaskView(model.background_task, self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(name)
        self.list.setFixedWidth(LIST_PIXELS)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.title, self.status = wrapped_label(self), wrapped_label(self)
        self.title.setFont(styled(self.title.font(), "heading"))
        self.facts = FactsView(f"Facts: {name.lower()}", self)
        self._above, self._beside = row(), row()
        self._lay_out()
        self.set_notice("")
        self.setAcceptDrops(True)
        self.list.currentItemChanged.connect(self._on_row_changed)
        model.changed.connect(self.refresh)
        model.failed.connect(self.banner.show_message)

    def install(self, path: Path) -> None:
        """Install a file or a folder that was dropped, or named on the command line."""
        self._model.enqueue(path)

    def add_commands(
        self, above: Iterable[PageCommand], beside: Iterable[PageCommand], help: Mapping[str, str]
    ) -> None:
        """Add buttons for commands above the list and below the title of the entry."""
        for layout, entries in ((self._above, above), (self._beside, beside)):
            for name, title, keys, run, ready in entries:
                full_name = f"{self._name.lower()}.{name}"
                command = Command(full_name, title, self._name, keys, help[name])
                action = self._commands.add(command, run, ready=ready, page=self)
                layout.addWidget(ActionButton(action, self))
            layout.addStretch(1)
        self.refresh()

    def set_notice(self, notice: str) -> None:
        """Show a permanent sentence at the top of the page; "" removes it."""
        self.notice.setText(notice)
        self.notice.setVisible(bool(notice))

    def refresh(self) -> None:
        """Show the current state of the model."""
        model = self._model
        self._list(model.rows, model.highlighted)
        self.title.setText(model.title)
        self.status.setText(model.status)
        self.status.setVisible(bool(model.status))
        self.facts.show_groups(model.groups)
        self._commands.refresh()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a folder that may be meant for this page; the window handles everything else."""
        paths = dropped_paths(event.mimeData())
        alone = event.source() is None and len(paths) == 1 and paths[0].is_dir()
        if alone and not is_session_or_install(paths[0]):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Install what was dropped."""
        (path,) = dropped_paths(event.mimeData())
        self.install(path)
        event.acceptProposedAction()

    def _list(self, rows: tuple[Row, ...], highlighted: str) -> None:
        """List rows, one of them highlighted."""
        lines = [(row.id, row.title, row.short_status, row.status) for row in rows]
        if (lines, highlighted) == self._shown:
            return
        self._shown = (lines, highlighted)
        self.list.blockSignals(True)
        self.list.clear()
        for id, title, short_status, status in lines:
            item = QListWidgetItem(f"{title}\n{short_status}", self.list)
            item.setData(ID, id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {status}")
            item.setToolTip(plain_tooltip(status))
            if id == highlighted:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)

    def _lay_out(self) -> None:
        layout = column(self, margins=MEDIUM, spacing=SMALL)
        for part in (self.banner, self.notice):
            layout.addWidget(part)
        layout.addLayout(self._above)
        layout.addWidget(self.progress)
        detail = column(spacing=SMALL)
        for part in (self.title, self.status):
            detail.addWidget(part)
        detail.addLayout(self._beside)
        detail.addWidget(self.facts, 1)
        body = row(spacing=LARGE)
        body.addWidget(self.list)
        body.addLayout(detail, 1)
        layout.addLayout(body, 1)

    def _on_row_changed(self, item: QListWidgetItem | None) -> None:
        if item:
            self._model.select(item.data(ID))


def wrapped_label(parent: QWidget) -> QLabel:
    """Return a label for plain text that wraps."""
    label = Label(parent)
    label.setWordWrap(True)
    return label
