"""The start page: what SeqStudio does, and buttons to begin or to continue."""

from collections.abc import Callable, Sequence

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

from seqstudio.gui.shell.welcome import PastSession, WelcomeModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

WIDTH = 680
BUTTON_WIDTH = 380
NATIVE = QKeySequence.SequenceFormat.NativeText
INTRODUCTION = (
    "SeqStudio transcribes speech and composes music, on this computer and offline.",
    "It transcribes your recordings, continues your MIDI files, and trains on your own folders.",
)
BUTTONS = (
    ("session.open_files", "Open a recording, a MIDI file or a transcript"),
    ("music.compose", "Compose a new piece"),
    ("session.open", "Open a session"),
    ("session.samples", "Try it: open the samples"),
)
DROP = "Or drop files, folders, a session or a plugin anywhere in this window."
SessionAction = tuple[str, Callable[[PastSession], None]]  # the button's text, and what it does


class WelcomeView(QScrollArea):
    """Shows what SeqStudio does, with a button for each way to begin."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self._model = WelcomeModel(workspace, self)
        self._commands = commands
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Start")
        self.setWidgetResizable(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._untitled = QVBoxLayout()
        self._recent = QVBoxLayout()
        self._lay_out()
        self._model.changed.connect(self._draw)
        self._draw()

    def _lay_out(self) -> None:
        self._inside = inside = QWidget(self)
        sheet = QWidget(inside)
        sheet.setMaximumWidth(WIDTH)
        lines = column(sheet, margins=(24, 32, 24, 24), spacing=8)
        lines.addWidget(_heading("SeqStudio", 2.0, sheet))
        for line in INTRODUCTION:
            lines.addWidget(_text(line, sheet))
        lines.addSpacing(12)
        for name, title in BUTTONS:
            lines.addLayout(self._button_row(name, title, sheet))
        lines.addWidget(_text(DROP, sheet))
        lines.addLayout(self._untitled)
        lines.addLayout(self._recent)
        lines.addStretch(1)
        across = QHBoxLayout(inside)
        across.addStretch(1)
        across.addWidget(sheet, 8)
        across.addStretch(1)
        self.setWidget(inside)

    def _button_row(self, name: str, title: str, parent: QWidget) -> QHBoxLayout:
        """Return a button for a command, with its shortcut beside it."""
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

    def _draw(self) -> None:
        model = self._model
        untitled: Sequence[SessionAction] = (("Open", model.open), ("Discard", model.discard))
        self._fill(self._untitled, "Untitled sessions", model.untitled, untitled)
        recent: Sequence[SessionAction] = (("Open", model.open), ("Forget", model.forget))
        self._fill(self._recent, "Recent sessions", model.recent, recent)

    def _fill(
        self,
        layout: QVBoxLayout,
        title: str,
        sessions: Sequence[PastSession],
        actions: Sequence[SessionAction],
    ) -> None:
        while item := layout.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        if sessions:
            layout.addSpacing(16)
            layout.addWidget(_heading(title, 1.2, self._inside))
        for session in sessions:
            layout.addWidget(_SessionRow(session, actions, self._inside))


class _SessionRow(QFrame):
    """One session, with a button for each action."""

    def __init__(
        self, session: PastSession, actions: Sequence[SessionAction], parent: QWidget
    ) -> None:
        super().__init__(parent)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        title = Label(session.title, self)
        title.setObjectName("session title")
        texts.addWidget(title)
        texts.addWidget(_text(session.detail, self))
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 4, 0, 4)
        across.addLayout(texts, 1)
        for text, run in actions:
            button = QPushButton(text, self)
            button.setAccessibleName(f"{text} {session.title}")
            button.setEnabled(session.exists or text != "Open")
            button.clicked.connect(lambda _checked=False, run=run: run(session))
            across.addWidget(button)


def _heading(text: str, size: float, parent: QWidget) -> QLabel:
    label = Label(text, parent)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setBold(True)
    label.setFont(font)
    return label


def _text(text: str, parent: QWidget) -> QLabel:
    label = Label(text, parent)
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
