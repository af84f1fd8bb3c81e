"""Import files into the session: read on threads, added in the order in which they were named."""

import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.file_kinds import InstallRequest, expand_paths, import_file
from seqstudio.session.edits import Edit

SLICE_S = 0.008  # files are added for this long, then the window handles its events

Outcome = Edit | InstallRequest | str  # str: why the file cannot be imported
Arrival = tuple[Path, int, Outcome]  # a file, the number of its drop, and what was read


class ReorderBuffer:
    """Holds files that were read early until all files named before them have arrived."""

    def __init__(self) -> None:
        self._expected: dict[int, tuple[Path, int]] = {}  # ticket -> file and drop, in order
        self._arrived: dict[int, Outcome] = {}
        self._last = 0

    @property
    def waiting(self) -> tuple[Path, ...]:
        """The files that are still expected, in order."""
        return tuple(path for path, _ in self._expected.values())

    def expect(self, path: Path, drop: int = 0) -> int:
        """Append a file to the order; return its ticket."""
        self._last += 1
        self._expected[self._last] = (path, drop)
        return self._last

    def arrive(self, ticket: int, outcome: Outcome) -> list[Arrival]:
        """Store the outcome of a file; return all that can go on now, in order."""
        self._arrived[ticket] = outcome
        ready: list[Arrival] = []
        while self._expected and (first := next(iter(self._expected))) in self._arrived:
            ready.append((*self._expected.pop(first), self._arrived.pop(first)))
        return ready


class FileImporter(QObject):
    """Reads files for one session; call `clear` when another is opened."""

    imported = Signal(object, int)  # the edit that adds a file, and the number of its drop
    install_requested = Signal(object)  # an InstallRequest, after the files named with it
    failed = Signal(str)  # why a file cannot be imported
    changed = Signal()  # `waiting` has changed

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._buffer = ReorderBuffer()
        self._unexpanded: list[Path] = []  # named paths that are being looked into
        self._ready: deque[Arrival] = deque()  # read, and the next to be added
        self._drops = 0
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._deliver)

    @property
    def waiting(self) -> tuple[Path, ...]:
        """The paths that are not imported yet."""
        return (*(path for path, *_ in self._ready), *self._buffer.waiting, *self._unexpanded)

    def add(self, paths: Sequence[Path]) -> None:
        """Import files, and those below folders, in the order in which they are named."""
        self._unexpanded += paths
        buffer = self._buffer
        self._background.run(
            partial(expand_paths, paths),
            lambda found: self._read(buffer, paths, found),
            lambda reason: self._read(buffer, paths, [], reason),
        )
        self.changed.emit()

    def clear(self) -> None:
        """Drop everything that is not imported yet."""
        self._buffer = ReorderBuffer()
        self._unexpanded = []
        self._ready.clear()
        self.changed.emit()

    def _read(
        self,
        buffer: ReorderBuffer,
        named: Sequence[Path],
        found: Sequence[Path | InstallRequest],
        reason: str = "",
    ) -> None:
        if buffer is not self._buffer:
            return
        for path in named:
            self._unexpanded.remove(path)
        if not found:
            names = ", ".join(map(str, named))
            self.failed.emit(
                reason or f"{names}: nothing in it to open, expected audio, MIDI or transcripts"
            )
        self._drops += 1
        for item in found:
            if isinstance(item, InstallRequest):
                self._on_arrival(buffer, buffer.expect(item.path, self._drops), item)
                continue
            arrive = partial(self._on_arrival, buffer, buffer.expect(item, self._drops))
            self._background.run(partial(import_file, item), arrive, arrive)
        self.changed.emit()

    def _on_arrival(self, buffer: ReorderBuffer, ticket: int, outcome: Outcome) -> None:
        if buffer is not self._buffer:
            return
        self._ready += buffer.arrive(ticket, outcome)
        self._timer.start()

    def _deliver(self) -> None:
        """Add files for one time slice, so that many at once do not block the window."""
        until_s = time.monotonic() + SLICE_S
        while self._ready and time.monotonic() < until_s:
            _, drop, outcome = self._ready.popleft()
            match outcome:
                case str():
                    self.failed.emit(outcome)
                case InstallRequest():
                    self.install_requested.emit(outcome)
                case _:
                    self.imported.emit(outcome, drop)
        if not self._ready:
            self._timer.stop()
        self.changed.emit()
