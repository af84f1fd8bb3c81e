"""A painted transcript: words in lines, the one that is heard lit, each edited where it stands."""

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
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from seqstudio.gui.recording.peaks import clock
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.recording.transcript_layout import Layout, Shape
from seqstudio.gui.recording.transcript_paint import GUTTER, MARGIN, PAD, TranscriptPainter
from seqstudio.gui.recording.word_editor_view import WordEditor
from seqstudio.gui.widgets.theme import colours_of

LINE = 1.7  # of a letter's height
POINTS = 1.5  # that words are larger than labels
SIDEWAYS = 20  # pixels between the places where a word above or below is looked for


class TranscriptView(QAbstractScrollArea):
    """Shows a `TranscriptModel`; a click seeks, a double click, F2 or Enter edits."""

    sought = Signal(object)  # the Place of the word that the person went to
    scrolled_by_hand = Signal()

    def __init__(self, model: TranscriptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.placeholder = ""  # said where there are no words
        self.provisional = ""  # heard so far, by a job that has not ended
        self._edited: Place | None = None
        font = self.font()
        font.setPointSizeF(font.pointSizeF() + POINTS)
        self.setFont(font)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Transcript")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.editor = WordEditor(self.viewport())
        self.editor.taken.connect(self._take)
        self.editor.passed.connect(self._pass_on)
        self.editor.dropped.connect(self._drop)
        self._layout = self._laid_out()
        self.verticalScrollBar().sliderMoved.connect(self.scrolled_by_hand)
        model.changed.connect(self._relay)
        model.lit_changed.connect(self.viewport().update)
        model.current_changed.connect(self._show_current)

    def say(self, placeholder: str, provisional: str = "") -> None:
        """Say in the place of words why there are none, or what a job has heard so far."""
        if (placeholder, provisional) != (self.placeholder, self.provisional):
            self.placeholder, self.provisional = placeholder, provisional
            self.viewport().update()

    def follow(self, second: float) -> None:
        """Scroll to what is heard at a time, if it is out of sight."""
        if (place := self.model.timeline.near(second)) and not self.editor.isVisible():
            self.scroll_to(place)

    def scroll_to(self, place: Place) -> None:
        """Bring a word into sight: to the upper third where it was not."""
        spot = self._layout.spots(place.segment)[place.word]
        self._set_range()
        line = self._layout.shape.line
        top = self._layout.top(place.segment) + spot.line * line
        bar, page = self.verticalScrollBar(), self.viewport().height()
        if not bar.value() - MARGIN <= top <= bar.value() + page - line - MARGIN:
            bar.setValue(round(top - page / 3))

    def rectangle(self, place: Place) -> QRectF:
        """Give where a word is painted, in the viewport."""
        return self._painter().box(place.segment, self._layout.spots(place.segment)[place.word])

    def begin_edit(self) -> None:
        """Edit the word in hand, or else the one that is heard, where it stands."""
        if place := self.model.current or self.model.lit:
            self.model.take_up(place)
            self.scroll_to(place)
            self._edited = place
            right = self.viewport().width()
            self.editor.open(self.model.word(place).word, self.rectangle(place), right)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move from word to word, and edit."""
        key, ends = Qt.Key(event.key()), self.model.ends()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._seek(self.model.step(1 if key == Qt.Key.Key_Right else -1))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._seek(self._above_or_below(1 if key == Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and ends:
            self._seek(ends[0] if key == Qt.Key.Key_Home else ends[1])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.begin_edit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
            self.scrolled_by_hand.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Seek to the word that is clicked."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._seek(self._painter().at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the word that is clicked."""
        if place := self._painter().at(event.position()):
            self.model.take_up(place)
            self.begin_edit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, by hand."""
        super().wheelEvent(event)
        self.scrolled_by_hand.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say how sure a word is, and when it is said."""
        if isinstance(event, QHelpEvent):
            place = self._painter().at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._about(place) if place else "", self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Break the lines anew, with the same words in sight."""
        top = self.verticalScrollBar().value()
        first = next(iter(self._layout.seen(top, top + 1)), 0)
        self._layout = self._laid_out()
        self._set_range()
        if top and self.model.segments:
            self.verticalScrollBar().setValue(round(self._layout.top(first)))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Paint what came into sight; a word that is being edited stays where it was typed."""
        if self.editor.isVisible():
            self._take(self.editor.text())
        self.viewport().update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the segments that are seen, or what is said in their place."""
        colours = colours_of(self.palette())
        area = self.viewport().rect()
        painter = QPainter(self.viewport())
        painter.fillRect(area, colours.ground)
        if not self.model.segments:
            painter.setPen(colours.ink if self.provisional else colours.faint)
            text = f"{self.provisional} …" if self.provisional else self.placeholder
            box = area.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            painter.drawText(box, int(Qt.TextFlag.TextWordWrap), text)
        else:
            self._painter().paint(painter, colours, area.height())
            self._set_range()
        if self.hasFocus() and not self.editor.isVisible():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))

    def _take(self, text: str) -> None:
        """Write what was typed."""
        place = self._close_editor()
        if place:
            self.model.edit(place, text)

    def _drop(self) -> None:
        self._close_editor()

    def _pass_on(self, text: str, backwards: bool) -> None:  # noqa: FBT001 - a signal's
        """Write what was typed, and edit the next word, or the one before."""
        place = self._close_editor()
        if place is None:
            return
        written = self.model.edit(place, text)
        self.model.take_up(self.model.nearest(place))
        further = -1 if backwards else len(text.split())
        if written and (not further or self.model.step(further)):
            self.begin_edit()

    def _close_editor(self) -> Place | None:
        """Close the editor; give the word that was edited in it."""
        place, self._edited = self._edited, None
        if self.editor.hasFocus():
            self.setFocus()
        self.editor.hide()
        return place

    def _seek(self, place: Place | None) -> None:
        if place:
            self.sought.emit(place)

    def _above_or_below(self, lines: int) -> Place | None:
        """Find the word a line above or below the one in hand."""
        if self.model.current is None:
            return self.model.step(0)
        box, shape = self.rectangle(self.model.current), self._layout.shape
        painter, y = self._painter(), box.center().y() + lines * shape.line
        for shift in (0, lines * shape.gap):
            for x in range(round(box.center().x()), MARGIN + GUTTER - SIDEWAYS, -SIDEWAYS):
                if place := painter.at(QPointF(max(x, MARGIN + GUTTER + 1), y + shift)):
                    return place
        return None

    def _show_current(self) -> None:
        if self.model.current:
            self.scroll_to(self.model.current)
            self.setAccessibleDescription(self._about(self.model.current))
        self.viewport().update()

    def _about(self, place: Place) -> str:
        word = self.model.word(place)
        sure = "" if word.confidence is None else f", {word.confidence:.0%} sure"
        speaker = self.model.segments[place.segment].speaker
        who = f"{speaker}, " if speaker else ""
        return f"{word.word}: {who}at {clock(word.start_s, 0.1)}{sure}"

    def _painter(self) -> TranscriptPainter:
        return TranscriptPainter(self.model, self._layout, self.verticalScrollBar().value())

    def _relay(self) -> None:
        """Lay other words out; what was in sight stays there."""
        self._close_editor()
        value = self.verticalScrollBar().value()
        self._layout = self._laid_out(self._layout)
        self._set_range()
        self.verticalScrollBar().setValue(value)
        self.viewport().update()

    def _laid_out(self, before: Layout | None = None) -> Layout:
        metrics = QFontMetricsF(self.font())
        widths: dict[str, float] = {}

        def measure(word: str) -> float:
            if word not in widths:
                widths[word] = metrics.horizontalAdvance(word)
            return widths[word]

        line = round(metrics.height() * LINE)
        shape = Shape(
            width=max(self.viewport().width() - GUTTER - 2 * MARGIN, 1),
            line=line,
            space=metrics.horizontalAdvance(" ") + 2 * PAD,
            gap=round(line / 2),
        )
        return Layout(self.model.segments, shape, measure, before)

    def _set_range(self) -> None:
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(page)
        bar.setSingleStep(int(self._layout.shape.line))
        bar.setRange(0, max(round(self._layout.height + 2 * MARGIN - page), 0))
