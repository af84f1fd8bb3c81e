"""The list of takes with its buttons, and what the one in front was made with."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.takes.card import counted
from seqstudio.gui.takes.list_view import TakesList
from seqstudio.gui.takes.playback import Hearing
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.workspace.commands import Commands

LEAST_LIST, MOST_FACTS = 160, 132  # pixels of height
EMPTY = "No takes yet. Open a MIDI file, or compose one under Make."
IN_MENU = ("rename", "copy", "export", "wav", "again", "remove")


class TakesPage(QWidget):
    """Shows a `TakesModel`; what can be done with takes is commands.

    Parameters
    ----------
    commands : of the window, with those of takes among them
    model : whose takes
    hearing : what they are heard by
    takes : the list, which becomes part of this page
    """

    def __init__(
        self, commands: Commands, model: TakesModel, hearing: Hearing, takes: TakesList
    ) -> None:
        super().__init__()
        self._commands, self._model, self._hearing = commands, model, hearing
        self.list = takes
        self.count, self.empty = QLabel(self), QLabel(EMPTY, self)
        self.said, self.why_silent, self.facts = QLabel(self), QLabel(self), QLabel(self)
        self._lay_out()
        model.changed.connect(self.refresh)
        model.said.connect(self._say)
        hearing.said.connect(self._say)
        hearing.changed.connect(self.tell_hearing)
        self.refresh()
        self._say("")

    def refresh(self) -> None:
        """Show the takes as they are now."""
        cards = self._model.cards
        self.list.setVisible(bool(cards))
        self.empty.setVisible(not cards)
        self.count.setText(counted(len(cards), "take") if cards else "")
        self.facts.setText("\n".join(f"{fact.label}: {fact.text}" for fact in self._model.facts))
        self.tell_hearing()

    def tell_hearing(self) -> None:
        """Show what sounds, or why nothing can."""
        hearing, front = self._hearing, self._model.front
        self.why_silent.setText(hearing.reason)
        self.why_silent.setVisible(bool(hearing.reason and self._model.cards))
        busy = bool(hearing.sounding or hearing.preparing)
        self._commands.action("takes.hear").setText("Stop" if busy else "Hear")
        accepted = front is not None and front.take.accepted
        self._commands.action("takes.accept").setText("Accepted" if accepted else "Accept")
        self._commands.refresh()

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _lay_out(self) -> None:
        for label in (self.empty, self.said, self.why_silent, self.facts):
            label.setWordWrap(True)
        for label in (self.empty, self.facts):
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.list.setMinimumHeight(LEAST_LIST)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(self._head())
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1)
        column.addLayout(self._buttons())
        column.addWidget(self.said)
        column.addWidget(self.why_silent)
        column.addWidget(self._scrolled(self.facts))

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.count)
        row.addStretch(1)
        row.addWidget(ActionButton(self._commands.action("takes.compare"), self))
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for name in ("takes.hear", "takes.accept"):
            row.addWidget(ActionButton(self._commands.action(name), self))
        row.addStretch(1)
        more = QToolButton(self)
        more.setText("More")
        more.setToolTip("Rename, copy, export, make again, remove")
        more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self._menu())
        row.addWidget(more)
        return row

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for name in IN_MENU:
            action = self._commands.action(f"takes.{name}")
            menu.addAction(action)
            self.list.addAction(action)
        return menu

    def _scrolled(self, label: QLabel) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidget(label)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMaximumHeight(MOST_FACTS)
        area.setAccessibleName("What the take was made with")
        return area
