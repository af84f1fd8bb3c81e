"""The status bar of the window."""

from PySide6.QtWidgets import QStatusBar, QWidget

from seqstudio.gui.shell.status import status_of
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.metrics import NONE, SMALL
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.text_format import printable

DONE_MS = 20_000  # that a message is shown in the place of the session's file


class StatusBar(QStatusBar):
    """Shows the status of a workspace."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setSizeGripEnabled(False)
        self._location, self._loading, self._saved = (Label(self) for _ in range(3))
        self.setContentsMargins(SMALL, NONE, SMALL, NONE)
        self.addWidget(self._location, 1)
        self.addPermanentWidget(self._loading)
        self.addPermanentWidget(self._saved)
        for signal in (workspace.changed, workspace.session_changed, workspace.loading_changed):
            signal.connect(self.draw)
        self.draw()

    def say(self, text: str) -> None:
        """Show for a while what was done."""
        self.showMessage(printable(text), DONE_MS)

    def draw(self) -> None:
        """Show the current status."""
        status = status_of(self._workspace)
        self._location.setText(status.location)
        self._loading.setText(status.loading)
        self._loading.setVisible(bool(status.loading))
        self._saved.setText(status.saved)
