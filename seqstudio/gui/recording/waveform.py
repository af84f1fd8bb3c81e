"""The state of a waveform: the visible part of a recording, its playhead and its selection."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.recording.peaks import BIN, FULL_SCALE, PeakPyramid, Peaks, SampleDetail
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import audio_info, read_blocks

BLOCK_S = 10.0
REDRAW_MS = 50  # while a file is being read
MAX_GAIN = 50  # by which a quiet recording is scaled
KEPT_PYRAMIDS = 16  # of recordings that were shown before
NO_PEAKS = np.empty((0, 2, 1), np.int16)


@dataclass(slots=True)
class _FileReader:
    """Reads a file into a pyramid on a thread; the window's thread draws it meanwhile."""

    path: Path
    pyramid: PeakPyramid | None = None
    declared_s: float = 0.0  # according to its header
    stopped: bool = False

    def run(self, ending: Callable[[], bool]) -> PeakPyramid | None:
        """Read the file; return None if stopped.

        Raises
        ------
        DataError
            If it cannot be read; `pyramid` has what was read before.
        """
        self.declared_s = audio_info(self.path).duration_s
        for block in read_blocks(self.path, BLOCK_S):
            if self.stopped or ending():
                return None
            if self.pyramid is None:
                self.pyramid = PeakPyramid(block.samples.shape[1], block.rate_hz)
            self.pyramid.add(block.samples)
        if self.pyramid:
            self.pyramid.finish()
        return self.pyramid


