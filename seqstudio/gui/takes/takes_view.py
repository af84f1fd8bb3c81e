"""The list of takes with its buttons, and the provenance of the current take."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QWidget,
)

from seqstudio.gui.takes.list_view import TakesList
from seqstudio.gui.takes.playback import TakePlayback
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import SMALL, TIGHT
from seqstudio.gui.workspace.commands import Commands
from seqstudio.host.text_format import count_text

MIN_LIST_HEIGHT, MAX_FACTS_HEIGHT = 160, 132  # pixels
EMPTY = "No takes yet. Open a MIDI file, or compose a piece under Generate."
MENU_COMMANDS = (
    "compare_side",
    "star",
    "note",
    "branch",
    "merge",
    "rename",
    "copy",
    "export",
    "save_wav",
    "rerun",
    "remove",
)


class TakesPage(QWidget):
    """Shows a `TakesModel`; its buttons run commands.

    Parameters
    ----------
    commands : of the window, including those of takes
    model : to show
    playback : of the takes
    takes : the list, which becomes part of this page
    """

    def __init__(
        self, commands: Commands, model: TakesModel, playback: TakePlayback, takes: TakesList
    ) -> None:
        super().__init__()
        self._commands, self._model, self._playback = commands, model, playback
        self.list = takes
        self.count, self.empty = Label(self), Label(EMPTY, self)
        self.message, self.facts = Label(self), Label(self)
        self._lay_out()
        model.changed.connect(self.refresh)
        model.message.connect(self._show_message)
        playback.message.connect(self._show_message)
        playback.changed.connect(self._refresh_playback)
        self.refresh()
        self._show_message("")

    def refresh(self) -> None:
        """Update the list and the facts from the model."""
        cards = self._model.cards
        self.list.setVisible(bool(cards))
        self.empty.setVisible(not cards)
        self.count.setText(count_text(len(cards), "take") if cards else "")
        self.facts.setText("\n".join(f"{fact.label}: {fact.text}" for fact in self._model.facts))
        self._refresh_playback()

    def _refresh_playback(self) -> None:
        """Update the Accept button."""
        current = self._model.current
        accepted = current is not None and current.take.accepted
        self._commands.action("takes.accept").setText("Accepted" if accepted else "Accept")
        self._commands.refresh()

    def _show_message(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _lay_out(self) -> None:
        for label in (self.empty, self.message, self.facts):
            label.setWordWrap(True)
        for label in (self.empty, self.facts):
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.list.setMinimumHeight(MIN_LIST_HEIGHT)
        whole = column(self, margins=SMALL, spacing=SMALL)
        whole.addLayout(self._header())
        whole.addWidget(self.empty, 1)
        whole.addWidget(self.list, 1)
        whole.addLayout(self._buttons())
        whole.addWidget(self.message)
        whole.addWidget(self._scrolled(self.facts))

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.count)
        row.addStretch(1)
        for name in ("tree", "compare"):
            row.addWidget(ActionButton(self._commands.action(f"takes.{name}"), self))
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(TIGHT)
        row.addWidget(ActionButton(self._commands.action("takes.accept"), self))
        row.addWidget(ActionButton(self._commands.action("takes.use_bars"), self))
        row.addStretch(1)
        more = QToolButton(self)
        more.setText("More")
        more.setToolTip(
            "Star, note, branch, put bars into another take, rename, copy, export, remove"
        )
        more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self._menu())
        row.addWidget(more)
        return row

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for name in MENU_COMMANDS:
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
        area.setMaximumHeight(MAX_FACTS_HEIGHT)
        area.setAccessibleName("How the take was made")
        return area
