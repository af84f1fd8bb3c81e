"""The first page: what can be done from here."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from seqstudio.gui.commands import Commands
from seqstudio.gui.desk import Desk


class WelcomeView(QWidget):
    """Says what SeqStudio does, with a button for each way to begin."""

    def __init__(self, _desk: Desk, commands: Commands) -> None:
        super().__init__()
        title = QLabel("Open a recording or a MIDI file, or drop it here.", self)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(title)
        for name in ("session.bring_in", "session.open"):
            action = commands.action(name)
            button = QPushButton(action.text(), self)
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
