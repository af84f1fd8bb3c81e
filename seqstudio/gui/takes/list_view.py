"""The list of takes: cards to select, to rename in place, and to drag out as `.mid` files."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    QUrl,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from seqstudio.gui.takes.card import TakeCard
from seqstudio.gui.takes.paint import card_height, name_rect, paint_card, thumbnail_size
from seqstudio.gui.takes.playback import TakePlayback
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.takes.thumbnail import ThumbnailCache
from seqstudio.gui.widgets.colours import colours_of

Index = QModelIndex | QPersistentModelIndex
CARD = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()


class TakeListModel(QAbstractListModel):
    """The cards as a Qt item model, with renaming and dragging."""

    def __init__(self, model: TakesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._cards = model.cards
        model.changed.connect(self._on_cards_changed)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Return the number of cards."""
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a text of a card, or the card itself."""
        card = self._cards[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return card.take.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return card.accessible_text
            case Qt.ItemDataRole.ToolTipRole:
                parts = (card.take.name, card.provenance_text, card.changes_text)
                return "\n".join(part for part in parts if part)
            case _:
                return card if role == CARD else None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename a take."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        self._model.rename(self._cards[index.row()].take.id, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return flags: a card can be selected, renamed and dragged."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.NoItemFlags
        return (
            flag.ItemIsEnabled
            | flag.ItemIsSelectable
            | flag.ItemIsEditable
            | flag.ItemIsDragEnabled
        )

    def mimeTypes(self) -> list[str]:
        """Return the format of dragged takes: a list of files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the edited takes as files."""
        data = QMimeData()
        ids = [self._cards[index.row()].take.id for index in indexes]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in self._model.files(ids)])
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        """Return the drop action: the takes are copied."""
        return Qt.DropAction.CopyAction

    def row_of(self, id: str) -> int:
        """Return the row of a take, -1 if it is not in the list."""
        return next((n for n, card in enumerate(self._cards) if card.take.id == id), -1)

    def _on_cards_changed(self) -> None:
        new = self._model.cards
        same = [card.take.id for card in new] == [card.take.id for card in self._cards]
        if same:
            self._cards = new
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self._cards = new
        self.endResetModel()


class TakeCardDelegate(QStyledItemDelegate):
    """Paints the cards of a list."""

    def __init__(self, playback: TakePlayback, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback = playback
        self._thumbnails = ThumbnailCache()
        self.aligned = False  # whether all thumbnails share one time axis
        self.longest = 0.0  # beats of the longest take

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a card, with a frame if it is selected."""
        card: TakeCard = index.data(CARD)
        state = QStyle.StateFlag(option.state)
        palette = option.palette
        colours = colours_of(palette)
        painter.save()
        indented = not self.aligned  # on a shared axis, all thumbnails start at one edge
        thumbnail = None
        if card.summary:
            size = thumbnail_size(card, option.rect.width(), indented=indented)
            beats = self.longest if self.aligned else 0.0
            ratio = painter.device().devicePixelRatio()
            thumbnail = self._thumbnails.thumbnail(card.summary, size, colours, beats, ratio)
        paint_card(
            painter,
            option,
            card,
            colours,
            thumbnail=thumbnail,
            state=self._state_text(card),
            indented=indented,
        )
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(option.rect.adjusted(3, 3, -3, -3))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of a card; all cards are as wide as the list."""
        return QSize(160, card_height(option))

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Place the editor over the name."""
        rect = option.rect.adjusted(2, 2, -2, -2)
        line = option.fontMetrics.height()
        editor.setGeometry(name_rect(index.data(CARD), rect, line))

    def _state_text(self, card: TakeCard) -> str:
        states = ["✓ accepted"] if card.take.accepted else []
        if card.take.starred:
            states.append("★")
        if card.take.id == self._playback.playing_id:
            states.insert(0, "▶ playing")
        elif card.take.id == self._playback.rendering_id:
            states.insert(0, "… rendering")
        return "  ".join(states)


class TakesList(QListView):
    """Shows the cards and selects the current take."""

    def __init__(
        self, model: TakesModel, playback: TakePlayback, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._takes = model
        self.rows = TakeListModel(model, self)
        self.delegate = TakeCardDelegate(playback, self)
        self.setModel(self.rows)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Takes")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setMouseTracking(False)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        model.changed.connect(self.refresh)
        playback.changed.connect(self.viewport().update)
        self.refresh()

    @property
    def selected(self) -> list[str]:
        """The ids of the selected takes, from top to bottom."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.rows.index(row).data(CARD).take.id for row in rows]

    def align(self, aligned: bool) -> None:  # noqa: FBT001 - as a check box tells it
        """Draw all thumbnails on one time axis, or each as wide as the list."""
        self.delegate.aligned = aligned
        self.viewport().update()

    def refresh(self) -> None:
        """Repaint, and select the current take unless it is part of the selection."""
        self.delegate.longest = max(
            (card.summary.beats for card in self._takes.cards if card.summary), default=0.0
        )
        self.viewport().update()
        current = self._takes.current
        row = self.rows.row_of(current.take.id) if current else -1
        selection = self.selectionModel()
        if row < 0:
            selection.clear()
        elif row != self.currentIndex().row() or not selection.hasSelection():
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            selection.setCurrentIndex(self.rows.index(row), flag)

    def rename(self) -> None:
        """Edit the name of the current take."""
        self.edit(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the space bar to the panel, which plays the take."""
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
            return
        super().keyPressEvent(event)

    def _on_current_changed(self, current: QModelIndex) -> None:
        if current.isValid():
            self._takes.select(current.data(CARD).take.id)
