"""The texts of the status bar: the session's file, what is loading, and whether all is saved."""

from dataclasses import dataclass

from seqstudio.gui.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Status:
    """The texts of the status bar."""

    location: str
    loading: str
    saved: str


def status_of(workspace: Workspace) -> Status:
    """Return the texts for a workspace as it is now."""
    session, count = workspace.session, len(workspace.loading)
    untitled = session.is_untitled
    loading = f"Loading {count} {'file' if count == 1 else 'files'}…" if count else ""
    return Status(
        location="Untitled (kept in your profile)" if untitled else str(session.path),
        loading=f"Opening {workspace.opening.stem}…" if workspace.opening else loading,
        saved="All changes saved" if session.steps else "No changes yet",
    )
