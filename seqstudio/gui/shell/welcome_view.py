"""The first page: what SeqStudio does, and each way to begin or to go on."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.shell.welcome import Earlier, Welcome
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

WIDTH = 680
BUTTON_WIDTH = 380
NATIVE = QKeySequence.SequenceFormat.NativeText
SAYS = (
    "SeqStudio writes down speech and composes music, on this computer and offline.",
    "It hears recordings, goes on with your MIDI, and learns from folders of your own.",
)
BEGIN = (
    ("session.bring_in", "Open a recording, a MIDI file or a transcript"),
    ("music.compose", "Compose a new piece"),
    ("session.open", "Open a session"),
    ("session.samples", "Try it: open the shipped samples"),
)
DROP = "Or drop files, folders, a session or a plugin anywhere here."
Act = tuple[str, Callable[[Earlier], None]]


class WelcomeView(QScrollArea):
    """Says what SeqStudio does, with a button for each way to begin."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self._model = Welcome(workspace, self)
        self._commands = commands
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Start")
        self.setWidgetResizable(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._unsaved = QVBoxLayout()
        self._recent = QVBoxLayout()
        self._lay_out()
        self._model.changed.connect(self._list)
        self._list()

    def _lay_out(self) -> None:
        self._inside = inside = QWidget(self)
        sheet = QWidget(inside)
        sheet.setMaximumWidth(WIDTH)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(24, 32, 24, 24)
        column.setSpacing(8)
        column.addWidget(_heading("SeqStudio", 2.0, sheet))
        for line in SAYS:
            column.addWidget(_text(line, sheet))
        column.addSpacing(12)
        for name, title in BEGIN:
            column.addLayout(self._way(name, title, sheet))
        column.addWidget(_text(DROP, sheet))
        column.addLayout(self._unsaved)
        column.addLayout(self._recent)
        column.addStretch(1)
        across = QHBoxLayout(inside)
        across.addStretch(1)
        across.addWidget(sheet, 8)
        across.addStretch(1)
        self.setWidget(inside)

    def _way(self, name: str, title: str, parent: QWidget) -> QHBoxLayout:
        """Give a button, with its keys beside it."""
        action = self._commands.action(name)
        button = QPushButton(title, parent)
        button.setAccessibleName(title)
        button.setToolTip(action.toolTip())
        button.setMinimumSize(BUTTON_WIDTH, 36)
        button.setStyleSheet("text-align: left;")
        button.clicked.connect(action.trigger)
        across = QHBoxLayout()
        across.setSpacing(12)
        across.addWidget(button)
        across.addWidget(_text(action.shortcut().toString(NATIVE), parent), 1)
        return across

    def _list(self) -> None:
        model = self._model
        keep: Sequence[Act] = (("Open", model.open), ("Discard", model.discard))
        self._fill(self._unsaved, "Not saved under a name yet", model.unsaved, keep)
        go_on: Sequence[Act] = (("Open", model.open), ("Forget", model.forget))
        self._fill(self._recent, "Recent sessions", model.recent, go_on)

    def _fill(
        self, column: QVBoxLayout, title: str, rows: Sequence[Earlier], acts: Sequence[Act]
    ) -> None:
        while item := column.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        if rows:
            column.addSpacing(16)
            column.addWidget(_heading(title, 1.2, self._inside))
        for row in rows:
            column.addWidget(_EarlierRow(row, acts, self._inside))


class _EarlierRow(QFrame):
    """One earlier session, with what can be done about it."""

    def __init__(self, earlier: Earlier, acts: Sequence[Act], parent: QWidget) -> None:
        super().__init__(parent)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = QLabel(earlier.title, self)
        title.setObjectName("earlier")
        note = _text(earlier.note, self)
        words.addWidget(title)
        words.addWidget(note)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 4, 0, 4)
        across.addLayout(words, 1)
        for said, act in acts:
            button = QPushButton(said, self)
            button.setAccessibleName(f"{said} {earlier.title}")
            button.setEnabled(earlier.here or said != "Open")
            button.clicked.connect(lambda _checked=False, act=act: act(earlier))
            across.addWidget(button)


def _heading(text: str, size: float, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setBold(True)
    label.setFont(font)
    return label


def _text(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
