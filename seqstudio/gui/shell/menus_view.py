"""The menu bar, built from the commands; a menu without commands is left out."""

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


class Menus:
    """Fills a menu bar with the commands."""

    def __init__(self, bar: QMenuBar, commands: Commands) -> None:
        self._bar, self._commands = bar, commands
        self._menus: dict[str, QMenu] = {}
        self.fill()

    def fill(self) -> None:
        """Build all menus again."""
        self._bar.clear()
        for menu in reversed(self._menus.values()):  # submenus first
            menu.setParent(None)
            menu.deleteLater()
        self._menus.clear()
        actions = self._commands.menus()
        for name in ordered(list(actions)):
            self._menu(name).addActions(actions[name])

    def _menu(self, name: str) -> QMenu:
        """Return a menu, built on first use; "View/Theme" is a submenu of "View"."""
        if name not in self._menus:
            above, _, title = name.rpartition("/")
            parent: QWidget | QMenuBar = self._menu(above) if above else self._bar
            assert isinstance(parent, QMenu | QMenuBar)
            menu = parent.addMenu(title)
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(self._commands.refresh)
            self._menus[name] = menu
        return self._menus[name]
