"""The jobs in the status bar: one line, and a pop-over with the latest jobs."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QToolButton, QWidget

from seqstudio.gui.jobs.jobs import JobsModel
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import CHIP, MEDIUM, POP_OVER, SMALL, TIGHT
from seqstudio.gui.workspace.job_status import JobStatus

LISTED = 5  # in the pop-over; the page of jobs has all


class JobsChip(QToolButton):
    """Shows a line about all jobs; a click opens the pop-over.

    Parameters
    ----------
    model : the jobs
    show_all : the command that shows the page of jobs
    """

    def __init__(self, model: JobsModel, show_all: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.pop_over = JobsPopOver(model, show_all, self)
        self.setObjectName("jobs chip")
        self.setAutoRaise(True)
        self.setMaximumWidth(2 * CHIP)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._open)
        model.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the jobs as they are now."""
        text = self._model.summary
        width = 2 * CHIP - 2 * MEDIUM
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width))
        self.setToolTip(plain_tooltip(f"Jobs: {text}"))
        self.setAccessibleName(f"Jobs: {text}")

    def _open(self) -> None:
        self.pop_over.draw()
        self.pop_over.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width() - self.pop_over.width(), 0))
        self.pop_over.move(corner - QPoint(0, self.pop_over.height() + TIGHT))
        self.pop_over.show()


class JobsPopOver(QFrame):
    """The latest jobs, each with its progress and a button that stops it."""

    def __init__(self, model: JobsModel, show_all: QAction, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._model = model
        self.setObjectName("pop-over")
        self.setAccessibleName("Latest jobs")
        self.setFixedWidth(POP_OVER)
        layout = column(self, margins=MEDIUM, spacing=SMALL)
        self._rows = column(spacing=SMALL)
        self._shown: tuple[JobStatus, ...] = ()
        layout.addLayout(self._rows)
        everything = QPushButton("All jobs", self)
        everything.setToolTip(show_all.toolTip())
        everything.clicked.connect(show_all.trigger)
        everything.clicked.connect(self.hide)
        layout.addWidget(everything)
        model.changed.connect(lambda: self.draw() if self.isVisible() else None)

    def draw(self) -> None:
        """Show the jobs as they are now."""
        jobs = self._model.jobs[:LISTED]
        if jobs == self._shown and self._rows.count():
            return
        self._shown = jobs
        while item := self._rows.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        for job in jobs:
            self._rows.addWidget(self._row(job))
        if not jobs:
            self._rows.addWidget(Label("No jobs yet.", self))

    def _row(self, job: JobStatus) -> QWidget:
        made = QWidget(self)
        lines = column(made, spacing=TIGHT)
        heading = row(spacing=SMALL)
        title = Label(job.title, made)
        title.setToolTip(plain_tooltip(job.title))
        title.setWordWrap(True)
        heading.addWidget(title, 1)
        if "cancel" in job.actions:
            stop = QPushButton("Stop", made)
            stop.setAccessibleName(f"Stop {job.title}")
            stop.clicked.connect(lambda _checked=False: self._stop(job.id))
            heading.addWidget(stop)
        lines.addLayout(heading)
        state = Label(job.reason or job.state_text, made)
        state.setWordWrap(True)
        lines.addWidget(state)
        if job.live and job.fraction is not None:
            bar = QProgressBar(made)
            bar.setRange(0, 100)
            bar.setValue(round(100 * job.fraction))
            bar.setTextVisible(False)
            bar.setAccessibleName(f"Progress of {job.title}")
            lines.addWidget(bar)
        return made

    def _stop(self, job: int) -> None:
        self._model.select(job)
        self._model.do("cancel")
