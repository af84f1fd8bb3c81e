"""The pages of the window: which there are, and which one shows what is in front."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from PySide6.QtWidgets import QWidget

from seqstudio.gui.commands import Commands
from seqstudio.gui.desk import Desk

Shows = Literal["", "clip", "take"]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page that is made when it is first shown, so that it costs nothing before."""

    name: str
    title: str
    place: str  # "module:Class", called with the desk and the commands
    shows: Shows = ""  # what it shows; "" for pages that the person calls up
    shortcut: str = ""
    help: str = ""

    def build(self, desk: Desk, commands: Commands) -> QWidget:
        """Import the page's module and make it."""
        module, _, name = self.place.partition(":")
        make: Callable[[Desk, Commands], QWidget] = getattr(import_module(module), name)
        return make(desk, commands)


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "welcome",
        "Start",
        "seqstudio.gui.welcome_view:WelcomeView",
        help="Open files, or go on where you stopped.",
    ),
)


def page_for(desk: Desk) -> str:
    """Name the page of what is in front."""
    wanted: Shows = "take" if desk.take else "clip" if desk.clip else ""
    return next((page.name for page in PAGES if wanted and page.shows == wanted), "welcome")
