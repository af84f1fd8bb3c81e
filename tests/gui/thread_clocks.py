"""The clocks of a thread, and how long its work would take on a machine of its own."""

import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

REFERENCE_S = 0.0016  # of `known_work` on an idle core of the machine that the limits were set on
MAX_SLOWDOWN = 3.0  # a core that seems slower is not believed
REFILL_S = 0.0005  # of processor time, to fill the caches again after another program had the core
THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)  # Linux counts by thread


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a thread at one moment, or their difference between two moments."""

    wall_s: float
    processor_s: float
    waited_s: float  # for a core, and for Python's lock
    preempted: int  # how often another program took the core

    @classmethod
    def now(cls, lock_s: float) -> Self:
        """Read the clocks of this thread; `lock_s` is its time of waiting for Python's lock."""
        preempted = resource.getrusage(THREAD).ru_nivcsw
        waited_s = waited_for_core_s() + lock_s
        return cls(time.perf_counter(), time.thread_time(), waited_s, preempted)

    def since(self, before: "Clocks") -> "Clocks":
        """Return the difference from an earlier moment."""
        return Clocks(
            self.wall_s - before.wall_s,
            self.processor_s - before.processor_s,
            self.waited_s - before.waited_s,
            self.preempted - before.preempted,
        )

    @property
    def blocked_s(self) -> float:
        """The time in which the thread neither ran nor waited for its turn to run."""
        return max(self.wall_s - self.processor_s - self.waited_s, 0.0)

    def work_s(self) -> float:
        """Return the processor time that the same work takes on an idle reference core.

        It measures how slow this core is now: call it right after the work.
        """
        return (self.processor_s - REFILL_S * self.preempted) / slowdown()


def waited_for_core_s() -> float:
    """Return how long this thread has waited for a core; 0 where the kernel does not say."""
    with suppress(OSError):  # Linux alone has it
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


def slowdown() -> float:
    """Return how much slower than the reference this core is now, at least 1."""
    return min(max(*(known_work() / REFERENCE_S for _ in range(5)), 1.0), MAX_SLOWDOWN)


def known_work() -> float:
    """Return the processor seconds of a known piece of work: some arithmetic and some objects."""
    since_s = time.thread_time()
    sum([number * number for number in range(20_000)])
    dict.fromkeys(map(str, range(3000)))
    return time.thread_time() - since_s
