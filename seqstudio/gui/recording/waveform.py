"""What a waveform shows: which stretch of which recording, its playhead and its selection."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.recording.peaks import BIN, FULL, Detail, Peaks, Pyramid
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import audio_info, read_blocks

BLOCK_S = 10.0
GROWS_MS = 50  # between two pictures of a file that is being read
LOUDEST = 50  # times that a quiet recording is drawn larger
KEPT = 16  # pictures of recordings that were shown before
NONE = np.empty((0, 2, 1), np.int16)


@dataclass(slots=True)
class _Reading:
    """A file on its way into a picture; filled on a thread, looked at from the window's."""

    path: Path
    pyramid: Pyramid | None = None
    declared_s: float = 0.0  # what its header says
    stopped: bool = False

    def run(self, ending: Callable[[], bool]) -> Pyramid | None:
        """Read it all, or until it is stopped.

        Raises
        ------
        DataError
            If it cannot be read; what came before is in the picture.
        """
        self.declared_s = audio_info(self.path).duration_s
        for block in read_blocks(self.path, BLOCK_S):
            if self.stopped or ending():
                return None
            if self.pyramid is None:
                self.pyramid = Pyramid(block.samples.shape[1], block.rate_hz)
            self.pyramid.add(block.samples)
        if self.pyramid:
            self.pyramid.finish()
        return self.pyramid


