"""The takes of a piece drawn as a tree: which was made from which, with star, note and branch."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QDialog, QPushButton, QScrollArea, QWidget

from seqstudio.gui.takes.panel import TakesPanelModel
from seqstudio.gui.takes.thumbnail import draw_thumbnail
from seqstudio.gui.takes.tree import PlacedTake, neighbour, place_takes
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.colours import Colours, colours_of
from seqstudio.gui.widgets.label import plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import (
    HAIR,
    LARGE,
    MEDIUM,
    SMALL,
    TIGHT,
    TREE_GAP,
    TREE_PICTURE,
    TREE_TAKE,
    styled,
)
from seqstudio.gui.workspace.commands import Commands

SHARE = 0.9  # of the window
BUTTONS = ("star", "note", "branch", "use_bars", "merge")
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class TreeTake(QWidget):
    """One take of the tree; it becomes the current one when it is clicked or gets the focus."""

    def __init__(self, model: TakesPanelModel, placed: PlacedTake, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self.placed = model, placed
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.show_take(placed)

    def show_take(self, placed: PlacedTake) -> None:
        """Show a take at its place."""
        self.placed = placed
        lines = self.fontMetrics().height() * 3
        width, height = TREE_TAKE, lines + TREE_PICTURE + 2 * SMALL + 2 * TIGHT
        left = MEDIUM + placed.column * (width + TREE_GAP)
        self.setGeometry(left, MEDIUM + placed.row * (height + MEDIUM), width, height)
        self.setAccessibleName(placed.accessible_text)
        facts = (placed.card.provenance_text, placed.card.last_line)
        self.setToolTip(plain_tooltip("\n".join(filter(None, (placed.card.take.name, *facts)))))
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Make this the current take."""
        self._model.takes.select(self.placed.id)
        super().focusInEvent(event)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Make this the current take."""
        self._model.takes.select(self.placed.id)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Play this take."""
        self._model.toggle_playback()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint name, marks, origin, notes, and the user's note; the current one has a frame."""
        colours, painter = colours_of(self.palette()), QPainter(self)
        current = self._model.workspace.selected_id == self.placed.id
        painter.fillRect(self.rect(), colours.surface)
        painter.setPen(QPen(colours.accent if current else colours.line, HAIR if current else 1))
        painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        self._paint_texts(painter, colours)
        line = self.fontMetrics().height()
        area = QRectF(SMALL, SMALL + 2 * line + TIGHT, self.width() - 2 * SMALL, TREE_PICTURE)
        painter.fillRect(area, colours.background)
        if summary := self.placed.card.summary:
            draw_thumbnail(painter, area, summary, colours)

    def _paint_texts(self, painter: QPainter, colours: Colours) -> None:
        line, card = self.fontMetrics().height(), self.placed.card
        room = QRectF(SMALL, SMALL, self.width() - 2 * SMALL, line)
        marks = self.placed.marks
        painter.setPen(colours.text)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight, marks)
        wide = self.fontMetrics().horizontalAdvance(marks)
        painter.setFont(styled(self.font(), "strong"))
        name = room.adjusted(0, 0, -wide - TIGHT, 0)
        self._write(painter, name, card.take.name)
        painter.setFont(self.font())
        painter.setPen(colours.muted)
        self._write(painter, room.translated(0, line), self.placed.how)
        under = room.translated(0, 2 * line + TREE_PICTURE + 2 * TIGHT)
        self._write(painter, under, card.last_line)

    def _write(self, painter: QPainter, room: QRectF, text: str) -> None:
        metrics, right = painter.fontMetrics(), Qt.TextElideMode.ElideRight
        short = metrics.elidedText(text, right, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, short)


class TreeCanvas(QWidget):
    """The takes at their places, and lines from each to those made from it."""

    def __init__(self, model: TakesPanelModel, commands: Commands) -> None:
        super().__init__()
        self._model = model
        self._actions = [commands.action(f"takes.{name}") for name in BUTTONS]
        self.takes: dict[str, TreeTake] = {}
        self.placed: tuple[PlacedTake, ...] = ()
        self.setAccessibleName("Take tree")
        self.refresh()

    def refresh(self) -> None:
        """Show the takes as they are now."""
        catalogue = self._model.workspace.studio.catalogue
        self.placed = place_takes(self._model.takes.cards, catalogue)
        for gone in self.takes.keys() - {one.id for one in self.placed}:
            self.takes.pop(gone).deleteLater()
        for one in self.placed:
            if one.id in self.takes:
                self.takes[one.id].show_take(one)
            else:
                self.takes[one.id] = made = TreeTake(self._model, one, self)
                made.addActions(self._actions)
                made.show()
        right = max((take.geometry().right() for take in self.takes.values()), default=0)
        bottom = max((take.geometry().bottom() for take in self.takes.values()), default=0)
        self.setMinimumSize(right + MEDIUM, bottom + MEDIUM)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours_of(self.palette()).muted, HAIR))
        for one in self.placed:
            if one.parent in self.takes:
                painter.drawPath(self._line(self.takes[one.parent], self.takes[one.id]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to another take with the arrow keys; play with the space bar."""
        if direction := ARROWS.get(Qt.Key(event.key())):
            id = neighbour(self.placed, self._model.workspace.selected_id, *direction)
            self._model.takes.select(id)
        elif event.key() == Qt.Key.Key_Space:
            self._model.toggle_playback()
        else:
            super().keyPressEvent(event)

    def _line(self, parent: TreeTake, child: TreeTake) -> QPainterPath:
        start, stop = parent.geometry(), child.geometry()
        begin = QPointF(start.right() + 1, start.center().y())
        end = QPointF(stop.left(), stop.center().y())
        middle = (begin.x() + end.x()) / 2
        path = QPainterPath(begin)
        path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, end.y()), end)
        return path


class TreeDialog(QDialog):
    """Shows the tree of the takes related to the current one; its buttons run commands."""

    def __init__(self, model: TakesPanelModel, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._shown = ""  # id of the take that was brought into view
        self.setWindowTitle("Take tree")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(parent.window().size() * SHARE)
        self.banner = Banner("the take tree", self)
        self.canvas = TreeCanvas(model, commands)
        self._area = QScrollArea(self)
        self._area.setWidget(self.canvas)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.play, close = QPushButton("Play"), QPushButton("Close")
        buttons = row()
        buttons.addWidget(self.play)
        for name in BUTTONS:
            buttons.addWidget(ActionButton(commands.action(f"takes.{name}"), self))
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = column(self, margins=LARGE, spacing=MEDIUM)
        layout.addWidget(self.banner)
        layout.addWidget(self._area, 1)
        layout.addLayout(buttons)
        for button in (self.play, close):
            button.setAutoDefault(False)
        close.clicked.connect(self.reject)
        self.play.clicked.connect(model.toggle_playback)
        model.takes.changed.connect(self.refresh)
        model.playback.changed.connect(self._refresh_playback)
        model.failed.connect(self.banner.show_message)
        self.refresh()

    def refresh(self) -> None:
        """Show the takes, and bring another current one into view."""
        self.canvas.refresh()
        id = self._model.workspace.selected_id
        if id != self._shown and id in self.canvas.takes:
            self._shown = id
            self.canvas.takes[id].setFocus()
            self._area.ensureWidgetVisible(self.canvas.takes[id])
        self._refresh_playback()

    def _refresh_playback(self) -> None:
        playing = self._model.playback.playing_id or self._model.playback.rendering_id
        self.play.setText("Stop" if playing else "Play")