class WaveformModel(QObject):
    """The waveform of one recording at a time, with an axis in seconds."""

    changed = Signal()  # repaint
    has_selection_changed = Signal()  # from no selection to one, or back
    loaded = Signal()  # the whole recording was read
    failed = Signal(str)  # why it could not be read, or not to its end

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.axis = Axis(0.0, 1)
        self.playhead_s = 0.0
        self.selection: tuple[float, float] | None = None  # seconds, the lower first
        self._reader: _FileReader | None = None
        self._pyramids: dict[str, PeakPyramid] = {}
        self._key = ""
        self._path = Path()
        self._pyramid: PeakPyramid | None = None
        self._detail: SampleDetail | None = None
        self._requested = ("", 0.0, 0.0)  # key, start and length of the last request for detail
        self._requesting = False
        self._redraw_timer = QTimer(self, interval=REDRAW_MS)
        self._redraw_timer.timeout.connect(self._show_progress)

    @property
    def loading(self) -> bool:
        """Whether the recording is still being read."""
        return self._reader is not None

    @property
    def gain(self) -> int:
        """The factor by which a quiet recording is scaled."""
        return max(min(FULL_SCALE // self._pyramid.peak, MAX_GAIN), 1) if self._pyramid else 1

    @property
    def duration_s(self) -> float:
        """The length of the recording, as far as it is known."""
        return self.axis.length

    def show(self, key: str, path: Path) -> None:
        """Show a recording; it is read from its file unless this key was shown before."""
        self.clear()
        self._key, self._path = key, path
        if pyramid := self._pyramids.get(key):
            self._show_pyramid(pyramid)
            return
        reader = self._reader = _FileReader(path)
        self._redraw_timer.start()
        self._background.run(
            partial(reader.run, lambda: self._background.stopping),
            partial(self._on_read, key, reader),
            partial(self._on_read_failed, reader),
        )

    def clear(self) -> None:
        """Show nothing, and stop reading."""
        if self._reader:
            self._reader.stopped = True
            self._reader = None
        self._redraw_timer.stop()
        self._pyramid = self._detail = None
        self._requested = ("", 0.0, 0.0)
        self._key = ""
        self.playhead_s = 0.0
        self.axis = Axis(0.0, self.axis.pixels)
        self.clear_selection()

    def columns(self) -> Peaks:
        """Return the peaks of the visible columns: (up to the width in pixels, 2, channels)."""
        if not self._pyramid:
            return NO_PEAKS
        rate = self._pyramid.rate_hz
        first, per_column = self.axis.start * rate, self.axis.scale * rate
        if per_column >= BIN:
            return self._pyramid.columns(first, per_column, self.axis.pixels)
        last = min(self.axis.stop * rate, self._pyramid.frames)
        if self._detail and self._detail.covers(first, last):
            return self._detail.columns(first, per_column, self.axis.pixels)
        self._request_detail()
        return self._pyramid.columns(first, per_column, self.axis.pixels)

    def resize(self, pixels: int) -> None:
        """Change the width of the view."""
        self._set_axis(self.axis.resized(max(pixels, 1)))

    def zoom(self, factor: float, pixel: float | None = None) -> None:
        """Zoom in by a factor, out if below 1, around a pixel or else the playhead."""
        if pixel is None:
            at = self.axis.to_pixel(self.playhead_s)
            pixel = at if 0 <= at <= self.axis.pixels else self.axis.pixels / 2
        self._set_axis(self.axis.zoomed(factor, pixel))

    def scroll(self, pixels: float) -> None:
        """Scroll by pixels."""
        self._set_axis(self.axis.scrolled(pixels))

    def scroll_to(self, second: float) -> None:
        """Scroll so that a second is at the left edge."""
        self.scroll((second - self.axis.start) / self.axis.scale)

    def fit(self) -> None:
        """Show the whole recording."""
        self._set_axis(Axis(self.axis.length, self.axis.pixels))

    def zoom_to_selection(self) -> None:
        """Show the selection in the full width."""
        if self.selection:
            start, stop = self.selection
            scale = max((stop - start) / self.axis.pixels, self.axis.finest)
            self._set_axis(self.axis.zoomed(self.axis.scale / scale, 0))
            self.scroll_to(start)

    def set_playhead(self, second: float, *, follow: bool = True) -> None:
        """Move the playhead; with `follow`, scroll if it is not visible."""
        self.playhead_s = min(max(second, 0.0), self.axis.length)
        if follow:
            self.axis = self.axis.scrolled_to(self.playhead_s)
        self.changed.emit()

    def select(self, one: float, other: float) -> None:
        """Select from one second to another, in any order."""
        low, high = sorted(min(max(s, 0.0), self.axis.length) for s in (one, other))
        self._select((low, high) if high > low else None)

    def clear_selection(self) -> None:
        """Clear the selection."""
        self._select(None)

    def _select(self, selection: tuple[float, float] | None) -> None:
        toggled = (selection is None) != (self.selection is None)
        self.selection = selection
        self.changed.emit()
        if toggled:
            self.has_selection_changed.emit()

    def _set_axis(self, axis: Axis) -> None:
        if axis != self.axis:
            self.axis = axis
            self.changed.emit()

    def _show_pyramid(self, pyramid: PeakPyramid) -> None:
        self._pyramid = pyramid
        self._set_length(pyramid.duration_s)
        self.loaded.emit()

    def _set_length(self, length: float) -> None:
        """Make the axis as long as the recording; if all of it was visible, it stays so."""
        self.axis = self.axis.with_length(length)
        self.changed.emit()

    def _show_progress(self) -> None:
        reader = self._reader
        if reader and reader.pyramid:
            self._pyramid = reader.pyramid
            self._set_length(max(reader.declared_s, reader.pyramid.duration_s))

    def _on_read(self, key: str, reader: _FileReader, pyramid: PeakPyramid | None) -> None:
        if pyramid:
            self._pyramids[key] = pyramid
            while len(self._pyramids) > KEPT_PYRAMIDS:
                del self._pyramids[next(iter(self._pyramids))]
        if reader is self._reader and pyramid:
            self._end_reading()
            self._show_pyramid(pyramid)

    def _on_read_failed(self, reader: _FileReader, reason: str) -> None:
        if reader is self._reader:
            self._show_progress()
            self._end_reading()
            if self._pyramid:
                self._set_length(self._pyramid.duration_s)
            self.failed.emit(reason)

    def _end_reading(self) -> None:
        self._reader = None
        self._redraw_timer.stop()

    def _request_detail(self) -> None:
        """Read the samples of the visible part and as much on either side, once."""
        first = max(self.axis.start - self.axis.span, 0.0)
        length = 3 * self.axis.span
        requested = (self._key, first, length)
        if self._requesting or self.loading or requested == self._requested:
            return
        self._requested, self._requesting = requested, True
        path = self._path
        self._background.run(
            lambda: _read_detail(path, first, length),
            partial(self._on_detail, requested),
            lambda _reason: self._on_detail(requested, None),
        )

    def _on_detail(self, requested: tuple[str, float, float], detail: SampleDetail | None) -> None:
        self._requesting = False
        if requested[0] == self._key:
            self._detail = detail
            self.changed.emit()


def _read_detail(path: Path, first_s: float, length_s: float) -> SampleDetail | None:
    """Read a part of a recording; call it on a thread."""
    for block in read_blocks(path, length_s, start_s=first_s):
        return SampleDetail.of(round(first_s * block.rate_hz), block.samples)
    return None
