"""How far a running job is, and how long it will still take, from the events that it sends."""

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

CALIBRATED_S = 3.0  # of progress, before a time is given
CALIBRATED = 0.02  # of the whole, likewise


@dataclass(slots=True)
class Moving:
    """One item that is under way."""

    name: str
    fraction: float = 0.0
    note: str = ""
    text: str = ""  # what it has found so far


@dataclass(slots=True)
class Progress:
    """One job that this process runs."""

    feeds: Mapping[int, int]  # item -> what it was given with: takes of one input go together
    ended: int = 0  # items, before it was started and since
    moving: dict[int, Moving] = field(default_factory=dict)
    _since_s: float = -1.0  # when the first progress came; -1: not yet
    _from: float = 0.0  # how far it was then
    _paused_s: float = -1.0  # when it was paused; -1: it is not

    @property
    def total(self) -> int:
        """How many items there are."""
        return max(len(self.feeds), 1)

    @property
    def fraction(self) -> float:
        """How far the whole is, 0 to 1."""
        under_way = sum(one.fraction for one in self.moving.values())
        return min((self.ended + under_way) / self.total, 1.0)

    def hear(self, event: JobEvent, now_s: float) -> None:
        """Take an event in.

        Parameters
        ----------
        event : of this job
        now_s : seconds on a clock that never goes back
        """
        match event:
            case ItemStarted(item=item, name=name):
                self.moving[item] = Moving(name)
            case ItemProgress(item=item, fraction=fraction, note=note):
                for one in self._together(item):
                    one.fraction, one.note = fraction, note
                self._begin(now_s)
            case PartialText(item=item, text=text):
                for one in self._together(item):
                    one.text = text
                self._begin(now_s)
            case ItemDone(item=item, skipped=skipped):
                self.moving.pop(item, None)
                self.ended += 1
                if skipped:  # came for nothing: says nothing of the time that the others take
                    self._from += 1 / self.total
            case ItemFailed(item=item):
                self.moving.pop(item, None)
                self.ended += 1

    def pause(self, now_s: float) -> None:
        """Stop the clock."""
        if self._paused_s < 0:
            self._paused_s = now_s

    def go_on(self, now_s: float) -> None:
        """Let the clock run again."""
        if self._paused_s >= 0 and self._since_s >= 0:
            self._since_s += now_s - self._paused_s
        self._paused_s = -1.0

    def left_s(self, now_s: float) -> float | None:
        """Give the seconds that are left if it goes on as it has; None where that is not known."""
        if self._since_s < 0 or self._paused_s >= 0:
            return None
        spent, done = now_s - self._since_s, self.fraction - self._from
        if spent < CALIBRATED_S or done < CALIBRATED:
            return None
        return spent / done * (1 - self.fraction)

    def _begin(self, now_s: float) -> None:
        """Start the clock with the first progress: loading a model says nothing of the rest."""
        if self._since_s < 0:
            self._since_s, self._from = now_s, self.fraction

    def _together(self, item: int) -> list[Moving]:
        """Give what is under way with an item: a worker speaks of all that it was given at once."""
        feed = self.feeds.get(item)
        return [one for number, one in self.moving.items() if self.feeds.get(number) == feed]
