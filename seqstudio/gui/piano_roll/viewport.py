"""The visible part of a score: ticks across, keys upwards, and the playhead."""

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.widgets.axis import Axis

ROWS = 128
MARGIN_ROWS = 4
MIN_ROWS = 25  # shown at first: two octaves, so that rows do not get too tall
INITIAL_BARS = 16  # shown at first
MAX_ROW_PIXELS = 40


class Viewport(QObject):
    """The two axes that the views of a score share; pitch 60.5 is the middle of C4's row."""

    changed = Signal()
    playhead_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.x = Axis(length=1, pixels=1)  # ticks
        self.y = Axis(length=ROWS, pixels=1, finest=1 / MAX_ROW_PIXELS)  # rows from key 127 down
        self.playhead: float | None = None  # tick
        self._initial_view: tuple[float, float, float] | None = (
            None  # ticks, lowest and highest key
        )

    def show_score(self, length: float, finest: float, ticks: float, low: int, high: int) -> None:
        """Show another score: its first `ticks`, and the keys from `low` to `high`."""
        self.x = Axis(length=length, pixels=self.x.pixels, finest=finest)
        self._initial_view = (ticks, low, high)
        self._apply_initial_view()

    def set_length(self, length: float) -> None:
        """Change the length of the score; the visible part stays."""
        if length != self.x.length:
            self.x = self.x.with_length(length)
            self.changed.emit()

    def resize(self, width: int, height: int) -> None:
        """Change the size of the view, in pixels."""
        self.x, self.y = self.x.resized(max(width, 1)), self.y.resized(max(height, 1))
        self._apply_initial_view()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Zoom in time, out if below 1, around a pixel, by default the middle."""
        self._set_axes(self.x.zoomed(factor, self.x.pixels / 2 if x is None else x), self.y)

    def zoom_rows(self, factor: float, y: float | None = None) -> None:
        """Make rows taller, or shorter if below 1."""
        self._set_axes(self.x, self.y.zoomed(factor, self.y.pixels / 2 if y is None else y))

    def scroll(self, x: float, y: float = 0.0) -> None:
        """Scroll by pixels."""
        self._set_axes(self.x.scrolled(x), self.y.scrolled(y))

    def scroll_pages(self, pages: int) -> None:
        """Scroll in time by whole views."""
        self.scroll(pages * self.x.pixels)

    def scroll_to(self, tick: float | None = None, row: float | None = None) -> None:
        """Scroll so that a tick is at the left edge and a row at the top."""
        x = 0.0 if tick is None else (tick - self.x.start) / self.x.scale
        y = 0.0 if row is None else (row - self.y.start) / self.y.scale
        self.scroll(x, y)

    def fit(self, stop_tick: float, low: int, high: int) -> None:
        """Show everything up to a tick, and a range of keys."""
        self._set_axes(self.x.zoomed_to(0, stop_tick), self._fitted_rows(low, high))

    def reveal(self, tick: float, pitch: float) -> None:
        """Scroll so that a tick and a pitch are visible."""
        row = ROWS - 0.5 - pitch
        rows = self.y
        if row < rows.start + 1 or row > rows.stop - 1:
            rows = rows.scrolled((row - rows.start - rows.span / 2) / rows.scale)
        self._set_axes(self.x.scrolled_to(tick), rows)

    def set_playhead(self, tick: float | None) -> None:
        """Move the playhead and scroll to it; None hides it."""
        if tick == self.playhead:
            return
        self.playhead = tick
        if tick is not None:
            self._set_axes(self.x.scrolled_to(tick), self.y)
        self.playhead_changed.emit()

    def tick_at(self, x: float) -> float:
        """Return the tick under a pixel."""
        return self.x.to_unit(x)

    def pitch_at(self, y: float) -> float:
        """Return the pitch under a pixel, with decimals."""
        return ROWS - self.y.to_unit(y)

    def row_top(self, pitch: float) -> float:
        """Return the pixel of the top of a key's row."""
        return self.y.to_pixel(ROWS - 1 - pitch)

    @property
    def row_height(self) -> float:
        """Pixels of a key's row."""
        return 1 / self.y.scale

    @property
    def drum_radius(self) -> float:
        """Pixels from the middle of a drum hit to its left and right corners."""
        return min(max(self.row_height / 2 - 1, 2.0), 6.0)

    def _apply_initial_view(self) -> None:
        if self._initial_view:
            ticks, low, high = self._initial_view
            self.x, self.y = self.x.zoomed_to(0, ticks), self._fitted_rows(int(low), int(high))
        self.changed.emit()

    def _fitted_rows(self, low: int, high: int) -> Axis:
        middle = ROWS - (low + high + 1) / 2
        half = max(high - low + 1 + 2 * MARGIN_ROWS, MIN_ROWS) / 2
        return self.y.zoomed_to(middle - half, middle + half)

    def _set_axes(self, x: Axis, y: Axis) -> None:
        self._initial_view = None
        if (x, y) != (self.x, self.y):
            self.x, self.y = x, y
            self.changed.emit()
