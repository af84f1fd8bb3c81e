"""A button for a command."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget


def make_primary(button: QPushButton) -> None:
    """Fill a button with the accent colour: a page has one, for what one mostly does there."""
    button.setProperty("primary", True)


class ActionButton(QPushButton):
    """Triggers an action and mirrors its text, tooltip and state."""

    def __init__(self, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._action = action
        self.setAutoDefault(False)
        self.setCheckable(action.isCheckable())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setAccessibleDescription(self._action.statusTip())
        self.setEnabled(self._action.isEnabled())
        self.setChecked(self._action.isChecked())
