"""Every action of the app, by name: menus, shortcuts and the palette all draw from here."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can do: `group` is its menu, "" for the palette alone."""

    name: str  # "session.undo"
    title: str  # "Undo"
    group: str = ""
    shortcut: str = ""  # as Qt writes it: "Ctrl+Z"
    help: str = ""  # one sentence, for tooltips and the palette


class Commands(QObject):
    """The commands of a window. Each is added once, by the view that carries it out."""

    added = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, str] = {}
        self._ready: dict[str, Callable[[], bool]] = {}

    def add(
        self,
        command: Command,
        run: Callable[[], object],
        *,
        ready: Callable[[], bool] | None = None,
    ) -> QAction:
        """Offer a command.

        Parameters
        ----------
        command : its name and shortcut must be free
        run : called without arguments when it is chosen
        ready : whether it can be done now; `refresh` asks
        """
        taken = {action.shortcut().toString(): name for name, action in self._actions.items()}
        keys = QKeySequence(command.shortcut)
        if command.name in self._actions or (command.shortcut and keys.toString() in taken):
            raise ValueError(
                f"{command.name} {command.shortcut}: expected a name and a shortcut of its own"
            )
        action = QAction(command.title, self)
        action.setObjectName(command.name)
        action.setShortcut(keys)
        action.setToolTip(command.help or command.title)
        action.triggered.connect(lambda _checked=False: run())
        self._actions[command.name] = action
        self._groups[command.name] = command.group
        if ready:
            self._ready[command.name] = ready
        self.added.emit(command.name)
        return action

    def refresh(self) -> None:
        """Ask each command whether it can be done now."""
        for name, ready in self._ready.items():
            self._actions[name].setEnabled(ready())

    def action(self, name: str) -> QAction:
        """Give the action of a command, to trigger it or to put it on a button."""
        return self._actions[name]

    def groups(self) -> dict[str, list[QAction]]:
        """Give the actions of each menu, in the order in which they were added."""
        found: dict[str, list[QAction]] = {}
        for name, action in self._actions.items():
            found.setdefault(self._groups[name], []).append(action)
        return found

    def all(self) -> list[QAction]:
        """Give every action, in order."""
        return list(self._actions.values())
