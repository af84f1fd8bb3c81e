"""A row of letters below the transcript's buttons; a click types one into the word."""

import unicodedata
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

from seqstudio.gui.recording.characters import shown
from seqstudio.gui.widgets.layout import row
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, TIGHT

HEIGHT = 40  # with room for a scroll bar


class CharacterBar(QScrollArea):
    """Shows letters; hidden while there are none."""

    typed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.letters: tuple[str, ...] = ()
        self.buttons: list[QToolButton] = []
        self.setAccessibleName("Letters of the language")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        body = QWidget(self)
        self._row: QHBoxLayout = row(body, margins=(MEDIUM, NONE, MEDIUM, NONE), spacing=TIGHT)
        self._row.addStretch(1)
        self.setWidget(body)
        self.hide()

    def show_letters(self, letters: tuple[str, ...]) -> None:
        """Offer these letters."""
        if letters == self.letters:
            return
        self.letters = letters
        for old in self.buttons:
            old.deleteLater()
        self.buttons = [self._button(letter) for letter in letters]
        for at, button in enumerate(self.buttons):
            self._row.insertWidget(at, button)
        self.setVisible(bool(letters))

    def _button(self, letter: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(shown(letter))
        button.setToolTip(unicodedata.name(letter, letter).capitalize())
        button.setAccessibleName(unicodedata.name(letter, letter).capitalize())
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the word keeps the focus
        button.clicked.connect(partial(self.typed.emit, letter))
        return button
