"""The pages of the window: which there are, and which one shows what is in front."""

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
class TakesFiles(Protocol):
    """A page that installs files which are no part of a session."""

    def take(self, path: Path) -> None:
        """Look into a file; a person is asked before it is installed."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page that is made when it is first shown, so that it costs nothing before."""

    name: str
    title: str
    place: str  # "module:Class", called with the desk and the commands
    shows: Shows = ""  # what it shows; "" for pages that the person calls up
    shortcut: str = ""
    help: str = ""

    def build(self, workspace: Workspace, commands: Commands) -> QWidget:
        """Import the page's module and make it."""
        return _build(self.place, workspace, commands)


@dataclass(frozen=True, slots=True)
class DockEntry:
    """A view that stays beside or below the pages, and that a person may hide."""

    name: str
    title: str
    place: str  # "module:Class", called with the desk and the commands
    area: Literal["left", "right", "bottom"]
    shortcut: str  # shows or hides it

    def build(self, workspace: Workspace, commands: Commands) -> QWidget:
        """Import the view's module and make it."""
        return _build(self.place, workspace, commands)


def _build(place: str, workspace: Workspace, commands: Commands) -> QWidget:
    module, _, name = place.partition(":")
    make: Callable[[Workspace, Commands], QWidget] = getattr(import_module(module), name)
    return make(workspace, commands)


DOCKS: tuple[DockEntry, ...] = (
    DockEntry("jobs", "Jobs", "seqstudio.gui.jobs.dock_view:JobsDock", "bottom", "F8"),
)
PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "welcome",
        "Start",
        "seqstudio.gui.shell.welcome_view:WelcomeView",
        shortcut="Alt+Home",
        help="Open files, or go on where you stopped.",
    ),
    PageEntry(
        "plugins",
        "Plugins",
        "seqstudio.gui.plugins_and_models.plugins_view:PluginsView",
        shortcut="Ctrl+Alt+P",
        help="Install, switch and remove plugins.",
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
        help="Learn from a folder of recordings or music, and keep the model.",
    ),
    PageEntry(
        "recording",
        "Recording",
        "seqstudio.gui.recording.recording_view:RecordingView",
        shows="clip",
        help="A recording's sound and its words.",
    ),
    PageEntry(
        "score",
        "Piano roll",
        "seqstudio.gui.piano_roll.score_view:ScoreView",
        shows="take",
        help="A take's notes, to see, hear and change.",
    ),
)


def load_pages() -> None:
    """Import every page's module, on a thread: the first page of a kind is then shown at once."""
    for page in PAGES:
        import_module(page.place.partition(":")[0])


def page_for(workspace: Workspace) -> str:
    """Name the page of what is in front."""
    wanted: Shows = "take" if workspace.take else "clip" if workspace.clip else ""
    return next((page.name for page in PAGES if wanted and page.shows == wanted), "welcome")
