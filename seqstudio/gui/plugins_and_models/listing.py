"""What a page that lists things decides: what there is, which is shown, one errand at a time."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.plugins_and_models.background_task import Errand
from seqstudio.gui.widgets.facts import Group
from seqstudio.gui.workspace.workspace import Workspace


class Row(Protocol):
    """One thing of the list, in words."""

    @property
    def id(self) -> str:
        """What it is chosen by."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def short(self) -> str:
        """Its state in a word or two."""

    @property
    def said(self) -> str:
        """Its state in full."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is known of it."""


R = TypeVar("R", bound=Row)


class ListingModel(QObject, Generic[R]):
    """Lists what `read` gives, and shows one of it.

    Parameters
    ----------
    desk : the list is read anew when what is installed changes
    read : gives the rows; called on a thread
    bring : begins to install a file or a folder
    """

    changed = Signal()  # what is listed, chosen or under way
    failed = Signal(str)  # one sentence

    def __init__(
        self,
        workspace: Workspace,
        read: Callable[[], tuple[R, ...]],
        bring: Callable[[Path], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._read, self._bring = workspace, read, bring
        self._looks = 0
        self.rows: tuple[R, ...] = ()
        self._dropped: deque[Path] = deque()  # and not looked into yet
        self.chosen = ""  # the id of the row that is shown
        self.errand = Errand(workspace.background, self)
        self.errand.changed.connect(self.changed)
        self.errand.changed.connect(self._take_next)
        self.errand.failed.connect(self.failed)
        workspace.installed_changed.connect(self.look)
        self.look()

    @property
    def row(self) -> R | None:
        """The row that is shown."""
        return next((one for one in self.rows if one.id == self.chosen), None)

    @property
    def marked(self) -> str:
        """The id of the line that is marked in the list."""
        return self.chosen

    @property
    def title(self) -> str:
        """What the facts beside the list are about."""
        return self.row.title if self.row else ""

    @property
    def state(self) -> str:
        """Say how it is with the row that is shown."""
        return self.row.said if self.row else ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Give what is known of the row that is shown."""
        return self.row.groups if self.row else ()

    def choose(self, id: str) -> None:
        """Show a row."""
        self.chosen = id
        self.changed.emit()

    def can_begin(self) -> bool:
        """Whether nothing is under way."""
        return not self.errand.busy

    def take(self, path: Path) -> None:
        """Install a file or a folder that was dropped, once what came before it is settled."""
        self._dropped.append(path)
        self._take_next()

    def look(self) -> None:
        """Read the list anew."""
        self._looks += 1
        number = self._looks
        self._workspace.background.run(
            self._read, lambda rows: self._listed(number, rows), self.failed.emit
        )

    def _take_next(self) -> None:
        if self._dropped and self.can_begin():
            self._bring(self._dropped.popleft())

    def _listed(self, number: int, rows: tuple[R, ...]) -> None:
        if number != self._looks:  # a later look is on its way
            return
        self.rows = rows
        if not self.row:
            self.chosen = rows[0].id if rows else ""
        self.changed.emit()
