"""A page that lists things at the left, and shows one of them with what can be done to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.manage.errand import Errand
from seqstudio.gui.manage.errand_view import ErrandView
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.facts import Group
from seqstudio.gui.widgets.facts_view import FactsView

ID = Qt.ItemDataRole.UserRole
LIST_PIXELS = 260


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    id: str
    title: str
    short: str  # its state in a word or two
    said: str  # the same in full


class ListingView(QWidget):
    """Lays out and draws; what is listed, and what the buttons do, is the page's."""

    chosen = Signal(str)

    def __init__(self, name: str, errand: Errand, parent: QWidget) -> None:
        super().__init__(parent)
        self._shown: object = None  # what the list was drawn from
        self.banner = Banner(name.lower(), self)
        self.notice = wrapped(self)
        self.progress = ErrandView(errand, self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(name)
        self.list.setFixedWidth(LIST_PIXELS)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentItemChanged.connect(self._choose)
        self.title, self.state = wrapped(self), wrapped(self)
        self.title.setFont(headline(self.title.font()))
        self.facts = FactsView(f"Facts: {name.lower()}", self)
        self._above, self._beside = QHBoxLayout(), QHBoxLayout()
        self._lay_out()
        self.say("")

    def add_buttons(self, above: Iterable[QAction], beside: Iterable[QAction]) -> None:
        """Put actions above the list, and beside the title of what is shown."""
        for row, actions in ((self._above, above), (self._beside, beside)):
            for action in actions:
                row.addWidget(ActionButton(action, self))
            row.addStretch(1)

    def say(self, notice: str) -> None:
        """Keep a sentence above everything; "" takes it away."""
        self.notice.setText(notice)
        self.notice.setVisible(bool(notice))

    def show_entries(self, entries: Sequence[Entry], chosen: str) -> None:
        """List these, one of them chosen."""
        if (entries, chosen) == self._shown:
            return
        self._shown = (entries, chosen)
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(f"{entry.title}\n{entry.short}", self.list)
            item.setData(ID, entry.id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}, {entry.said}")
            item.setToolTip(entry.said)
            if entry.id == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)

    def show_facts(self, title: str, state: str, groups: Sequence[Group]) -> None:
        """Show what is known of one."""
        self.title.setText(title)
        self.state.setText(state)
        self.state.setVisible(bool(state))
        self.facts.show_groups(groups)

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
            self.chosen.emit(item.data(ID))


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