class WaveModel(QObject):
    """The picture of one recording at a time; seconds along its axis."""

    changed = Signal()  # what is to be drawn
    selected = Signal()  # something is selected, or nothing any more
    loaded = Signal()  # the whole recording is in the picture
    failed = Signal(str)  # it cannot be read, or not to its end: why

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.axis = Axis(0.0, 1)
        self.playhead_s = 0.0
        self.selection: tuple[float, float] | None = None  # seconds, the lower first
        self._reading: _Reading | None = None
        self._pyramids: dict[str, Pyramid] = {}
        self._key = ""
        self._path = Path()
        self._pyramid: Pyramid | None = None
        self._detail: Detail | None = None
        self._asked = ("", 0.0, 0.0)  # the stretch that was asked for last
        self._asking = False
        self._grows = QTimer(self, interval=GROWS_MS)
        self._grows.timeout.connect(self._grow)

    @property
    def loading(self) -> bool:
        """Whether more of the recording is to come."""
        return self._reading is not None

    @property
    def gain(self) -> int:
        """How many times larger a quiet recording is drawn than it is."""
        return max(min(FULL // self._pyramid.peak, LOUDEST), 1) if self._pyramid else 1

    @property
    def duration_s(self) -> float:
        """Length of the recording, as far as it is known."""
        return self.axis.length

    def show(self, key: str, path: Path) -> None:
        """Draw a recording, from its file unless it was drawn before under this key."""
        self.clear()
        self._key, self._path = key, path
        if pyramid := self._pyramids.get(key):
            self._take(pyramid)
            return
        reading = self._reading = _Reading(path)
        self._grows.start()
        self._background.run(
            partial(reading.run, lambda: self._background.ending),
            partial(self._read, key, reading),
            partial(self._broke, reading),
        )

    def clear(self) -> None:
        """Draw nothing, and stop reading."""
        if self._reading:
            self._reading.stopped = True
            self._reading = None
        self._grows.stop()
        self._pyramid = self._detail = None
        self._asked = ("", 0.0, 0.0)
        self._key = ""
        self.playhead_s = 0.0
        self.axis = Axis(0.0, self.axis.pixels)
        self.unselect()

    def columns(self) -> Peaks:
        """Give the columns that are seen: (up to as many as there are pixels, 2, channels)."""
        if not self._pyramid:
            return NONE
        rate = self._pyramid.rate_hz
        first, per_column = self.axis.start * rate, self.axis.scale * rate
        if per_column >= BIN:
            return self._pyramid.columns(first, per_column, self.axis.pixels)
        last = min(self.axis.stop * rate, self._pyramid.frames)
        if self._detail and self._detail.covers(first, last):
            return self._detail.columns(first, per_column, self.axis.pixels)
        self._ask_detail()
        return self._pyramid.columns(first, per_column, self.axis.pixels)

    def resize(self, pixels: int) -> None:
        """Draw on so many columns."""
        self._look(self.axis.resized(max(pixels, 1)))

    def zoom(self, factor: float, pixel: float | None = None) -> None:
        """Zoom in by a factor, or out below 1, around a pixel or else the playhead."""
        if pixel is None:
            at = self.axis.to_pixel(self.playhead_s)
            pixel = at if 0 <= at <= self.axis.pixels else self.axis.pixels / 2
        self._look(self.axis.zoomed(factor, pixel))

    def scroll(self, pixels: float) -> None:
        """Move along."""
        self._look(self.axis.scrolled(pixels))

    def scroll_to(self, second: float) -> None:
        """Put a second at the left edge."""
        self.scroll((second - self.axis.start) / self.axis.scale)

    def fit(self) -> None:
        """Show the whole recording."""
        self._look(Axis(self.axis.length, self.axis.pixels))

    def zoom_to_selection(self) -> None:
        """Show what is selected, and nothing else."""
        if self.selection:
            start, stop = self.selection
            scale = max((stop - start) / self.axis.pixels, self.axis.finest)
            self._look(self.axis.zoomed(self.axis.scale / scale, 0))
            self.scroll_to(start)

    def place(self, second: float, *, follow: bool = True) -> None:
        """Put the playhead somewhere; scroll there if it is out of sight."""
        self.playhead_s = min(max(second, 0.0), self.axis.length)
        if follow:
            self.axis = self.axis.showing(self.playhead_s)
        self.changed.emit()

    def select(self, one: float, other: float) -> None:
        """Select from one second to another, in any order."""
        low, high = sorted(min(max(s, 0.0), self.axis.length) for s in (one, other))
        self._select((low, high) if high > low else None)

    def unselect(self) -> None:
        """Select nothing."""
        self._select(None)

    def _select(self, stretch: tuple[float, float] | None) -> None:
        other = (stretch is None) != (self.selection is None)
        self.selection = stretch
        self.changed.emit()
        if other:
            self.selected.emit()

    def _look(self, axis: Axis) -> None:
        if axis != self.axis:
            self.axis = axis
            self.changed.emit()

    def _take(self, pyramid: Pyramid) -> None:
        self._pyramid = pyramid
        self._lengthen(pyramid.duration_s)
        self.loaded.emit()

    def _lengthen(self, length: float) -> None:
        """Make the axis as long as the recording; one that was seen whole stays so."""
        seen = self.axis
        self.axis = Axis(length, seen.pixels, seen.start, seen.per_pixel).scrolled(0)
        self.changed.emit()

    def _grow(self) -> None:
        reading = self._reading
        if reading and reading.pyramid:
            self._pyramid = reading.pyramid
            self._lengthen(max(reading.declared_s, reading.pyramid.duration_s))

    def _read(self, key: str, reading: _Reading, pyramid: Pyramid | None) -> None:
        if pyramid:
            self._pyramids[key] = pyramid
            while len(self._pyramids) > KEPT:
                del self._pyramids[next(iter(self._pyramids))]
        if reading is self._reading and pyramid:
            self._end()
            self._take(pyramid)

    def _broke(self, reading: _Reading, reason: str) -> None:
        if reading is self._reading:
            self._grow()
            self._end()
            if self._pyramid:
                self._lengthen(self._pyramid.duration_s)
            self.failed.emit(reason)

    def _end(self) -> None:
        self._reading = None
        self._grows.stop()

    def _ask_detail(self) -> None:
        """Read what is seen, and as much on either side, once."""
        first = max(self.axis.start - self.axis.span, 0.0)
        length = 3 * self.axis.span
        asked = (self._key, first, length)
        if self._asking or self.loading or asked == self._asked:
            return
        self._asked, self._asking = asked, True
        path = self._path
        self._background.run(
            lambda: _detail(path, first, length),
            partial(self._detailed, asked),
            lambda _reason: self._detailed(asked, None),
        )

    def _detailed(self, asked: tuple[str, float, float], detail: Detail | None) -> None:
        self._asking = False
        if asked[0] == self._key:
            self._detail = detail
            self.changed.emit()


def _detail(path: Path, first_s: float, length_s: float) -> Detail | None:
    """Read a stretch of a recording; on a thread."""
    for block in read_blocks(path, length_s, start_s=first_s):
        return Detail.of(round(first_s * block.rate_hz), block.samples)
    return None
