"""The menu bar, built from the commands; a menu without commands is left out."""

from itertools import groupby

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from seqstudio.gui.workspace.commands import Commands

FIRST = ("Session", "Edit", "View")
LAST = ("Help",)


def ordered(menus: list[str]) -> list[str]:
    """Sort menus into the conventional order; leave out the one without a name.

    >>> ordered(["Help", "Takes", "View", "", "View/Theme", "Session"])
    ['Session', 'View', 'View/Theme', 'Takes', 'Help']
    """

    def rank(menu: str) -> int:
        top = menu.partition("/")[0]
        if top in FIRST:
            return FIRST.index(top)
        return len(FIRST) + (top in LAST)

    return sorted((menu for menu in menus if menu), key=rank)


def with_mnemonic(title: str, taken: set[str]) -> str:
    """Mark the first letter of a title that is not taken, for the Alt key; take it.

    >>> taken: set[str] = set()
    >>> with_mnemonic("Session", taken), with_mnemonic("Studio", taken)
    ('&Session', 'S&tudio')
    """
    for at, letter in enumerate(title):
        if letter.isalpha() and letter.lower() not in taken:
            taken.add(letter.lower())
            return f"{title[:at]}&{title[at:]}"
    return title


def _group(action: QAction) -> str:
    """Return the first part of a command's name: "session" of "session.undo"."""
    return action.objectName().partition(".")[0]


class Menus:
    """Fills a menu bar with the commands.

    Parameters
    ----------
    bar : to fill
    commands : their menus; a line divides those of different groups ("session", "library")
    recent : the menu of recent sessions, which stands before *Save as*
    """

    def __init__(self, bar: QMenuBar, commands: Commands, recent: QMenu) -> None:
        self._bar, self._commands, self._recent = bar, commands, recent
        self._menus: dict[str, QMenu] = {}
        self.fill()

    def fill(self) -> None:
        """Build all menus again."""
        self._bar.clear()
        for menu in reversed(self._menus.values()):  # submenus first
            menu.setParent(None)
            menu.deleteLater()
        self._menus.clear()
        self._taken: dict[str, set[str]] = {}  # mnemonics, by the menu above
        actions = self._commands.menus()
        for name in ordered(list(actions)):
            menu = self._menu(name)
            for group, part in groupby(actions[name], key=_group):
                if group != _group(actions[name][0]):
                    menu.addSeparator()
                menu.addActions(list(part))
        self._menu("Session").insertMenu(self._commands.action("session.save_as"), self._recent)

    def _menu(self, name: str) -> QMenu:
        """Return a menu, built on first use; "View/Theme" is a submenu of "View"."""
        if name not in self._menus:
            above, _, title = name.rpartition("/")
            parent: QWidget | QMenuBar = self._menu(above) if above else self._bar
            assert isinstance(parent, QMenu | QMenuBar)
            menu = parent.addMenu(with_mnemonic(title, self._taken.setdefault(above, set())))
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(self._commands.refresh)
            self._menus[name] = menu
        return self._menus[name]
