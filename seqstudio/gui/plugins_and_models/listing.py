"""The model of a page that lists plugins or models and runs one task at a time."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.plugins_and_models.background_task import BackgroundTask
from seqstudio.gui.widgets.facts import FactGroup
from seqstudio.gui.workspace.workspace import Workspace


class Row(Protocol):
    """The text of one entry of the list."""

    @property
    def id(self) -> str:
        """The unique id."""

    @property
    def title(self) -> str:
        """The name shown to the user."""

    @property
    def short_status(self) -> str:
        """The status in a word or two."""

    @property
    def status(self) -> str:
        """The full status."""

    @property
    def groups(self) -> tuple[FactGroup, ...]:
        """The facts about it."""


R = TypeVar("R", bound=Row)


class ListingModel(QObject, Generic[R]):
    """Lists the rows that `read` returns, and shows one of them.

    Parameters
    ----------
    workspace : the list is reloaded when its installed plugins or models change
    read : returns the rows; called on a thread
    install : starts to install a file or a folder
    """

    changed = Signal()  # the rows, the row that is shown, or the running task
    failed = Signal(str)  # one sentence

    def __init__(
        self,
        workspace: Workspace,
        read: Callable[[], tuple[R, ...]],
        install: Callable[[Path], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._read, self._install = workspace, read, install
        self._reloads = 0
        self.rows: tuple[R, ...] = ()
        self._dropped: deque[Path] = deque()  # waiting to be installed
        self.selected = ""  # the id of the row that is shown
        self.background_task = BackgroundTask(workspace.background, self)
        self.background_task.changed.connect(self.changed)
        self.background_task.changed.connect(self._install_next)
        self.background_task.failed.connect(self.failed)
        workspace.installed_changed.connect(self.reload)
        self.reload()

    @property
    def row(self) -> R | None:
        """The row that is shown."""
        return next((one for one in self.rows if one.id == self.selected), None)

    @property
    def highlighted(self) -> str:
        """The id of the highlighted row of the list."""
        return self.selected

    @property
    def title(self) -> str:
        """The title above the facts."""
        return self.row.title if self.row else ""

    @property
    def status(self) -> str:
        """The status of the row that is shown."""
        return self.row.status if self.row else ""

    @property
    def groups(self) -> tuple[FactGroup, ...]:
        """The facts about the row that is shown."""
        return self.row.groups if self.row else ()

    def select(self, id: str) -> None:
        """Show a row."""
        self.selected = id
        self.changed.emit()

    def can_begin(self) -> bool:
        """Whether a task can start now."""
        return not self.background_task.busy

    def enqueue(self, path: Path) -> None:
        """Install a file or a folder after those that were dropped before it."""
        self._dropped.append(path)
        self._install_next()

    def reload(self) -> None:
        """Read the rows again."""
        self._reloads += 1
        number = self._reloads
        self._workspace.background.run(
            self._read, lambda rows: self._on_loaded(number, rows), self.failed.emit
        )

    def _install_next(self) -> None:
        if self._dropped and self.can_begin():
            self._install(self._dropped.popleft())

    def _on_loaded(self, number: int, rows: tuple[R, ...]) -> None:
        if number != self._reloads:  # a later reload is running
            return
        self.rows = rows
        if not self.row:
            self.selected = rows[0].id if rows else ""
        self.changed.emit()
