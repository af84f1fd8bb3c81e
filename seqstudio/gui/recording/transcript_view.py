"""The transcript widget: words in lines, with the spoken word highlighted, edited in place."""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from seqstudio.gui.recording.transcript import TranscriptModel, alternative_text
from seqstudio.gui.recording.transcript_layout import LayoutMetrics, TranscriptLayout
from seqstudio.gui.recording.transcript_paint import GUTTER, MARGIN, PADDING, TranscriptPainter
from seqstudio.gui.recording.word_editor_view import WordEditor
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.metrics import styled
from seqstudio.gui.widgets.time_text import format_time

LINE_HEIGHT = 1.7  # in heights of the font
SEARCH_STEP = 20  # pixels, in the search for the word above or below


class TranscriptView(QAbstractScrollArea):
    """Shows a `TranscriptModel`; a click seeks, a double click, F2 or Enter edits."""

    seek_requested = Signal(object)  # the WordPosition
    user_scrolled = Signal()

    def __init__(self, model: TranscriptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.model = model
        self.placeholder = ""  # shown while there are no words
        self.partial_text = ""  # recognised so far by a running job; replaces the placeholder
        self._edited: WordPosition | None = None
        self.setFont(styled(self.font(), "reading"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Transcript")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.editor = WordEditor(self.viewport())
        self.editor.committed.connect(self._commit)
        self.editor.tab_pressed.connect(self._commit_and_move)
        self.editor.cancelled.connect(self._cancel)
        self._layout = self._new_layout()
        self.verticalScrollBar().sliderMoved.connect(self.user_scrolled)
        model.changed.connect(self._on_transcript_changed)
        model.highlight_changed.connect(self.viewport().update)
        model.current_changed.connect(self._on_current_changed)

    def set_placeholder(self, placeholder: str, partial_text: str = "") -> None:
        """Set what to show while there are no words: a placeholder, or a job's partial text."""
        if (placeholder, partial_text) != (self.placeholder, self.partial_text):
            self.placeholder, self.partial_text = placeholder, partial_text
            self.viewport().update()

    def follow(self, second: float) -> None:
        """Scroll to the word that is spoken at a time, unless a word is being edited."""
        if (position := self.model.word_index.near(second)) and not self.editor.isVisible():
            self.scroll_to(position)

    def scroll_to(self, position: WordPosition) -> None:
        """Scroll a word to the upper third if it is not visible."""
        box = self._layout.word_boxes(position.segment)[position.word]
        self._set_range()
        line = self._layout.metrics.line
        top = self._layout.top(position.segment) + box.line * line
        bar, page = self.verticalScrollBar(), self.viewport().height()
        if not bar.value() - MARGIN <= top <= bar.value() + page - line - MARGIN:
            bar.setValue(round(top - page / 3))

    def word_rect(self, position: WordPosition) -> QRectF:
        """Return the rectangle of a word in the viewport."""
        box = self._layout.word_boxes(position.segment)[position.word]
        return self._painter().word_rect(position.segment, box)

    def start_editing(self) -> None:
        """Edit the current word, or else the highlighted one, in place."""
        if position := self.model.current or self.model.highlighted:
            self.model.set_current(position)
            self.scroll_to(position)
            self._edited = position
            right = self.viewport().width()
            self.editor.open(self.model.word(position).word, self.word_rect(position), right)

    def type_letter(self, letter: str) -> None:
        """Type a letter into the word that is edited, or begin to edit the current one."""
        if not self.editor.isVisible():
            self.start_editing()
            self.editor.setCursorPosition(len(self.editor.text()))
        if self.editor.isVisible():
            self.editor.insert(letter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move from word to word, and start editing."""
        key, ends = Qt.Key(event.key()), self.model.first_and_last()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._seek(self.model.move_current(1 if key == Qt.Key.Key_Right else -1))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._seek(self._above_or_below(1 if key == Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and ends:
            self._seek(ends[0] if key == Qt.Key.Key_Home else ends[1])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.start_editing()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
            self.user_scrolled.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek to the clicked word; the right button chooses it for the menu."""
        position = self._painter().word_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self._seek(position)
        elif event.button() == Qt.MouseButton.RightButton and position:
            self.model.set_current(position)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the clicked word."""
        if position := self._painter().word_at(event.position()):
            self.model.set_current(position)
            self.start_editing()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, and report that the user did."""
        super().wheelEvent(event)
        self.user_scrolled.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the time and confidence of a word as a tooltip."""
        if isinstance(event, QHelpEvent):
            position = self._painter().word_at(QPointF(event.pos()))
            text = self._description(position) if position else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Lay the words out again, with the same segment at the top."""
        top = self.verticalScrollBar().value()
        first = next(iter(self._layout.visible(top, top + 1)), 0)
        self._layout = self._new_layout()
        self._set_range()
        if top and self.model.segments:
            self.verticalScrollBar().setValue(round(self._layout.top(first)))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Repaint; a word that is being edited is committed first."""
        if self.editor.isVisible():
            self._commit(self.editor.text())
        self.viewport().update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the visible segments, or the placeholder."""
        colours = colours_of(self.palette())
        area = self.viewport().rect()
        painter = QPainter(self.viewport())
        painter.fillRect(area, colours.background)
        if not self.model.segments:
            painter.setPen(colours.text if self.partial_text else colours.muted)
            text = f"{self.partial_text} …" if self.partial_text else self.placeholder
            box = area.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(box, int(Qt.TextFlag.TextWordWrap), text)
        else:
            self._painter().paint(painter, colours, area.height())
            self._set_range()
        if self.hasFocus() and not self.editor.isVisible():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))

    def _commit(self, text: str) -> None:
        """Apply the typed text."""
        position = self._close_editor()
        if position:
            self.model.edit(position, text)

    def _cancel(self) -> None:
        self._close_editor()

    def _commit_and_move(self, text: str, backwards: bool) -> None:  # noqa: FBT001 - a signal's
        """Apply the typed text, and edit the next or the previous word."""
        position = self._close_editor()
        if position is None:
            return
        applied = self.model.edit(position, text)
        self.model.set_current(self.model.nearest(position))
        words = -1 if backwards else len(text.split())
        if applied and (not words or self.model.move_current(words)):
            self.start_editing()

    def _close_editor(self) -> WordPosition | None:
        """Close the editor and return the word that was edited."""
        position, self._edited = self._edited, None
        if self.editor.hasFocus():
            self.setFocus()
        self.editor.hide()
        return position

    def _seek(self, position: WordPosition | None) -> None:
        if position:
            self.seek_requested.emit(position)

    def _above_or_below(self, lines: int) -> WordPosition | None:
        """Return the word a line above or below the current one."""
        if self.model.current is None:
            return self.model.move_current(0)
        box, metrics = self.word_rect(self.model.current), self._layout.metrics
        painter, y = self._painter(), box.center().y() + lines * metrics.line
        for shift in (0, lines * metrics.gap):
            for x in range(round(box.center().x()), MARGIN + GUTTER - SEARCH_STEP, -SEARCH_STEP):
                if position := painter.word_at(QPointF(max(x, MARGIN + GUTTER + 1), y + shift)):
                    return position
        return None

    def _on_current_changed(self) -> None:
        if self.model.current:
            self.scroll_to(self.model.current)
            self.setAccessibleDescription(self._description(self.model.current))
        self.viewport().update()

    def _description(self, position: WordPosition) -> str:
        word = self.model.word(position)
        confidence = "" if word.confidence is None else f", confidence {word.confidence:.0%}"
        speaker = self.model.segments[position.segment].speaker
        prefix = f"{speaker}, " if speaker else ""
        others = "".join(f"; or {alternative_text(*one)}" for one in word.alternatives.items())
        return f"{word.word}: {prefix}at {format_time(word.start_s, 0.1)}{confidence}{others}"

    def _painter(self) -> TranscriptPainter:
        return TranscriptPainter(self.model, self._layout, self.verticalScrollBar().value())

    def _on_transcript_changed(self) -> None:
        """Lay out the changed words without scrolling."""
        self._close_editor()
        value = self.verticalScrollBar().value()
        self._layout = self._new_layout(self._layout)
        self._set_range()
        self.verticalScrollBar().setValue(value)
        self.viewport().update()

    def _new_layout(self, previous: TranscriptLayout | None = None) -> TranscriptLayout:
        font_metrics = QFontMetricsF(self.font())
        widths: dict[str, float] = {}

        def measure(word: str) -> float:
            if word not in widths:
                widths[word] = font_metrics.horizontalAdvance(word)
            return widths[word]

        line = round(font_metrics.height() * LINE_HEIGHT)
        metrics = LayoutMetrics(
            width=max(self.viewport().width() - GUTTER - 2 * MARGIN, 1),
            line=line,
            space=font_metrics.horizontalAdvance(" ") + 2 * PADDING,
            gap=round(line / 2),
        )
        return TranscriptLayout(self.model.segments, metrics, measure, previous)

    def _set_range(self) -> None:
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(page)
        bar.setSingleStep(int(self._layout.metrics.line))
        bar.setRange(0, max(round(self._layout.height + 2 * MARGIN - page), 0))
