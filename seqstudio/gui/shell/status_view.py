"""The line at the bottom: where the session is, and whether all of it is safe."""

from dataclasses import dataclass

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from seqstudio.gui.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Status:
    """What the line says."""

    place: str
    loading: str
    saved: str


def status_of(workspace: Workspace) -> Status:
    """Say how things stand."""
    session, count = workspace.session, len(workspace.loading)
    untitled = session.is_untitled
    loading = f"Loading {count} {'file' if count == 1 else 'files'}…" if count else ""
    return Status(
        place="Untitled, kept in your profile" if untitled else str(session.path),
        loading=f"Opening {workspace.opening.stem}…" if workspace.opening else loading,
        saved="All changes saved" if session.steps else "Nothing changed yet",
    )


class StatusLine(QStatusBar):
    """Shows a desk's status."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setSizeGripEnabled(False)
        self._place, self._loading, self._saved = (QLabel(self) for _ in range(3))
        self.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self._place, 1)
        self.addPermanentWidget(self._loading)
        self.addPermanentWidget(self._saved)
        for signal in (workspace.changed, workspace.session_changed, workspace.loading_changed):
            signal.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show how things stand now."""
        status = status_of(self._workspace)
        self._place.setText(status.place)
        self._loading.setText(status.loading)
        self._loading.setVisible(bool(status.loading))
        self._saved.setText(status.saved)
