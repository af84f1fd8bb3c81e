"""What else a word may be: a menu at the word, with the probability of each."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from seqstudio.gui.recording.transcript import TranscriptModel, alternative_text


class WordAlternatives(QMenu):
    """Lists the alternatives of the current word; the chosen one takes its place.

    Where there are none, it says why.
    """

    def __init__(self, model: TranscriptModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Other words here")
        for word, probability in model.word_alternatives:
            text = alternative_text(word, probability).replace("&", "&&")
            self.addAction(text).triggered.connect(partial(self._take, model, word))
        if reason := model.no_alternatives:
            self.addAction(reason.replace("&", "&&")).setEnabled(False)

    def _take(self, model: TranscriptModel, word: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        model.use_word(word)
