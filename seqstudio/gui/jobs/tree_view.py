"""The list of jobs as a tree: the items of a job are below it."""

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

from seqstudio.gui.jobs.jobs import JobsModel
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.label import plain_tooltip
from seqstudio.gui.workspace.job_status import ItemStatus, JobStatus
from seqstudio.gui.workspace.state_words import WORDS

JOB = Qt.ItemDataRole.UserRole  # a row's job
FRACTION = Qt.ItemDataRole.UserRole + 1
TITLE, STATE, PROGRESS, TEXT = range(4)
MIN_HEIGHT = 80
HEADING = "Before SeqStudio was opened"


class ProgressBar(QStyledItemDelegate):
    """Paints a progress bar beside its percentage."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the cell, then the bar."""
        super().paint(painter, option, index)
        fraction = index.data(FRACTION)
        if fraction is None:
            return
        rect: QRect = option.rect
        colours = colours_of(option.palette)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        bar = rect.adjusted(44, rect.height() // 2 - 3, -8, 0)
        bar.setHeight(6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.wave if selected else colours.line)
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(round(bar.width() * fraction))
        painter.setBrush(colours.on_accent if selected else colours.accent)
        painter.drawRoundedRect(bar, 3, 3)


class JobsTree(QTreeWidget):
    """Shows the jobs of a `JobsModel`; updates its rows in place where it can."""

    def __init__(self, model: JobsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._rows: dict[int, QTreeWidgetItem] = {}  # by job
        self._order: list[tuple[int, bool]] = []  # job, and whether it is below the heading
        self.setColumnCount(4)
        self.setHeaderLabels(["Job", "State", "Progress", "Result"])
        self.setAccessibleName("Jobs")
        self.setItemDelegateForColumn(PROGRESS, ProgressBar(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAllColumnsShowFocus(True)
        self.setUniformRowHeights(True)
        self.setMinimumHeight(MIN_HEIGHT)
        header = self.header()
        header.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Stretch)
        for column, width in ((TITLE, 220), (STATE, 230), (PROGRESS, 130)):
            header.resizeSection(column, width)
        self.currentItemChanged.connect(self._select)
        self.itemExpanded.connect(lambda row: model.show_items(row.data(0, JOB), True))
        self.itemCollapsed.connect(lambda row: model.show_items(row.data(0, JOB), False))

    def draw(self) -> None:
        """Show the jobs as they are now."""
        self.blockSignals(True)
        jobs = self._model.jobs
        order = [(job.id, job.from_before) for job in jobs]
        if order != self._order:
            self._order = order
            self._rebuild(jobs)
        for job in jobs:
            self._draw_job(self._rows[job.id], job)
        if selected := self._rows.get(self._model.selected_id):
            current = self.currentItem()
            if current is None or current.data(0, JOB) != self._model.selected_id:
                self.setCurrentItem(selected)
        self.blockSignals(False)

    def _rebuild(self, jobs: tuple[JobStatus, ...]) -> None:
        """Make all rows again after jobs were added, removed or moved."""
        self.clear()
        self._rows = {}
        headed = False
        for job in jobs:
            if job.from_before and not headed:
                headed = True
                self._add_heading()
            row = self._rows[job.id] = QTreeWidgetItem(self)
            row.setData(0, JOB, job.id)
            row.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            row.setExpanded(job.id in self._model.expanded)

    def _add_heading(self) -> None:
        """Add the heading of the jobs that follow; arrow keys skip it."""
        heading = QTreeWidgetItem(self, [HEADING])
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        heading.setFirstColumnSpanned(True)

    def _draw_job(self, row: QTreeWidgetItem, job: JobStatus) -> None:
        texts = (job.title, job.state_text, _percent(job.fraction), job.reason or job.text)
        _set_texts(row, texts, job.fraction)
        items = self._model.items(job.id)
        outdated = row.takeChildren() if row.childCount() != len(items) else []
        if outdated or not row.childCount():
            row.addChildren([QTreeWidgetItem() for _ in items])
        for at, item in enumerate(items):
            if child := row.child(at):
                _draw_item(child, job.id, item)

    def _select(self, row: QTreeWidgetItem | None) -> None:
        if row:
            self._model.select(row.data(0, JOB))


def _draw_item(row: QTreeWidgetItem, job: int, item: ItemStatus) -> None:
    row.setData(0, JOB, job)
    texts = (item.name, WORDS[item.state], _percent(item.fraction), item.text)
    _set_texts(row, texts, item.fraction)


def _set_texts(row: QTreeWidgetItem, texts: tuple[str, ...], fraction: float | None) -> None:
    """Set the texts and the progress of a row, only where they have changed."""
    for column, text in enumerate(texts):
        line = " ".join(text.split())
        if row.text(column) != line:
            row.setText(column, line)
            row.setToolTip(column, plain_tooltip(text))
    if row.data(PROGRESS, FRACTION) != fraction:
        row.setData(PROGRESS, FRACTION, fraction)


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{fraction:.0%}"
