"""Watches the window's thread for stalls: pieces of our work that keep it from the user for long.

A piece of work runs from the moment when Qt, or a test, calls into SeqStudio until that call
returns, or waits for events. Imports do not count: a module is loaded once. There are two limits,
and other programs on the machine use up neither:

- of work: the processor time of the thread, as `Clocks.work_s` weighs it
- of blocking: the time in which the thread neither runs nor waits for its turn, because it sleeps,
  or waits for a disk, a lock or another thread. How long it waits for a core, the kernel counts;
  for Python's lock, a second thread waits as long. That thread's worst delay is taken off a few
  times: each other thread that the work waits for may be as late

The second thread raises a signal every few milliseconds. Python handles it on the main thread,
between two bytecodes; so work is sampled while it has a Python frame, and a long call into a
library when it returns: the time since the last sample then belongs to it. The signal arrives on
the second thread, and interrupts no call.

Frames are not kept, because that would keep their locals alive, and a painter that outlives its
event crashes Qt: a trace function, as debuggers use, reports when a sampled frame returns.
"""

import dis
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

from PySide6.QtCore import QAbstractEventDispatcher
from thread_clocks import Clocks, waited_for_core_s

OURS = "seqstudio."
WORK_S = 0.5  # of any piece of work, also of one that builds a page or a form for the first time
BLOCKED_S = 2.0  # an edit waits until it is on the disk, to which other programs write too
PROMPT_S = 0.1  # of what the user does again and again
LOOK_S = 0.01
LATE_THREADS = 8  # that a piece of work may wait for, one after the other
TraceFunction = Callable[[FrameType, str, Any], Any]
IMPORTING = "<frozen importlib._bootstrap>"


@dataclass(frozen=True, slots=True)
class Stall:
    """One piece of work that took too long."""

    busy_s: float  # weighed, if it is the reason
    blocked_s: float
    called: str  # the outermost function of ours
    seen_in: str  # the line of ours in most of the samples

    def __str__(self) -> str:
        spent = f"{1000 * self.busy_s:.0f} ms busy, {1000 * self.blocked_s:.0f} ms blocked"
        return f"{spent} in {self.called}, mostly at {self.seen_in}"


@dataclass(slots=True)
class _Piece:
    """A piece of work that has not ended."""

    frame: int  # the id of its outermost frame
    called: str
    since: Clocks
    until: Clocks
    samples: dict[str, int] = field(default_factory=dict)


class Watchdog:
    """Watches the main thread during its `with` block.

    Parameters
    ----------
    work_s : of processor time that one piece of work may take
    blocked_s : for which it may be blocked
    """

    def __init__(self, *, work_s: float = WORK_S, blocked_s: float = BLOCKED_S) -> None:
        self.stalls: list[Stall] = []
        self._work_s, self._blocked_s = work_s, blocked_s
        self._piece: _Piece | None = None
        self._lock_s = 0.0  # how long the second thread has waited for Python's lock
        # When the second thread woke up, and how late.
        self._delays: deque[tuple[float, float]] = deque(maxlen=1000)
        self._asleep_s = 0.0  # since when
        self._weighing = self._waiting = False
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._last = self._clocks()
        self._before = signal.signal(signal.SIGPROF, lambda _, frame: self._look(frame))
        self._thread = threading.Thread(target=self._raise_signals, daemon=True)
        self._thread.start()
        if loop := QAbstractEventDispatcher.instance():
            loop.aboutToBlock.connect(self._wait)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if loop := QAbstractEventDispatcher.instance():
            loop.aboutToBlock.disconnect(self._wait)
        signal.signal(signal.SIGPROF, self._before)
        self._end()

    def _raise_signals(self) -> None:
        """Ask the main thread for looks, and see how long Python's lock takes; on a thread."""
        for_core_s = waited_for_core_s()
        self._asleep_s = start_s = time.perf_counter()
        while not self._stop.wait(LOOK_S):
            woke_s, before_s, for_core_s = time.perf_counter(), for_core_s, waited_for_core_s()
            signal.raise_signal(signal.SIGPROF)
            late_s = max(woke_s - start_s - LOOK_S, 0.0)
            for_lock_s = max(late_s - (for_core_s - before_s), 0.0)
            self._delays.append((woke_s, late_s))
            self._asleep_s = start_s = time.perf_counter()
            self._lock_s += for_lock_s + start_s - woke_s  # it had the lock since it woke up

    def _clocks(self) -> Clocks:
        return Clocks.now(self._lock_s)

    def _wait(self) -> None:
        """End the piece: the event loop waits, until the next look."""
        self._end()
        self._waiting = True

    def _look(self, innermost: FrameType | None) -> None:
        """Record what the thread is doing."""
        if self._weighing:
            return
        before, self._last = self._last, self._clocks()
        if self._waiting:
            before, self._waiting = self._last, False
        ours, importing, outermost = "", False, None
        for frame in _outward(innermost):
            importing |= frame.f_code.co_filename == IMPORTING
            if _is_ours(frame):
                ours, outermost = ours or _place(frame), frame
        if outermost is None or importing:
            self._end()
            return
        if self._piece is None or self._piece.frame != id(outermost):
            entered = innermost is outermost and _just_called(outermost)
            self._begin(outermost, self._last if entered else before)
        if self._piece:
            self._piece.until = self._last
            self._piece.samples[ours] = self._piece.samples.get(ours, 0) + 1

    def _begin(self, outermost: FrameType, since: Clocks) -> None:
        """Trace a call until it returns; not while a debugger is tracing."""
        self._end()
        if sys.gettrace() is None:
            self._piece = _Piece(id(outermost), _place(outermost), since, since)
            outermost.f_trace_lines = False
            outermost.f_trace = self._trace
            sys.settrace(_trace_nothing)

    def _trace(self, _frame: FrameType, event: str, _value: object) -> TraceFunction | None:
        """End the piece when the call returns."""
        if event != "return":
            return self._trace
        if self._piece:
            self._piece.until = self._last = self._clocks()
        self._end()
        return None

    def _end(self) -> None:
        piece, self._piece = self._piece, None
        if piece is None:
            return
        sys.settrace(None)
        spent = piece.until.since(piece.since)
        busy_s = spent.processor_s
        late_s = LATE_THREADS * self._worst_delay_s(piece.since.wall_s)
        blocked_s = max(spent.blocked_s - late_s, 0.0)
        if busy_s > self._work_s:
            self._weighing = True
            busy_s = spent.work_s()
            self._weighing = False
            self._last = self._clocks()
        if busy_s > self._work_s or blocked_s > self._blocked_s:
            seen_in = max(piece.samples, key=lambda place: piece.samples[place])
            self.stalls.append(Stall(busy_s, blocked_s, piece.called, seen_in))

    def _worst_delay_s(self, since_s: float) -> float:
        """Return how late the second thread woke up at worst, or is about to, since a time."""
        now_late_s = time.perf_counter() - self._asleep_s - LOOK_S
        late = [late_s for woke_s, late_s in tuple(self._delays) if woke_s >= since_s]
        return max((*late, now_late_s, 0.0))


def _trace_nothing(_frame: FrameType, _event: str, _value: object) -> None:
    """Trace no new calls."""


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of a thread, the innermost first."""
    while frame:
        yield frame
        frame = frame.f_back


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(OURS)


def _just_called(frame: FrameType) -> bool:
    """Whether a function has not begun: what took time came before it."""
    begins = frame.f_code.co_code[::2].find(dis.opmap["RESUME"])
    return frame.f_lasti <= 2 * begins


def _place(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__", ""))
    return f"{name}.{frame.f_code.co_qualname}:{frame.f_lineno}"
