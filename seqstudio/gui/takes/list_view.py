"""The list of takes: cards to choose, to rename in place, and to drag out as `.mid` files."""

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

from seqstudio.gui.takes.card import Card
from seqstudio.gui.takes.paint import draw_card, height_of, name_place, picture_size
from seqstudio.gui.takes.playback import Hearing
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.takes.thumbnail import Pictures
from seqstudio.gui.widgets.theme import colours_of

Index = QModelIndex | QPersistentModelIndex
CARD = Qt.ItemDataRole.UserRole
NOWHERE = QModelIndex()


class TakeRows(QAbstractListModel):
    """Hands the cards to Qt, and what is typed or dragged back."""

    def __init__(self, model: TakesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._cards = model.cards
        model.changed.connect(self._follow)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Count the cards."""
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give what is shown of a card, spoken of it, or the card itself."""
        card = self._cards[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return card.take.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return card.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(part for part in (card.take.name, card.made, card.news) if part)
            case _:
                return card if role == CARD else None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        self._model.rename(self._cards[index.row()].take.id, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Say that a card can be chosen, renamed and dragged."""
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
        """Name what is dragged: files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Give the takes as files, as they are now."""
        data = QMimeData()
        ids = [self._cards[index.row()].take.id for index in indexes]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in self._model.files(ids)])
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        """Say that the takes stay here."""
        return Qt.DropAction.CopyAction

    def row_of(self, id: str) -> int:
        """Find a take's row, -1 if it is not here."""
        return next((n for n, card in enumerate(self._cards) if card.take.id == id), -1)

    def _follow(self) -> None:
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


class TakeCards(QStyledItemDelegate):
    """Draws the cards of a list."""

    def __init__(self, hearing: Hearing, parent: QWidget) -> None:
        super().__init__(parent)
        self._hearing = hearing
        self._pictures = Pictures()
        self.aligned = False  # whether all pictures share one axis of time
        self.longest = 0.0  # beats of the longest take

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a card, with a frame around those that are selected."""
        card: Card = index.data(CARD)
        state = QStyle.StateFlag(option.state)
        palette = option.palette
        colours = colours_of(palette)
        painter.save()
        indented = not self.aligned  # on one axis, all pictures begin at one edge
        picture = None
        if card.sketch:
            size = picture_size(card, option.rect.width(), indented=indented)
            beats = self.longest if self.aligned else 0.0
            ratio = painter.device().devicePixelRatio()
            picture = self._pictures.picture(card.sketch, size, colours, beats, ratio)
        words = self._state(card)
        draw_card(painter, option, card, colours, picture=picture, state=words, indented=indented)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(option.rect.adjusted(3, 3, -3, -3))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give the size of a card; all are as wide as the list."""
        return QSize(160, height_of(option))

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Put the editor over the name."""
        place = option.rect.adjusted(2, 2, -2, -2)
        line = option.fontMetrics.height()
        editor.setGeometry(name_place(index.data(CARD), place, line))

    def _state(self, card: Card) -> str:
        words = ["✓ accepted"] if card.take.accepted else []
        if card.take.id == self._hearing.sounding:
            words.insert(0, "▶ playing")
        elif card.take.id == self._hearing.preparing:
            words.insert(0, "… rendering")
        return "  ".join(words)


class TakesList(QListView):
    """Chooses the take in front."""

    def __init__(self, model: TakesModel, hearing: Hearing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes, self._hearing = model, hearing
        self.rows = TakeRows(model, self)
        self.cards = TakeCards(hearing, self)
        self.setModel(self.rows)
        self.setItemDelegate(self.cards)
        self.setAccessibleName("Takes")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setMouseTracking(False)
        self.selectionModel().currentChanged.connect(self._choose)
        model.changed.connect(self.follow)
        hearing.changed.connect(self.viewport().update)
        self.follow()

    @property
    def chosen(self) -> list[str]:
        """The ids of the selected takes, from top to bottom."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.rows.index(row).data(CARD).take.id for row in rows]

    def align(self, aligned: bool) -> None:  # noqa: FBT001 - as a check box tells it
        """Draw all pictures on one axis of time, or each as wide as there is room."""
        self.cards.aligned = aligned
        self.viewport().update()

    def follow(self) -> None:
        """Select what is in front, unless it is among what is selected."""
        self.cards.longest = max(
            (card.sketch.beats for card in self._takes.cards if card.sketch), default=0.0
        )
        self.viewport().update()
        front = self._takes.front
        row = self.rows.row_of(front.take.id) if front else -1
        selection = self.selectionModel()
        if row < 0:
            selection.clear()
        elif row != self.currentIndex().row() or not selection.hasSelection():
            how = QItemSelectionModel.SelectionFlag.ClearAndSelect
            selection.setCurrentIndex(self.rows.index(row), how)

    def rename(self) -> None:
        """Open the editor on the name of the take in front."""
        self.edit(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the space bar to the panel, which plays."""
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
            return
        super().keyPressEvent(event)

    def _choose(self, current: QModelIndex) -> None:
        if current.isValid():
            self._takes.choose(current.data(CARD).take.id)
