"""Every action of the app, by name: menus, shortcuts and the palette all draw from here."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can do.

    `group` is its menu ("View/Theme" is a menu in a menu), "" for the palette alone.
    """

    name: str  # "session.undo"
    title: str  # "Undo"
    group: str = ""
    shortcut: str = ""  # as Qt writes it: "Ctrl+Z"
    help: str = ""  # one sentence, for tooltips and the palette


@dataclass(frozen=True, slots=True)
class _Held:
    """A command as it was added: its action, and what its state is asked from."""

    command: Command
    action: QAction
    keys: str  # its shortcut, as Qt writes it
    ready: Callable[[], bool] | None
    checked: Callable[[], bool] | None
    within: QWidget | None
    page: QWidget | None

    @property
    def place(self) -> QWidget | None:
        return self.within or self.page

    @property
    def in_place(self) -> bool:
        """Whether what it is for is shown."""
        return self.place is None or self.place.isVisible()

    @property
    def words(self) -> tuple[str, str]:
        """What a person reads of it: its menu and its title."""
        return self.command.group, self.command.title


class Commands(QObject):
    """The commands of a window. Each is added once, by the view that carries it out."""

    added = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._held: dict[str, _Held] = {}
        self._resting = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def add(
        self,
        command: Command,
        run: Callable[[], object],
        *,
        ready: Callable[[], bool] | None = None,
        checked: Callable[[], bool] | None = None,
        within: QWidget | None = None,
        page: QWidget | None = None,
    ) -> QAction:
        """Offer a command.

        Parameters
        ----------
        command : its name must be free, and its shortcut too wherever both could be meant
        run : called without arguments when it is chosen
        ready : whether it can be done now; `refresh` asks
        checked : for what is on or off: which it is now; `refresh` asks
        within : its shortcut means it only while the focus is in this widget (Delete, F2)
        page : it can be done only while this widget is shown (Space of a page that plays)
        """
        action = QAction(command.title, self)
        keys = QKeySequence(command.shortcut)
        held = _Held(command, action, keys.toString(), ready, checked, within, page)
        self._refuse_taken(held)
        action.setObjectName(command.name)
        action.setShortcut(keys)
        action.setToolTip(_tip(command))
        action.setStatusTip(command.help)
        action.setCheckable(checked is not None)
        action.triggered.connect(lambda _checked=False: run())
        action.triggered.connect(self._soon.start)
        if within:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (within or self._window).addAction(action)
        if held.place:
            held.place.installEventFilter(self)
        self._held[command.name] = held
        self.added.emit(command.name)
        return action

    def refresh(self) -> None:
        """Ask each command whether it can be done now, and whether it is on.

        Of those that read alike, one is listed: whose place is shown, else the first.
        """
        if self._resting:
            return
        listed: dict[tuple[str, str], _Held] = {}
        for held in self._held.values():
            before = listed.setdefault(held.words, held)
            if held.in_place and not before.in_place:
                listed[held.words] = held
        for held in self._held.values():
            held.action.setVisible(held.in_place or listed[held.words] is held)
            held.action.setEnabled(held.in_place and (held.ready is None or held.ready()))
            if held.checked:
                held.action.setChecked(held.checked())

    def rest(self) -> None:
        """Ask no more, when what is asked is about to close."""
        self._resting = True

    def action(self, name: str) -> QAction:
        """Give the action of a command, to trigger it or to put it on a button."""
        return self._held[name].action

    def command(self, name: str) -> Command:
        """Give a command as it was added."""
        return self._held[name].command

    def groups(self) -> dict[str, list[QAction]]:
        """Give the actions of each menu, in the order in which they were added."""
        found: dict[str, list[QAction]] = {}
        for held in self._held.values():
            found.setdefault(held.command.group, []).append(held.action)
        return found

    def all(self) -> list[QAction]:
        """Give every action, in order; those that are not listed now are not visible."""
        return [held.action for held in self._held.values()]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear that a place of commands was shown or hidden."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._soon.start()
        return super().eventFilter(watched, event)

    def _refuse_taken(self, new: _Held) -> None:
        """See that a name is new, and a shortcut where it would have two meanings at once."""
        for name, held in self._held.items():
            same_keys = bool(new.keys) and held.keys == new.keys
            apart = held.place is not None and new.place is not None and held.place != new.place
            if name == new.command.name or (same_keys and not apart):
                raise ValueError(
                    f"{new.command.name} {new.keys}: {name} has it, expected a name and a shortcut "
                    "of its own"
                )


def _tip(command: Command) -> str:
    """Say what a button does, and with which keys it is done."""
    keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    said = command.help or command.title
    return f"{said} ({keys})" if keys else said
