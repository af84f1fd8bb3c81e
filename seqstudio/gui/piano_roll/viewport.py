"""What part of a score is seen: ticks across, keys upwards, and the playhead."""

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.widgets.axis import Axis

ROWS = 128
MARGIN_ROWS = 4
LEAST_ROWS = 25  # shown at first: two octaves, so that rows are not thick as bricks
FIRST_BARS = 16  # shown at first
TALLEST_ROW = 40  # pixels


class Sight(QObject):
    """Two axes that all parts of the page share; pitch 60.5 is the middle of the row of C4."""

    changed = Signal()
    playhead_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.x = Axis(length=1, pixels=1)  # ticks
        self.y = Axis(length=ROWS, pixels=1, finest=1 / TALLEST_ROW)  # rows from key 127 down
        self.playhead: float | None = None  # tick
        self._first: tuple[float, float, float] | None = None  # ticks, low, high; until moved

    def begin(self, length: float, finest: float, ticks: float, low: int, high: int) -> None:
        """Lay out another score, and show its first `ticks` and its pitches."""
        self.x = Axis(length=length, pixels=self.x.pixels, finest=finest)
        self._first = (ticks, low, high)
        self._fit_first()

    def lengthen(self, length: float) -> None:
        """Lay the score out longer or shorter; what is seen stays."""
        if length != self.x.length:
            self.x = self.x.lengthened(length)
            self.changed.emit()

    def resize(self, width: int, height: int) -> None:
        """Fit a roll of another size."""
        self.x, self.y = self.x.resized(max(width, 1)), self.y.resized(max(height, 1))
        self._fit_first()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Zoom time in, or out below 1; what is under the pixel stays, the middle by default."""
        self._look(self.x.zoomed(factor, self.x.pixels / 2 if x is None else x), self.y)

    def zoom_rows(self, factor: float, y: float | None = None) -> None:
        """Make rows taller, or flatter below 1."""
        self._look(self.x, self.y.zoomed(factor, self.y.pixels / 2 if y is None else y))

    def scroll(self, x: float, y: float = 0.0) -> None:
        """Scroll by pixels."""
        self._look(self.x.scrolled(x), self.y.scrolled(y))

    def turn_page(self, pages: int) -> None:
        """Scroll time by what is seen at once."""
        self.scroll(pages * self.x.pixels)

    def scroll_to(self, tick: float | None = None, row: float | None = None) -> None:
        """Put a tick at the left edge, a row at the top."""
        x = 0.0 if tick is None else (tick - self.x.start) / self.x.scale
        y = 0.0 if row is None else (row - self.y.start) / self.y.scale
        self.scroll(x, y)

    def fit(self, stop_tick: float, low: int, high: int) -> None:
        """Show everything up to a tick, and a range of pitches."""
        self._look(self.x.fitting(0, stop_tick), self._fitted_rows(low, high))

    def show(self, tick: float, pitch: float) -> None:
        """Scroll so that a place is seen."""
        row = ROWS - 0.5 - pitch
        rows = self.y
        if row < rows.start + 1 or row > rows.stop - 1:
            rows = rows.scrolled((row - rows.start - rows.span / 2) / rows.scale)
        self._look(self.x.showing(tick), rows)

    def set_playhead(self, tick: float | None) -> None:
        """Follow what sounds; None where nothing does."""
        if tick == self.playhead:
            return
        self.playhead = tick
        if tick is not None:
            self._look(self.x.showing(tick), self.y)
        self.playhead_changed.emit()

    def tick_at(self, x: float) -> float:
        """Give the tick under a pixel."""
        return self.x.to_unit(x)

    def pitch_at(self, y: float) -> float:
        """Give the pitch under a pixel, with decimals."""
        return ROWS - self.y.to_unit(y)

    def y_of(self, pitch: float) -> float:
        """Give the pixel of the upper edge of a key's row."""
        return self.y.to_pixel(ROWS - 1 - pitch)

    @property
    def row_height(self) -> float:
        """Pixels of one key."""
        return 1 / self.y.scale

    @property
    def hit_pixels(self) -> float:
        """How far a drum's hit is painted to each side."""
        return min(max(self.row_height / 2 - 1, 2.0), 6.0)

    def _fit_first(self) -> None:
        if self._first:
            ticks, low, high = self._first
            self.x, self.y = self.x.fitting(0, ticks), self._fitted_rows(int(low), int(high))
        self.changed.emit()

    def _fitted_rows(self, low: int, high: int) -> Axis:
        middle = ROWS - (low + high + 1) / 2
        half = max(high - low + 1 + 2 * MARGIN_ROWS, LEAST_ROWS) / 2
        return self.y.fitting(middle - half, middle + half)

    def _look(self, x: Axis, y: Axis) -> None:
        self._first = None
        if (x, y) != (self.x, self.y):
            self.x, self.y = x, y
            self.changed.emit()
