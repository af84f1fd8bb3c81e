"""The progress of a batch: how much sound a minute, how long it still takes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted
from seqstudio.host.text_format import format_duration

LEAST_S = 3.0  # of work, before a remaining time is estimated


@dataclass(slots=True)
class BatchProgress:
    """Counts what is done of a batch, from its events.

    Parameters
    ----------
    sizes : item -> bytes of its inputs, by which the items that are left are weighed
    clock : seconds that only grow
    """

    sizes: Mapping[int, int]
    clock: Callable[[], float] = time.monotonic
    ended: int = 0  # items
    audio_s: float = 0.0  # of the items that were done, without those done before
    _began_s: float | None = None
    _done_bytes: float = 0.0
    _skipped_bytes: float = 0.0  # took no time
    _running: dict[int, float] = field(default_factory=dict)  # item -> fraction

    def on_event(self, event: object) -> None:
        """Count an event."""
        match event:
            case ItemStarted(item=item):
                self._began_s = self._began_s if self._began_s is not None else self.clock()
                self._running[item] = 0.0
            case ItemProgress(item=item, fraction=fraction) if item in self._running:
                self._running[item] = fraction
            case ItemDone(item=item, skipped=True):
                self.ended += 1
                self._skipped_bytes += self.sizes.get(item, 0)
            case ItemDone(item=item) | ItemFailed(item=item):
                self.ended += 1
                self._running.pop(item, None)
                self._done_bytes += self.sizes.get(item, 0)
                if isinstance(event, ItemDone):
                    self.audio_s += float(event.details.get("duration_s") or 0.0)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first item began."""
        return 0.0 if self._began_s is None else self.clock() - self._began_s

    @property
    def fraction(self) -> float:
        """The part of the batch that is done, 0 to 1."""
        total = sum(self.sizes.values())
        return min(1.0, (self._worked_bytes() + self._skipped_bytes) / total) if total else 0.0

    def remaining_s(self) -> float | None:
        """Return the seconds left at the speed so far; None if that is not known yet."""
        worked = self._worked_bytes()
        if self.elapsed_s < LEAST_S or not worked:
            return None
        left = sum(self.sizes.values()) - worked - self._skipped_bytes
        return self.elapsed_s * max(0.0, left) / worked

    def speed(self) -> str:
        """Return how fast sound is done, as people and as papers say it; "" if there is none."""
        if not self.audio_s or not self.elapsed_s:
            return ""
        minutes = self.audio_s / self.elapsed_s
        factor = self.elapsed_s / self.audio_s
        return f"{minutes:.1f} audio minutes a minute, real-time factor {factor:.2g}"

    def line(self) -> str:
        """Return where the batch stands, on one line."""
        parts = [f"{self.ended} of {len(self.sizes)} files", self.speed()]
        if (left_s := self.remaining_s()) is not None:
            parts.append(f"about {format_duration(left_s)} left")
        return "; ".join(part for part in parts if part)

    def total(self) -> str:
        """Return what was done in all, on one line; "" if no sound was."""
        if not (speed := self.speed()):
            return ""
        return f"{self.audio_s / 3600:.2f} h of sound in {format_duration(self.elapsed_s)}: {speed}"

    def _worked_bytes(self) -> float:
        running = (self.sizes.get(item, 0) * done for item, done in self._running.items())
        return self._done_bytes + sum(running)
