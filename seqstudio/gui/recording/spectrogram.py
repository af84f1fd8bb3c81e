"""The spectrogram of a recording, in tiles that are computed on threads and kept."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import read_blocks

TILE = 256  # columns
ROWS = 128  # from 0 Hz up
HIGHEST_HZ = 8000
WINDOW_S = 0.032
QUIETEST_DB, LOUDEST_DB = -95.0, -25.0  # of a window, to full scale
KEPT = 200  # tiles
BLOCK_S = 20.0

Tile = NDArray[np.uint8]  # (ROWS, TILE), the highest frequency first, 255 is loudest
TileKey = tuple[str, float, int]  # the recording, seconds per column, the number of the tile


class SpectrogramModel(QObject):
    """Offers the tiles of one recording; one is computed at a time, the last asked for first."""

    changed = Signal()  # a tile is there

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._key, self._path = "", Path()
        self._tiles: dict[TileKey, Tile] = {}
        self._wanted: list[TileKey] = []
        self._running: TileKey | None = None

    def show(self, key: str, path: Path) -> None:
        """Show another recording; the tiles of earlier ones are kept."""
        self._key, self._path = key, path
        self._wanted.clear()

    def visible(self, axis: Axis) -> list[tuple[float, Tile]]:
        """Return the tiles in view with the second where each begins; ask for those missing."""
        if not self._key or not axis.length:
            return []
        seconds = TILE * axis.scale
        numbers = range(int(axis.start // seconds), int(axis.stop // seconds) + 1)
        keys = [(self._key, axis.scale, number) for number in numbers]
        self._wanted = [key for key in keys if key not in self._tiles]
        self._compute_next()
        return [(key[2] * seconds, self._tiles[key]) for key in keys if key in self._tiles]

    def _compute_next(self) -> None:
        if self._running or not self._wanted:
            return
        key = self._running = self._wanted.pop(0)
        self._background.run(
            partial(spectrogram_tile, self._path, key[1], key[2]),
            partial(self._keep, key),
            lambda _reason: self._keep(key, np.zeros((ROWS, TILE), np.uint8)),
        )

    def _keep(self, key: TileKey, tile: Tile) -> None:
        self._running = None
        self._tiles[key] = tile
        while len(self._tiles) > KEPT:
            del self._tiles[next(iter(self._tiles))]
        self.changed.emit()


def spectrogram_tile(path: Path, scale_s: float, number: int) -> Tile:
    """Compute one tile: a window in the middle of each column.

    Parameters
    ----------
    path : of the recording
    scale_s : seconds of a column
    number : of the tile, from 0

    Raises
    ------
    DataError
        If the recording cannot be read.
    """
    start_s = number * TILE * scale_s
    columns: list[Tile] = []
    every = max(int(BLOCK_S / scale_s), 1)  # columns of a block that is read at once
    for first in range(0, TILE, every):
        count = min(every, TILE - first)
        columns.append(_columns(path, start_s + first * scale_s, scale_s, count))
    return np.concatenate(columns, axis=1)


def _columns(path: Path, start_s: float, scale_s: float, count: int) -> Tile:
    """Return `count` columns from a second on; silence after the end."""
    lead_s = min(start_s, WINDOW_S / 2)
    length_s = lead_s + count * scale_s + WINDOW_S
    block = next(iter(read_blocks(path, length_s, start_s=start_s - lead_s)), None)
    if block is None:
        return np.zeros((ROWS, count), np.uint8)
    rate, mono = block.rate_hz, block.samples.mean(axis=1)
    size = round(WINDOW_S * rate)
    middles = lead_s + (np.arange(count) + 0.5) * scale_s
    firsts = np.rint(middles * rate).astype(np.int64) - size // 2
    padded = np.pad(mono, (size, size + max(int(firsts[-1]) + size - len(mono), 0)))
    windows = padded[firsts[:, None] + size + np.arange(size)] * np.hanning(size)
    power = abs(np.fft.rfft(windows, axis=1)) / (size / 4)
    highest = min(HIGHEST_HZ, rate / 2) * size / rate
    rows = np.linspace(0, min(highest, power.shape[1] - 1), ROWS).astype(np.int64)
    decibels = 20 * np.log10(np.maximum(power[:, rows], 1e-9))
    share = (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
    return np.ascontiguousarray((255 * share.clip(0, 1)).astype(np.uint8).T[::-1])
