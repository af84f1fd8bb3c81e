"""One worker of a job with what it has in hand, and the watch over all of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seqstudio.contracts.messages import CloseInput, Item, Items
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.processes import machine_memory_bytes
from seqstudio.host.limits import Limits
from seqstudio.host.runner.worker_process import Worker

GIB = 2**30


@dataclass(frozen=True, slots=True)
class InHand:
    """An item that a worker is at: its row, and what will be recorded of it."""

    item: ItemRow
    record: Mapping[str, Any]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker is given at a time: items that share their inputs."""

    hands: tuple[InHand, ...]

    @property
    def items(self) -> Mapping[int, ItemRow]:
        """The items by number."""
        return {hand.item.number: hand.item for hand in self.hands}

    def message(self) -> Items:
        """Say it to a worker."""
        rows = [hand.item for hand in self.hands]
        return Items(
            items=tuple(map(_item, rows)),
            inputs={name: tuple(map(str, paths)) for name, paths in rows[0].inputs.items()},
        )


def _item(row: ItemRow) -> Item:
    targets = {
        output: {form: str(path) for form, path in forms.items()}
        for output, forms in row.targets.items()
    }
    return Item(item=row.number, take=row.take, seed=row.seed, targets=targets)


@dataclass(eq=False)
class Slot:
    """One worker: loading, then idle or at work, then dismissed."""

    worker: Worker
    heard: float = field(default_factory=time.monotonic)  # its last message, or our last order
    ready: bool = False
    leaving: bool = False  # dismissed or cancelled: it should end soon
    items: dict[int, InHand] = field(default_factory=dict)
    waiting: Items | None = None  # for it to be ready

    @property
    def idle(self) -> bool:
        """Whether it can take work."""
        return self.ready and not self.items and not self.leaving

    @property
    def at_work(self) -> bool:
        """Whether it has something in hand and can hear more of it."""
        return self.ready and bool(self.items) and not self.leaving

    def give(self, work: Work) -> None:
        """Hand it work, now or as soon as it is ready."""
        self.items = {hand.item.number: hand for hand in work.hands}
        self.heard = time.monotonic()
        if self.ready:
            self.worker.send(work.message())
        else:
            self.waiting = work.message()

    def start(self) -> None:
        """Hear that it is ready, and hand over what waits."""
        self.ready = True
        if self.waiting is not None:
            self.worker.send(self.waiting)
            self.waiting = None

    def order(self, *, cancelled: bool) -> None:
        """Note that it was given an order."""
        if not (cancelled and self.leaving):
            self.heard = time.monotonic()
        self.leaving = self.leaving or cancelled

    def dismiss(self) -> None:
        """Tell it that nothing more comes."""
        self.leaving = True
        self.heard = time.monotonic()
        self.worker.send(CloseInput())

    def take(self, number: int) -> InHand:
        """Take an item out of its hands.

        Raises
        ------
        JobError
            If it never had it, or has ended it already.
        """
        if number not in self.items:
            held = ", ".join(map(str, self.items)) or "none"
            raise JobError(f"message about item {number}, expected one of: {held}")
        return self.items.pop(number)


class Watch:
    """Finds workers that are too silent, too slow to end, or too large."""

    def __init__(self, limits: Limits, *, saves: bool) -> None:
        self._limits = limits
        self._leave_s = limits.save_s if saves else limits.cancel_s
        self._memory = int(machine_memory_bytes() * limits.memory_share)

    def faults(self, slots: Sequence[Slot], *, waits: bool) -> Iterator[tuple[Slot, str]]:
        """Give each worker that must be ended now, with the reason.

        `waits`: the silence of those at work is ours, who paused them or have fed them nothing.
        """
        now = time.monotonic()
        held = {id(slot): slot.worker.resident_bytes() for slot in slots}
        largest = max(held.values(), default=0) if sum(held.values()) > self._memory else None
        for slot in list(slots):
            limit, state = self._silence(slot)
            if waits and not slot.leaving and slot.ready:
                slot.heard = now
            if held[id(slot)] == largest:
                used, allowed = sum(held.values()) / GIB, self._memory / GIB
                yield slot, f"held {used:.1f} GiB of memory, expected at most {allowed:.1f} GiB"
            elif now - slot.heard > limit:
                yield slot, f"{state} for {limit:g} s"

    def _silence(self, slot: Slot) -> tuple[float, str]:
        if slot.leaving:
            return self._leave_s, "did not stop"
        if not slot.ready:
            return self._limits.start_s, "was not ready"
        return self._limits.silence_s, "said nothing"
