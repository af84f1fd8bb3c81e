"""The progress of a running job and an estimate of its remaining time, from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seqstudio.host.jobs.events import (
    ItemDone,
    ItemFailed,
    ItemProgress,
    ItemStarted,
    JobEvent,
    PartialText,
)

MIN_ELAPSED_S = 3.0  # of progress, before a remaining time is estimated
MIN_FRACTION = 0.02  # of the whole job, likewise


@dataclass(slots=True)
class RunningItem:
    """One item that a worker is processing."""

    name: str
    fraction: float = 0.0
    message: str = ""
    text: str = ""  # partial result


@dataclass(slots=True)
class JobProgress:
    """The progress of one job that this process runs."""

    batches: Mapping[int, int]  # item -> its batch: takes of one input are processed together
    ended: int = 0  # items, before it was started and since
    running: dict[int, RunningItem] = field(default_factory=dict)
    _start_s: float = -1.0  # time of the first progress; -1: none yet
    _start_fraction: float = 0.0  # at that time
    _paused_s: float = -1.0  # time when it was paused; -1: it is not

    @property
    def total(self) -> int:
        """The number of items."""
        return max(len(self.batches), 1)

    @property
    def fraction(self) -> float:
        """The fraction of the whole job that is done, 0 to 1."""
        partial = sum(item.fraction for item in self.running.values())
        return min((self.ended + partial) / self.total, 1.0)

    def on_event(self, event: JobEvent, now_s: float) -> None:
        """Update from an event.

        Parameters
        ----------
        event : of this job
        now_s : seconds on a monotonic clock
        """
        match event:
            case ItemStarted(item=item, name=name):
                self.running[item] = RunningItem(name)
            case ItemProgress(item=item, fraction=fraction, message=message):
                for one in self._same_batch(item):
                    one.fraction, one.message = fraction, message
                self._start_clock(now_s)
            case PartialText(item=item, text=text):
                for one in self._same_batch(item):
                    one.text = text
                self._start_clock(now_s)
            case ItemDone(item=item, skipped=skipped):
                self.running.pop(item, None)
                self.ended += 1
                if skipped:  # it took no time: leave it out of the estimate
                    self._start_fraction += 1 / self.total
            case ItemFailed(item=item):
                self.running.pop(item, None)
                self.ended += 1

    def pause(self, now_s: float) -> None:
        """Stop the clock."""
        if self._paused_s < 0:
            self._paused_s = now_s

    def resume(self, now_s: float) -> None:
        """Start the clock again."""
        if self._paused_s >= 0 and self._start_s >= 0:
            self._start_s += now_s - self._paused_s
        self._paused_s = -1.0

    def remaining_s(self, now_s: float) -> float | None:
        """Return the seconds left at the average speed so far; None where that is unknown."""
        if self._start_s < 0 or self._paused_s >= 0:
            return None
        elapsed, done = now_s - self._start_s, self.fraction - self._start_fraction
        if elapsed < MIN_ELAPSED_S or done < MIN_FRACTION:
            return None
        return elapsed / done * (1 - self.fraction)

    def _start_clock(self, now_s: float) -> None:
        """Start the clock with the first progress, so that loading a model does not count."""
        if self._start_s < 0:
            self._start_s, self._start_fraction = now_s, self.fraction

    def _same_batch(self, item: int) -> list[RunningItem]:
        """Return the running items of an item's batch: a worker reports on all of them at once."""
        batch = self.batches.get(item)
        return [one for number, one in self.running.items() if self.batches.get(number) == batch]
