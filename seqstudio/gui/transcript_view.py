"""A painted transcript: words in lines, the one that is heard lit, each edited where it stands."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QToolTip, QWidget

from seqstudio.gui.theme import Colours, colours_of
from seqstudio.gui.transcript import LOW, Place, TranscriptModel
from seqstudio.gui.transcript_layout import Layout, Shape, Spot
from seqstudio.gui.wave import clock

MARGIN = 12
GUTTER = 76  # for the times of segments
LINE = 1.7  # of a letter's height
PAD = 3  # around a word
POINTS = 1.5  # that words are larger than labels


class TranscriptView(QAbstractScrollArea):
    """Shows a `TranscriptModel`; a click seeks, a double click, F2 or Enter edits."""

    sought = Signal(object)  # the Place of the word that was clicked
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
        self.editor = QLineEdit(self.viewport())
        self.editor.setAccessibleName("Word")
        self.editor.setTextMargins(0, 0, 0, 0)
        self.editor.setStyleSheet("QLineEdit { padding: 0 2px; }")
        self.editor.installEventFilter(self)
        self.editor.hide()
        self._layout = self._laid_out()
        self.verticalScrollBar().sliderMoved.connect(self.scrolled_by_hand)
        model.changed.connect(self._relay)
        model.lit_changed.connect(self.viewport().update)
        model.current_changed.connect(self._show_current)

    def hear_provisional(self, text: str) -> None:
        """Show what a job has heard so far, in the place of words."""
        if text != self.provisional:
            self.provisional = text
            self.viewport().update()

    def follow(self) -> None:
        """Scroll to the word that is heard, if it is out of sight."""
        if self.model.lit and not self.editor.isVisible():
            self.scroll_to(self.model.lit)

    def scroll_to(self, place: Place) -> None:
        """Bring a word into sight: at the upper third where it was not."""
        spot = self._layout.spots(place.segment)[place.word]
        self._range()
        top = self._layout.top(place.segment) + spot.line * self._layout.shape.line
        bar, page = self.verticalScrollBar(), self._page()
        if not bar.value() <= top <= bar.value() + page - self._layout.shape.line:
            bar.setValue(round(top - page / 3))

    def rectangle(self, place: Place) -> QRectF:
        """Give where a word is painted, in the viewport."""
        spot = self._layout.spots(place.segment)[place.word]
        return self._box(place.segment, spot)

    def begin_edit(self) -> None:
        """Edit the word in hand, where it stands."""
        place = self.model.current
        if place is None:
            return
        self.scroll_to(place)
        self._edited = place
        box = self.rectangle(place)
        width = max(box.width() + 40, 90)
        self.editor.setText(self.model.word(place).word)
        left = min(box.left() - 2, self.viewport().width() - width)
        self.editor.setGeometry(QRectF(left, box.top() - 2, width, box.height() + 4).toRect())
        self.editor.selectAll()
        self.editor.show()
        self.editor.setFocus()

    def end_edit(self, *, keep: bool = True) -> None:
        """Take what was typed, or leave the word as it was."""
        place, self._edited = self._edited, None
        if place is None:
            return
        self.editor.hide()
        if self.editor.hasFocus():
            self.setFocus()
        if keep:
            self.model.edit(place, self.editor.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Enter takes the word, Tab goes on to the next, Escape leaves it as it was."""
        if watched is self.editor and event.type() == QEvent.Type.FocusOut:
            self.end_edit()
        if watched is not self.editor or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.type() != QEvent.Type.KeyPress:
            return False
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.end_edit()
        elif key == Qt.Key.Key_Escape:
            self.end_edit(keep=False)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._go_on(backwards=key == Qt.Key.Key_Backtab)
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move from word to word and edit; Control with an arrow also seeks."""
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        ends = self.model.ends()
        if key in steps:
            self._seek(self.model.step(steps[key]))
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._seek(self._above_or_below(1 if key == Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and ends:
            self._seek(ends[0] if key == Qt.Key.Key_Home else ends[1])
        elif key in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.begin_edit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
            self.scrolled_by_hand.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Seek to the word that is clicked."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.end_edit()
            self._seek(self._at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Edit the word that is clicked."""
        if place := self._at(event.position()):
            self.model.take_up(place)
            self.begin_edit()

    def wheelEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Scroll, by hand."""
        super().wheelEvent(event)  # type: ignore[arg-type]  # Qt hands over its own
        self.scrolled_by_hand.emit()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Say how sure a word is, and when it is said."""
        if isinstance(event, QHelpEvent):
            place = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._about(place) if place else "", self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Break the lines anew, with the same words in sight."""
        first = next(iter(self._layout.seen(self._top(), self._top() + 1)), 0)
        self._layout = self._laid_out()
        self._range()
        if self.model.segments:
            self.verticalScrollBar().setValue(round(self._layout.top(first)))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802 - Qt's name
        """Paint what came into sight."""
        self.end_edit()
        self.viewport().update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the segments that are seen."""
        colours = colours_of(self.palette())
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), colours.ground)
        if not self.model.segments:
            self._paint_text(painter, colours)
            return
        top = self._top()
        for number in self._layout.seen(top, top + self._page()):
            self._paint_segment(painter, colours, number)
        self._range()
        if self.hasFocus() and not self.editor.isVisible():
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def _paint_text(self, painter: QPainter, colours: Colours) -> None:
        painter.setPen(colours.ink if self.provisional else colours.faint)
        box = self.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        text = f"{self.provisional} …" if self.provisional else self.placeholder
        painter.drawText(box, int(flags), text)

    def _paint_segment(self, painter: QPainter, colours: Colours, number: int) -> None:
        segment, spots = self.model.segments[number], self._layout.spots(number)
        line = self._layout.shape.line
        top = MARGIN + self._layout.top(number) - self.verticalScrollBar().value()
        painter.setPen(colours.faint)
        gutter = QRectF(MARGIN, top, GUTTER - MARGIN, line)
        painter.drawText(gutter, int(Qt.AlignmentFlag.AlignVCenter), clock(segment.start_s, 0.1))
        bottom = self.viewport().height()
        for word, (spot, held) in enumerate(zip(spots, segment.words, strict=True)):
            if -line <= top + spot.line * line <= bottom:
                self._paint_word(painter, colours, Place(number, word), spot, held.confidence)

    def _paint_word(
        self, painter: QPainter, colours: Colours, place: Place, spot: Spot, sure: float | None
    ) -> None:
        """Paint a word: in a filled box while it is heard, in a frame while it is in hand."""
        box = self._box(place.segment, spot)
        lit = place == self.model.lit
        if lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent)
            painter.drawRoundedRect(box, PAD, PAD)
        if place == self.model.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.ink, 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), PAD, PAD)
        painter.setPen(colours.on_accent if lit else colours.ink)
        text = self.model.word(place).word
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        if sure is not None and sure < LOW:
            painter.setPen(
                QPen(colours.on_accent if lit else colours.trouble, 1.5, Qt.PenStyle.DotLine)
            )
            painter.drawLine(
                box.bottomLeft() + QPointF(PAD, -2), box.bottomRight() + QPointF(-PAD, -2)
            )

    def _box(self, segment: int, spot: Spot) -> QRectF:
        line = self._layout.shape.line
        top = (
            MARGIN + self._layout.top(segment) + spot.line * line - self.verticalScrollBar().value()
        )
        left = MARGIN + GUTTER + spot.left
        return QRectF(left - PAD, top + 2, spot.width + 2 * PAD, line - 4)

    def _go_on(self, *, backwards: bool) -> None:
        """Take the word, and edit the next, or the one before."""
        place = self._edited
        count = len(self.editor.text().split())
        self.end_edit()
        if place is None:
            return
        self.model.take_up(self.model.nearest(place))
        if backwards:
            self.model.step(-1)
        elif count:
            self.model.step(count)
        self.begin_edit()

    def _seek(self, place: Place | None) -> None:
        if place:
            self.sought.emit(place)

    def _above_or_below(self, lines: int) -> Place | None:
        """Find the word a line above or below the one in hand."""
        if self.model.current is None:
            return self.model.step(0)
        box = self.rectangle(self.model.current)
        y = box.center().y() + lines * self._layout.shape.line
        for shift in (0, lines * self._layout.shape.gap):
            for x in (box.center().x(), box.left() + PAD, *range(round(box.left()), GUTTER, -20)):
                if place := self._at(QPointF(x, y + shift)):
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
        return f"{word.word}: at {clock(word.start_s, 0.1)}{sure}"

    def _at(self, point: QPointF) -> Place | None:
        found = self._layout.word_at(
            point.x() - MARGIN - GUTTER, point.y() - MARGIN + self.verticalScrollBar().value()
        )
        return Place(*found) if found else None

    def _relay(self) -> None:
        value = self.verticalScrollBar().value()
        self._layout = self._laid_out()
        self._range()
        self.verticalScrollBar().setValue(value)
        self.viewport().update()

    def _laid_out(self) -> Layout:
        metrics = QFontMetricsF(self.font())
        widths: dict[str, float] = {}

        def measure(word: str) -> float:
            if word not in widths:
                widths[word] = metrics.horizontalAdvance(word)
            return widths[word]

        line = round(metrics.height() * LINE)
        width = max(self.viewport().width() - GUTTER - 2 * MARGIN, 1)
        space = metrics.horizontalAdvance(" ") + 2 * PAD
        shape = Shape(width=width, line=line, space=space, gap=round(line / 2))
        return Layout(self.model.segments, shape, measure)

    def _range(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(int(self._page()))
        bar.setSingleStep(int(self._layout.shape.line))
        bar.setRange(0, max(round(self._layout.height + 2 * MARGIN - self._page()), 0))

    def _top(self) -> float:
        return self.verticalScrollBar().value() - MARGIN

    def _page(self) -> float:
        return float(self.viewport().height())
