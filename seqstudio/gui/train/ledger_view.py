"""Shows the training data of a run: what is used and what is refused, with a filter."""

from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.train.ledger import ledger_counts, ledger_lines
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.metrics import SMALL

MAX_LINES = 2000  # shown at once; the filter finds the others


class LedgerView(QWidget):
    """The inputs as a table: the refused ones first, each with its reason."""

    def __init__(self, model: TrainModel) -> None:
        super().__init__()
        self._model = model
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name or reason")
        self.filter.setAccessibleName("Filter the training data")
        self.filter.setClearButtonEnabled(True)
        self.refused = QCheckBox("Refused only")
        self.notes = Label(wordWrap=True)
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setAccessibleName("Training data: used and refused inputs")
        self.table.setHeaderLabels(["Input", "State", "Reason"])
        header = self.table.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(0, 260)
        row = QHBoxLayout()
        row.addWidget(self.filter, 1)
        row.addWidget(self.refused)
        column = QVBoxLayout(self)
        column.setContentsMargins(SMALL, SMALL, SMALL, SMALL)
        column.addWidget(self.notes)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        self.filter.textChanged.connect(self.refresh)
        self.refused.toggled.connect(self.refresh)
        model.ledger_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the ledger of the current run."""
        self.table.clear()
        run = self._model.run
        self.notes.setText(ledger_counts(run.ledger if run else None))
        self.notes.setVisible(bool(self.notes.text()))
        if run is None or run.ledger is None:
            return
        refused_only, wanted = self.refused.isChecked(), self.filter.text()
        lines = ledger_lines(run.ledger, run.data, refused_only=refused_only, filter=wanted)
        items = []
        for line in lines[:MAX_LINES]:
            state = "refused" if line.reason else "used"
            item = QTreeWidgetItem([line.where, state, line.reason])
            item.setToolTip(0, plain_tooltip(line.where))
            item.setToolTip(2, plain_tooltip(line.reason))
            items.append(item)
        if (hidden := len(lines) - MAX_LINES) > 0:
            items.append(QTreeWidgetItem([f"and {hidden} more: use the filter to find them"]))
        self.table.addTopLevelItems(items)
