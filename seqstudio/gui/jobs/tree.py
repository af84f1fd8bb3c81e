"""The list of jobs, with a line for each file or take of those that are opened."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from seqstudio.gui.jobs.dock import DockModel
from seqstudio.gui.widgets.theme import colours_of
from seqstudio.gui.workspace.job_cards import ItemCard, JobCard

JOB = Qt.ItemDataRole.UserRole  # a row's job
FRACTION = Qt.ItemDataRole.UserRole + 1
TITLE, STATE, PROGRESS, TEXT = range(4)
LEAST_HEIGHT = 80
HEADING = "Before SeqStudio was opened"


class ProgressBar(QStyledItemDelegate):
    """Paints a bar and its percentage."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row's ground, then the bar."""
        super().paint(painter, option, index)
        fraction = index.data(FRACTION)
        if fraction is None:
            return
        rect: QRect = option.rect
        colours = colours_of(option.palette)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        bar = rect.adjusted(44, rect.height() // 2 - 3, -8, 0)
        bar.setHeight(6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.wave if chosen else colours.line)
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(round(bar.width() * fraction))
        painter.setBrush(colours.on_accent if chosen else colours.accent)
        painter.drawRoundedRect(bar, 3, 3)


class JobsTree(QTreeWidget):
    """Shows the jobs of a `DockModel`; rows stay while their jobs do."""

    def __init__(self, model: DockModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._tops: dict[int, QTreeWidgetItem] = {}  # of each job
        self._order: list[tuple[int, bool]] = []  # of the jobs, and which had ended before
        self.setColumnCount(4)
        self.setHeaderLabels(["Job", "State", "Progress", "Result"])
        self.setAccessibleName("Jobs")
        self.setItemDelegateForColumn(PROGRESS, ProgressBar(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAllColumnsShowFocus(True)
        self.setUniformRowHeights(True)
        self.setMinimumHeight(LEAST_HEIGHT)
        header = self.header()
        header.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Stretch)
        for column, width in ((TITLE, 260), (STATE, 280), (PROGRESS, 150)):
            header.resizeSection(column, width)
        self.currentItemChanged.connect(self._choose)
        self.itemExpanded.connect(lambda row: model.show_items(row.data(0, JOB), True))
        self.itemCollapsed.connect(lambda row: model.show_items(row.data(0, JOB), False))

    def draw(self) -> None:
        """Show the jobs as they are now."""
        self.blockSignals(True)
        jobs = self._model.jobs
        order = [(card.id, card.earlier) for card in jobs]
        if order != self._order:
            self._order = order
            self._rebuild(jobs)
        for card in jobs:
            self._draw_job(self._tops[card.id], card)
        if chosen := self._tops.get(self._model.chosen):
            current = self.currentItem()
            if current is None or current.data(0, JOB) != self._model.chosen:
                self.setCurrentItem(chosen)
        self.blockSignals(False)

    def _rebuild(self, jobs: tuple[JobCard, ...]) -> None:
        """Make the rows anew where jobs came, went or moved."""
        self.clear()
        self._tops = {}
        earlier = False
        for card in jobs:
            if card.earlier and not earlier:
                earlier = True
                self._add_heading()
            row = self._tops[card.id] = QTreeWidgetItem(self)
            row.setData(0, JOB, card.id)
            row.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            row.setExpanded(card.id in self._model.open)

    def _add_heading(self) -> None:
        """Set what follows apart, by a line that keys pass over."""
        heading = QTreeWidgetItem(self, [HEADING])
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        heading.setFirstColumnSpanned(True)

    def _draw_job(self, row: QTreeWidgetItem, card: JobCard) -> None:
        texts = (card.title, card.words, _percent(card.fraction), card.reason or card.text)
        _fill(row, texts, card.fraction)
        items = self._model.items(card.id)
        shown = row.takeChildren() if row.childCount() != len(items) else []
        if shown or not row.childCount():
            row.addChildren([QTreeWidgetItem() for _ in items])
        for at, item in enumerate(items):
            if child := row.child(at):
                _draw_item(child, card.id, item)

    def _choose(self, row: QTreeWidgetItem | None) -> None:
        if row:
            self._model.choose(row.data(0, JOB))


def _draw_item(row: QTreeWidgetItem, job: int, item: ItemCard) -> None:
    row.setData(0, JOB, job)
    texts = (item.name, item.state.capitalize(), _percent(item.fraction), item.text)
    _fill(row, texts, item.fraction)


def _fill(row: QTreeWidgetItem, texts: tuple[str, ...], fraction: float) -> None:
    """Write a row, but only what is another text than before."""
    for column, text in enumerate(texts):
        line = " ".join(text.split())
        if row.text(column) != line:
            row.setText(column, line)
            row.setToolTip(column, text)
    if row.data(PROGRESS, FRACTION) != fraction:
        row.setData(PROGRESS, FRACTION, fraction)


def _percent(fraction: float) -> str:
    return f"{fraction:.0%}"
