"""The pages of the window, and the page for the selected clip or take."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

Shows = Literal["", "clip", "take"]


@runtime_checkable
class InstallPage(Protocol):
    """A page that installs plugins or models."""

    def install(self, path: Path) -> None:
        """Inspect a file or a folder, and ask the user before it is installed."""


@runtime_checkable
class JobPage(Protocol):
    """A page that shows a job from its start to its result."""

    def watch(self, job: int) -> None:
        """Show a job that was queued elsewhere."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page; it is built when it is first shown, so that it costs nothing before."""

    name: str
    title: str
    entry_point: str  # "module:Class", called with the workspace and the commands
    shows: Shows = ""  # what it shows; "" for pages that the user opens
    shortcut: str = ""
    help: str = ""
    beside_library: bool = False  # the library is shown beside it

    def build(self, workspace: Workspace, commands: Commands) -> QWidget:
        """Import the page's module and return a new page."""
        module, _, name = self.entry_point.partition(":")
        make: Callable[[Workspace, Commands], QWidget] = getattr(import_module(module), name)
        return make(workspace, commands)


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "welcome",
        "Start",
        "seqstudio.gui.shell.welcome_view:WelcomeView",
        shortcut="Alt+Home",
        help="Open files, or continue where you left off.",
    ),
    PageEntry(
        "plugins",
        "Plugins",
        "seqstudio.gui.plugins_and_models.plugins_view:PluginsView",
        shortcut="Ctrl+Alt+P",
        help="Install, enable, disable and remove plugins.",
    ),
    PageEntry(
        "models",
        "Models",
        "seqstudio.gui.plugins_and_models.models_view:ModelsView",
        shortcut="Ctrl+Alt+G",
        help="Import, export, verify and remove models.",
    ),
    PageEntry(
        "train",
        "Train a model",
        "seqstudio.gui.train.train_view:TrainView",
        shortcut="Ctrl+Alt+T",
        help="Train a model on a folder of recordings or music.",
    ),
    PageEntry(
        "jobs",
        "Jobs",
        "seqstudio.gui.jobs.jobs_view:JobsView",
        shortcut="F8",
        help="What runs, what waits, and what has ended.",
    ),
    PageEntry(
        "recording",
        "Recording",
        "seqstudio.gui.recording.recording_view:RecordingView",
        shows="clip",
        beside_library=True,
        help="The waveform and the transcript of a recording.",
    ),
    PageEntry(
        "score",
        "Piano roll",
        "seqstudio.gui.piano_roll.score_view:ScoreView",
        shows="take",
        beside_library=True,
        help="View, play and edit the notes of a take.",
    ),
)


def load_pages() -> None:
    """Import every page's module, on a thread, so that pages open without delay."""
    for page in PAGES:
        import_module(page.entry_point.partition(":")[0])


def page_for(workspace: Workspace) -> str:
    """Return the name of the page for the selected clip or take."""
    wanted: Shows = "take" if workspace.take else "clip" if workspace.clip else ""
    return next((page.name for page in PAGES if wanted and page.shows == wanted), "welcome")
