"""Watches the window's thread: a piece of our work that keeps it busy for long is a stall.

A piece of work is what runs below the outermost frame of ours: from the moment when Qt, or a test,
calls into SeqStudio until that call returns. What counts is the processor time of this thread, not
the clock: on a loaded machine the clock runs on while the thread waits for its turn, but no
processor time is used. Imports are left out: a module is loaded once.

The system's profiling timer asks every few milliseconds of processor time. It is answered on the
main thread, between two steps of Python; so work is seen whenever it has a frame of Python, and a
long call into a library when it comes back. No frame is kept, for that would keep what is in it
alive, and a painter that outlives its event brings Qt down: a frame that was seen tells when it
returns, by the tracing that debuggers use.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

LIMIT_S = 0.1
LOOK_S = 0.005
TraceFunction = Callable[[FrameType, str, Any], Any]
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

    frame: int  # the id of its outermost frame
    called: str
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
        ours, importing, outermost = "", False, None
        for frame in _outward(innermost):
            importing |= frame.f_code.co_filename == IMPORTING
            if self._is_ours(frame):
                ours, outermost = ours or _place(frame), frame
        if outermost is None or importing:
            self._end()
            return
        if self._piece is None or self._piece.frame != id(outermost):
            self._begin(outermost, now_s)
        if self._piece:
            self._piece.until_s = now_s
            self._piece.seen[ours] = self._piece.seen.get(ours, 0) + 1

    def _begin(self, outermost: FrameType, now_s: float) -> None:
        """Follow a call until it returns; not while a debugger has the tracing."""
        self._end()
        if sys.gettrace() is None:
            self._piece = _Piece(id(outermost), _place(outermost), now_s, now_s)
            outermost.f_trace_lines = False
            outermost.f_trace = self._trace
            sys.settrace(_pass_over)

    def _trace(self, _frame: FrameType, event: str, _value: object) -> TraceFunction | None:
        """Hear that the call returned."""
        if event != "return":
            return self._trace
        if self._piece:
            self._piece.until_s = time.thread_time()
        self._end()
        return None

    def _end(self) -> None:
        piece, self._piece = self._piece, None
        if piece is None:
            return
        sys.settrace(None)
        if (busy_s := piece.until_s - piece.since_s) > self._limit_s:
            seen_in = max(piece.seen, key=lambda place: piece.seen[place])
            self.stalls.append(Stall(busy_s, piece.called, seen_in))

    def _is_ours(self, frame: FrameType) -> bool:
        return str(frame.f_globals.get("__name__", "")).startswith(self._inside)


def _pass_over(_frame: FrameType, _event: str, _value: object) -> None:
    """Trace no call that begins."""


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    """Give the frames of a thread, the innermost first."""
    while frame:
        yield frame
        frame = frame.f_back


def _place(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__", ""))
    return f"{name}.{frame.f_code.co_qualname}:{frame.f_lineno}"
