"""Files on their way into the session: read on threads, let in as they were named."""

import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.file_kinds import Install, bring, sort_out
from seqstudio.session.operations import Operation

TURN_S = 0.008  # files are let in for so long, then the window has its turn

Value = Operation | Install | str  # what comes in, what is to be installed, or why neither
Read = tuple[Path, Value]  # a file, and what became of it


class Line:
    """Holds what was read early until all that was named before it has come."""

    def __init__(self) -> None:
        self._order: dict[int, Path] = {}  # ticket -> file, those that have yet to be given
        self._read: dict[int, Value] = {}
        self._last = 0

    @property
    def waiting(self) -> tuple[Path, ...]:
        """The files that are not in yet, as named."""
        return tuple(self._order.values())

    def expect(self, path: Path) -> int:
        """Take a place in the line; give its number."""
        self._last += 1
        self._order[self._last] = path
        return self._last

    def arrive(self, ticket: int, value: Value) -> list[Read]:
        """Hand in what became of a file; give all that can go in now, in order."""
        self._read[ticket] = value
        ready: list[Read] = []
        while self._order and (first := next(iter(self._order))) in self._read:
            ready.append((self._order.pop(first), self._read.pop(first)))
        return ready


class Intake(QObject):
    """Reads files for one session; `forget` when another is opened."""

    came = Signal(object)  # the operation that brings a file in
    install_asked = Signal(object)  # an Install; all that was named with it is in
    refused = Signal(str)  # why a file cannot come in
    changed = Signal()  # `waiting` is another

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._line = Line()
        self._folders: list[Path] = []  # named, and being looked into
        self._ready: deque[Read] = deque()  # read, and the next to go in
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._let_in)

    @property
    def waiting(self) -> tuple[Path, ...]:
        """What is not in yet."""
        return (*(path for path, _ in self._ready), *self._line.waiting, *self._folders)

    def take(self, paths: Sequence[Path]) -> None:
        """Bring in files, and those below folders, in the order in which they are named."""
        self._folders += paths
        line = self._line
        self._background.run(
            partial(sort_out, paths),
            lambda found: self._read(line, paths, found),
            lambda reason: self._read(line, paths, [], reason),
        )
        self.changed.emit()

    def forget(self) -> None:
        """Let in no more of what is on its way."""
        self._line = Line()
        self._folders = []
        self._ready.clear()
        self.changed.emit()

    def _read(
        self, line: Line, named: Sequence[Path], found: Sequence[Path | Install], reason: str = ""
    ) -> None:
        if line is not self._line:
            return
        for path in named:
            self._folders.remove(path)
        if not found:
            names = ", ".join(map(str, named))
            self.refused.emit(
                reason or f"{names}: nothing in it to open, expected audio, MIDI or transcripts"
            )
        for thing in found:
            if isinstance(thing, Install):
                self._arrived(line, line.expect(thing.path), thing)
                continue
            arrive = partial(self._arrived, line, line.expect(thing))
            self._background.run(partial(bring, thing), arrive, arrive)
        self.changed.emit()

    def _arrived(self, line: Line, ticket: int, value: Value) -> None:
        if line is not self._line:
            return
        self._ready += line.arrive(ticket, value)
        self._turn.start()

    def _let_in(self) -> None:
        """Let files in for a moment; many at once must not hold the window up."""
        until_s = time.monotonic() + TURN_S
        while self._ready and time.monotonic() < until_s:
            _, value = self._ready.popleft()
            match value:
                case str():
                    self.refused.emit(value)
                case Install():
                    self.install_asked.emit(value)
                case _:
                    self.came.emit(value)
        if not self._ready:
            self._turn.stop()
        self.changed.emit()
