"""One line above a page: the running task with a progress bar, or what the last one did."""

from PySide6.QtWidgets import QProgressBar, QWidget

from seqstudio.gui.plugins_and_models.background_task import BackgroundTask
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import TIGHT

BAR_PIXELS = 6


class BackgroundTaskView(QWidget):
    """Shows a `BackgroundTask`; hidden while there is nothing to show."""

    def __init__(self, task: BackgroundTask, parent: QWidget) -> None:
        super().__init__(parent)
        self._task = task
        self.status = Label(self)
        self.status.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(BAR_PIXELS)
        self.bar.setAccessibleName("In progress")
        layout = column(self, spacing=TIGHT)
        layout.addWidget(self.status)
        layout.addWidget(self.bar)
        task.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the current state of the task."""
        task = self._task
        self.status.setText(f"{task.title}…" if task.busy else task.message)
        self.status.setAccessibleName(self.status.text())
        self.bar.setVisible(task.busy)
        self.setVisible(bool(self.status.text()))
