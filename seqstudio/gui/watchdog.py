"""Watches the window's thread: a piece of our work that keeps it busy for long is a stall.

A piece of work is what runs below the outermost frame of ours: from the moment when Qt, or a test,
calls into SeqStudio until that call returns. What counts is the processor time of this thread, not
the clock: on a loaded machine the clock runs on while the thread waits for its turn, but no
processor time is used. Imports are left out: a module is loaded once.

The system's profiling timer asks every few milliseconds of processor time. It is answered on the
main thread, between two steps of Python; so work is seen whenever it has a frame of Python, and a
long call into a library when it comes back.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Self

LIMIT_S = 0.1
LOOK_S = 0.005
IMPORTING = "<frozen importlib._bootstrap>"


@dataclass(frozen=True, slots=True)
class Stall:
    """One piece of work that was too long."""

    busy_s: float  # processor time of the thread
    called: str  # the outermost function of ours
    seen_in: str  # where in ours it was seen most of the time

    def __str__(self) -> str:
        return f"{1000 * self.busy_s:.0f} ms in {self.called}, mostly at {self.seen_in}"


@dataclass(slots=True)
class _Piece:
    """A piece of work that is going on."""

    frame: FrameType
    since_s: float  # on the thread's own clock
    until_s: float
    seen: dict[str, int] = field(default_factory=dict)


class Watchdog:
    """Watches the main thread, from `with` to the end of its block.

    Parameters
    ----------
    package : work of modules below it counts
    limit_s : processor seconds that one piece of work may take
    """

    def __init__(self, package: str = "seqstudio", limit_s: float = LIMIT_S) -> None:
        self.stalls: list[Stall] = []
        self._inside = f"{package}."
        self._limit_s = limit_s
        self._piece: _Piece | None = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGPROF, lambda _, frame: self._look(frame))
        signal.setitimer(signal.ITIMER_PROF, LOOK_S, LOOK_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)
        self._end()

    def _look(self, innermost: FrameType | None) -> None:
        """Note what the thread is doing."""
        now_s = time.thread_time()
        frames = list(_outward(innermost))
        ours = [frame for frame in frames if self._is_ours(frame)]
        if not ours or any(frame.f_code.co_filename == IMPORTING for frame in frames):
            self._end()
            return
        if self._piece is None or self._piece.frame is not ours[-1]:
            self._end()
            self._piece = _Piece(ours[-1], now_s, now_s)
        self._piece.until_s = now_s
        place = _place(ours[0])
        self._piece.seen[place] = self._piece.seen.get(place, 0) + 1

    def _end(self) -> None:
        piece, self._piece = self._piece, None
        if piece and (busy_s := piece.until_s - piece.since_s) > self._limit_s:
            seen_in = max(piece.seen, key=lambda place: piece.seen[place])
            self.stalls.append(Stall(busy_s, _place(piece.frame), seen_in))

    def _is_ours(self, frame: FrameType) -> bool:
        return str(frame.f_globals.get("__name__", "")).startswith(self._inside)


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    """Give the frames of a thread, the innermost first."""
    while frame:
        yield frame
        frame = frame.f_back


def _place(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__", ""))
    return f"{name}.{frame.f_code.co_qualname}:{frame.f_lineno}"
