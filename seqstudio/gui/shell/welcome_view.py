"""The start page: what SeqStudio does, and buttons to begin or to continue."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.shell.samples import Sample
from seqstudio.gui.shell.session_picture_view import SessionPicture
from seqstudio.gui.shell.start_button_view import StartButton
from seqstudio.gui.shell.welcome import PastSession, WelcomeModel
from seqstudio.gui.widgets.confirmation import Confirmation, ask
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import (
    HAIR,
    HUGE,
    LARGE,
    MEDIUM,
    PAGE,
    SMALL,
    WIDE,
    Style,
    styled,
)
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

INTRODUCTION = (
    "Transcribe speech and compose music, on this computer and offline. "
    "Train models for both on your own folders."
)
BUTTONS = (
    ("session.samples", "Try it: open the samples", "sparkles"),
    ("session.open_files", "Open a recording, a MIDI file or a transcript", "plus"),
    ("music.compose", "Compose a new piece", "music"),
    ("session.open", "Open a session", "folder-open"),
)
DROP = "Or drop files, folders, a session or a plugin anywhere in this window."
E = TypeVar("E", PastSession, Sample)
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
        self._discarded = QVBoxLayout()
        self._samples = QVBoxLayout()
        self._lay_out()
        self._model.changed.connect(self._draw)
        self._draw()

    def _lay_out(self) -> None:
        self._inside = inside = QWidget(self)
        sheet = QWidget(inside)
        sheet.setMaximumWidth(PAGE)
        lines = column(sheet, margins=(WIDE, HUGE, WIDE, WIDE), spacing=SMALL)
        lines.addWidget(_heading("SeqStudio", "title", sheet))
        lines.addWidget(_text(INTRODUCTION, sheet))
        lines.addSpacing(MEDIUM)
        lines.addLayout(self._buttons(sheet))
        lines.addWidget(_text(DROP, sheet))
        for listed in (self._untitled, self._recent, self._samples, self._discarded):
            lines.addLayout(listed)
        lines.addStretch(1)
        across = QHBoxLayout(inside)
        across.addStretch(1)
        across.addWidget(sheet, 8)
        across.addStretch(1)
        self.setWidget(inside)

    def _buttons(self, parent: QWidget) -> QGridLayout:
        """Return a button for each way to begin; the first is what a newcomer does."""
        grid = QGridLayout()
        grid.setSpacing(MEDIUM)
        for at, (name, title, picture) in enumerate(BUTTONS):
            action = self._commands.action(name)
            button = StartButton(title, picture, primary=at == 0, parent=parent)
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            grid.addWidget(button, at // 2, at % 2)
        return grid

    def _draw(self) -> None:
        model = self._model
        untitled: Sequence[SessionAction] = (("Open", model.open), ("Discard", model.discard))
        self._fill(self._untitled, "Untitled sessions", model.untitled, untitled)
        discarded = (("Restore", model.restore), ("Delete…", self._ask_delete))
        self._fill(self._discarded, "Discarded sessions", model.discarded, discarded)
        recent: Sequence[SessionAction] = (("Open", model.open), ("Forget", model.forget))
        self._fill(self._recent, "Recent sessions", model.recent, recent)
        samples = (("Open", model.open_sample),)
        self._fill(self._samples, "Samples", model.samples, samples)

    def _ask_delete(self, session: PastSession) -> None:
        """Ask before a session is removed for good, which cannot be undone."""
        question = Confirmation(
            question=f"Delete {session.title} for good?",
            lines=(f"It holds: {session.detail}.", "Your recordings and MIDI files stay."),
            accept="Delete",
        )
        ask(question, self, lambda: self._model.delete(session))

    def _fill(
        self,
        layout: QVBoxLayout,
        title: str,
        entries: Sequence[E],
        actions: Sequence[tuple[str, Callable[[E], None]]],
    ) -> None:
        while item := layout.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        if entries:
            layout.addSpacing(LARGE)
            layout.addWidget(_heading(title, "heading", self._inside))
        for entry in entries:
            layout.addWidget(_Card(entry, actions, self._inside))


class _Card(QFrame):
    """One session or sample, with a button for each action."""

    def __init__(
        self, entry: E, actions: Sequence[tuple[str, Callable[[E], None]]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        texts = QVBoxLayout()
        texts.setSpacing(HAIR)
        title = Label(entry.title, self)
        title.setObjectName("session title")
        texts.addWidget(title)
        texts.addWidget(_text(entry.detail, self))
        title.setFont(styled(title.font(), "strong"))
        across = row(self, margins=SMALL, spacing=MEDIUM)
        across.addWidget(SessionPicture(entry.picture, entry.kind, self))
        across.addLayout(texts, 1)
        for text, run in actions:
            button = _button(text, partial(run, entry), self)
            button.setAccessibleName(f"{text} {entry.title}")
            button.setEnabled(entry.exists or text != "Open")
            across.addWidget(button)


def _button(text: str, press: Callable[[], None], parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.clicked.connect(lambda _checked=False: press())
    return button


def _heading(text: str, style: Style, parent: QWidget) -> QLabel:
    label = Label(text, parent)
    label.setFont(styled(label.font(), style))
    return label


def _text(text: str, parent: QWidget) -> QLabel:
    label = Label(text, parent)
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label
