"""Every action of the app, by name: the source of menus, shortcuts and the command palette."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """One action that the user can trigger.

    `menu` is its menu ("View/Theme" is a submenu), "" for the palette alone.
    """

    name: str  # "session.undo"
    title: str  # "Undo"
    menu: str = ""
    shortcut: str = ""  # as Qt writes it: "Ctrl+Z"
    help: str = ""  # one sentence, for tooltips and the palette


@dataclass(frozen=True, slots=True)
class _Entry:
    """A command with its action, and the callbacks that give its state."""

    command: Command
    action: QAction
    keys: str  # its shortcut, as Qt writes it
    ready: Callable[[], bool] | None
    checked: Callable[[], bool] | None
    within: QWidget | None
    page: QWidget | None

    @property
    def scope(self) -> QWidget | None:
        return self.within or self.page

    @property
    def in_scope(self) -> bool:
        """Whether the widget that the command belongs to is shown."""
        return self.scope is None or self.scope.isVisible()

    def clashes_with(self, other: "_Entry") -> bool:
        """Whether the same shortcut could mean both."""
        both = self.scope is not None and other.scope is not None
        separate = both and self.scope != other.scope
        return bool(self.keys) and self.keys == other.keys and not separate

    @property
    def label(self) -> tuple[str, str]:
        """The menu and the title, as the user sees them."""
        return self.command.menu, self.command.title


class Commands(QObject):
    """The commands of a window. The view that carries a command out adds it, once."""

    added = Signal(str)

    def __init__(self, parent: QWidget, shortcuts: Mapping[str, str] | None = None) -> None:
        super().__init__(parent)
        self._window = parent
        self._own = dict(shortcuts or {})  # the user's own shortcuts, by command
        self._defaults: dict[str, tuple[QKeySequence, ...]] = {}
        self._entries: dict[str, _Entry] = {}
        self._stopped = False
        self._refresh_timer = QTimer(self, singleShot=True, interval=0)
        self._refresh_timer.timeout.connect(self.refresh)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

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
        """Add a command and return its action.

        Parameters
        ----------
        command : its name must be free, and its shortcut too unless the scopes differ
        run : called without arguments when it is triggered
        ready : whether it can be run now; called by `refresh`
        checked : for a toggle: whether it is on; called by `refresh`
        within : its shortcut works only while the focus is in this widget (Delete, F2)
        page : it can be run only while this widget is shown (Space on a page that plays)

        Raises
        ------
        ValueError
            If its name or shortcut is taken.
        """
        action = QAction(command.title, self)
        keys = QKeySequence(command.shortcut)
        entry = _Entry(command, action, keys.toString(), ready, checked, within, page)
        self._check_unique(entry)
        self._entries[command.name] = entry
        action.setObjectName(command.name)
        action.setShortcut(keys)
        action.setToolTip(_tooltip(command))
        action.setStatusTip(command.help)
        action.setCheckable(checked is not None)
        action.triggered.connect(lambda _checked=False: run())
        action.triggered.connect(self._refresh_timer.start)
        if within:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (within or self._window).addAction(action)
        if entry.scope:
            entry.scope.installEventFilter(self)
        if command.name in self._own:
            self.set_shortcut(command.name, self._own[command.name])
        self.added.emit(command.name)
        return action

    def set_shortcut(self, name: str, keys: str | None) -> str:
        """Give a command another shortcut; return the title of the command that has it already.

        Parameters
        ----------
        name : of the command
        keys : as Qt writes them, "" for no shortcut; None for the one that it began with
        """
        entry = self._entries[name]
        defaults = self._defaults.setdefault(name, tuple(entry.action.shortcuts()))
        wanted = defaults if keys is None else (QKeySequence(keys),)
        text = wanted[0].toString() if wanted else ""
        new = replace(entry, keys=text, command=replace(entry.command, shortcut=text))
        taken = next((one for one in self._others(name) if one.clashes_with(new)), None)
        if taken:
            return taken.command.title
        self._entries[name] = new
        entry.action.setShortcuts(list(wanted))
        entry.action.setToolTip(_tooltip(new.command))
        return ""

    def _others(self, name: str) -> list[_Entry]:
        return [entry for other, entry in self._entries.items() if other != name]

    def refresh(self) -> None:
        """Update which actions are visible, enabled and checked.

        Of commands with the same label one is visible: the one in scope, else the first.
        """
        if self._stopped:
            return
        listed: dict[tuple[str, str], _Entry] = {}
        for entry in self._entries.values():
            first = listed.setdefault(entry.label, entry)
            if entry.in_scope and not first.in_scope:
                listed[entry.label] = entry
        for entry in self._entries.values():
            entry.action.setVisible(entry.in_scope or listed[entry.label] is entry)
            entry.action.setEnabled(entry.in_scope and (entry.ready is None or entry.ready()))
            if entry.checked:
                entry.action.setChecked(entry.checked())

    def set_text(self, name: str, text: str) -> None:
        """Show another text in the menu and the tooltip; the palette keeps the title."""
        entry = self._entries[name]
        entry.action.setText(text)
        entry.action.setIconText(entry.command.title)
        entry.action.setToolTip(_tooltip(replace(entry.command, help=text)))

    def stop(self) -> None:
        """Ignore later refreshes: the objects behind the callbacks are about to close."""
        self._stopped = True

    def action(self, name: str) -> QAction:
        """Return the action of a command, to trigger it or to put it on a button."""
        return self._entries[name].action

    def command(self, name: str) -> Command:
        """Return a command as it was added."""
        return self._entries[name].command

    def menus(self) -> dict[str, list[QAction]]:
        """Return the actions of each menu, in the order in which they were added."""
        found: dict[str, list[QAction]] = {}
        for entry in self._entries.values():
            found.setdefault(entry.command.menu, []).append(entry.action)
        return found

    def all(self) -> list[QAction]:
        """Return every action, in order, the hidden ones too."""
        return [entry.action for entry in self._entries.values()]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Refresh when a widget that commands belong to is shown or hidden."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._refresh_timer.start()
        return super().eventFilter(watched, event)

    def _check_unique(self, new: _Entry) -> None:
        """Refuse a name that is taken, or a shortcut that would have two meanings at once."""
        for name, entry in self._entries.items():
            if name == new.command.name or entry.clashes_with(new):
                raise ValueError(
                    f"{new.command.name} {new.keys}: {name} has it, expected a name and a shortcut "
                    "of its own"
                )


def _tooltip(command: Command) -> str:
    """Return what a command does, with its shortcut."""
    keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    text = command.help or command.title
    text = f"{text} ({keys})" if keys else text
    return f"<qt>{html.escape(text)}</qt>" if "<" in text else text  # a name is never HTML
