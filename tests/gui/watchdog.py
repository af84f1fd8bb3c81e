"""Watches the window's thread for stalls: pieces of our work that keep it busy for long.

A piece of work runs from the moment when Qt, or a test, calls into SeqStudio until that call
returns. The processor time of this thread counts, not the wall clock: on a loaded machine the clock
advances while the thread waits, but the thread uses no processor time. Imports do not count: a
module is loaded once.

The system's profiling timer sends a signal every few milliseconds of processor time. Python handles
it on the main thread, between two bytecodes; so work is sampled while it has a Python frame, and a
long call into a library when it returns. Frames are not kept, because that would keep their locals
alive, and a painter that outlives its event crashes Qt: a trace function, as debuggers use, reports
when a sampled frame returns.
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
    """One piece of work that took too long."""

    busy_s: float  # processor time of the thread
    called: str  # the outermost function of ours
    seen_in: str  # the line of ours in most of the samples

    def __str__(self) -> str:
        return f"{1000 * self.busy_s:.0f} ms in {self.called}, mostly at {self.seen_in}"


@dataclass(slots=True)
class _Piece:
    """A piece of work that has not ended."""

    frame: int  # the id of its outermost frame
    called: str
    since_s: float  # on the thread's own clock
    until_s: float
    samples: dict[str, int] = field(default_factory=dict)


class Watchdog:
    """Watches the main thread during its `with` block.

    Parameters
    ----------
    package : only work of its modules counts
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
        """Record what the thread is doing."""
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
            self._piece.samples[ours] = self._piece.samples.get(ours, 0) + 1

    def _begin(self, outermost: FrameType, now_s: float) -> None:
        """Trace a call until it returns; not while a debugger is tracing."""
        self._end()
        if sys.gettrace() is None:
            self._piece = _Piece(id(outermost), _place(outermost), now_s, now_s)
            outermost.f_trace_lines = False
            outermost.f_trace = self._trace
            sys.settrace(_trace_nothing)

    def _trace(self, _frame: FrameType, event: str, _value: object) -> TraceFunction | None:
        """End the piece when the call returns."""
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
            seen_in = max(piece.samples, key=lambda place: piece.samples[place])
            self.stalls.append(Stall(busy_s, piece.called, seen_in))

    def _is_ours(self, frame: FrameType) -> bool:
        return str(frame.f_globals.get("__name__", "")).startswith(self._inside)


def _trace_nothing(_frame: FrameType, _event: str, _value: object) -> None:
    """Trace no new calls."""


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of a thread, the innermost first."""
    while frame:
        yield frame
        frame = frame.f_back


def _place(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__", ""))
    return f"{name}.{frame.f_code.co_qualname}:{frame.f_lineno}"
