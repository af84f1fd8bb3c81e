"""The menu of the sessions that were opened before."""

from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from seqstudio.gui.widgets.label import plain_tooltip
from seqstudio.gui.workspace.workspace import Workspace

NUMBERED = 9  # that have a digit as mnemonic
NONE_YET = "No sessions yet"


class RecentMenu(QMenu):
    """Lists the recent sessions, the latest first, and opens one; read whenever it is shown."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__("Open &recent", parent)
        self._workspace = workspace
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the sessions; one whose file is gone cannot be chosen."""
        self.clear()
        for number, path in enumerate(self._workspace.preferences.recent[:NUMBERED], 1):
            action = self.addAction(f"&{number}  {path.stem.replace('&', '&&')}")
            action.setToolTip(plain_tooltip(str(path)))
            action.setEnabled(path.is_file())
            action.triggered.connect(partial(self._open, number - 1))
        if self.isEmpty():
            self.addAction(NONE_YET).setEnabled(False)

    def _open(self, place: int, _checked: object = None) -> None:
        self._workspace.open_session(self._workspace.preferences.recent[place])
