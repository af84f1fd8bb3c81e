"""The rail at the left: a button with an icon for each place of the app."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QWidget

from seqstudio.gui.widgets.icons import ToolButton
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import HAIR, RAIL, RAIL_ICON, TIGHT
from seqstudio.gui.workspace.commands import Commands

PLACES = (  # command, icon, title
    ("show.welcome", "house", "Start"),
    ("show.library", "library", "Library"),
    ("show.train", "graduation-cap", "Train"),
    ("show.models", "brain", "Models"),
    ("show.plugins", "blocks", "Plugins"),
    ("show.jobs", "list-checks", "Jobs"),
)
BELOW = (("app.settings", "settings", "Settings"), ("app.commands", "search", "Find"))


class RailButton(ToolButton):
    """One place; it is checked while it is shown."""

    def __init__(self, action: QAction, picture: str, title: str, parent: QWidget) -> None:
        super().__init__(picture, parent, RAIL_ICON)
        self.setAutoRaise(False)
        self.setText(title)
        self.setToolTip(action.toolTip())
        self.setAccessibleName(title)
        self.setAccessibleDescription(action.statusTip())
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFixedWidth(RAIL - 2 * TIGHT)
        self.clicked.connect(action.trigger)


class Rail(QFrame):
    """The places of the app, from top to bottom."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Places")
        self.setFixedWidth(RAIL)
        self.buttons: dict[str, RailButton] = {}
        places = column(self, margins=(TIGHT, TIGHT, TIGHT, TIGHT), spacing=HAIR)
        for name, picture, title in PLACES:
            button = RailButton(commands.action(name), picture, title, self)
            button.setCheckable(True)
            self.buttons[name.removeprefix("show.")] = button
            places.addWidget(button)
        places.addStretch(1)
        for name, picture, title in BELOW:
            places.addWidget(RailButton(commands.action(name), picture, title, self))

    def show_place(self, place: str) -> None:
        """Mark the place that is shown."""
        for name, button in self.buttons.items():
            button.setChecked(name == place)
