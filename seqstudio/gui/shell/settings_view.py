"""The settings of the app, in a dialog: they apply at once."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import DIALOG, LARGE, MEDIUM, SMALL
from seqstudio.gui.widgets.theme import THEMES, TITLES, Theme


class SettingsView(QDialog):
    """Lets the user choose the theme, and says where sound and files go.

    Parameters
    ----------
    theme : the present one
    set_theme : called with the chosen one
    transport : whose sound device is named
    home : the folder of the profile
    """

    def __init__(
        self,
        theme: Theme,
        set_theme: Callable[[Theme], object],
        transport: Transport,
        home: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(DIALOG[0])
        self.theme = QComboBox(self)
        self.theme.setAccessibleName("Theme")
        for name in THEMES:
            self.theme.addItem(TITLES[name], name)
        self.theme.setCurrentIndex(THEMES.index(theme))
        self.theme.activated.connect(lambda at: set_theme(THEMES[at]))
        sound = transport.player.reason or "The system's own sound device."
        lines = QFormLayout()
        lines.setHorizontalSpacing(MEDIUM)
        lines.setVerticalSpacing(SMALL)
        lines.addRow("Theme", self.theme)
        lines.addRow("Sound", _text(sound, self))
        lines.addRow("Your profile", _text(home, self))
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addLayout(lines)
        layout.addStretch(1)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        box.rejected.connect(self.reject)
        layout.addWidget(box)


def _text(text: str, parent: QWidget) -> Label:
    label = Label(text, parent)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
