"""The menu bar, drawn from the commands; a menu without commands is not there."""

from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from seqstudio.gui.workspace.commands import Commands

FIRST = ("Session", "Edit", "View")
LAST = ("Help",)


def ordered(groups: list[str]) -> list[str]:
    """Put menus in the order that people know.

    >>> ordered(["Help", "Takes", "View", "", "View/Theme", "Session"])
    ['Session', 'View', 'View/Theme', 'Takes', 'Help']
    """

    def place(group: str) -> int:
        top = group.partition("/")[0]
        if top in FIRST:
            return FIRST.index(top)
        return len(FIRST) + (top in LAST)

    return sorted((group for group in groups if group), key=place)


class Menus:
    """Keeps a menu bar as the commands are."""

    def __init__(self, bar: QMenuBar, commands: Commands) -> None:
        self._bar, self._commands = bar, commands
        self._menus: dict[str, QMenu] = {}
        self.fill()

    def fill(self) -> None:
        """Draw the menus anew."""
        self._bar.clear()
        for menu in reversed(self._menus.values()):  # those in others first
            menu.setParent(None)
            menu.deleteLater()
        self._menus.clear()
        groups = self._commands.groups()
        for group in ordered(list(groups)):
            self._menu(group).addActions(groups[group])

    def _menu(self, group: str) -> QMenu:
        """Give a menu, made when it is first asked for; "View/Theme" is a menu in a menu."""
        if group not in self._menus:
            above, _, title = group.rpartition("/")
            parent: QWidget | QMenuBar = self._menu(above) if above else self._bar
            assert isinstance(parent, QMenu | QMenuBar)
            menu = parent.addMenu(title)
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(self._commands.refresh)
            self._menus[group] = menu
        return self._menus[group]
