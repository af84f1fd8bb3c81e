"""The state of each worker of a job and its items, and the watchdog that checks them."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.messages import CloseInput, Item, Items
from seqstudio.errors import JobError
from seqstudio.host.catalogue.file_stamp import FileStamp
from seqstudio.host.confinement.policy import GIB
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.limits import Limits
from seqstudio.host.processes import machine_memory_bytes
from seqstudio.host.runner.worker_process import Worker

ASLEEP_S = 5.0  # between two looks, which are 0.2 s apart: this process did not run either


@dataclass(frozen=True, slots=True)
class ActiveItem:
    """An item that a worker runs: its row, its provenance, and its fingerprint."""

    item: ItemRow
    provenance: Mapping[str, Any]
    fingerprint: str
    stamps: Mapping[Path, FileStamp] = field(default_factory=dict)  # of its inputs, as hashed


@dataclass(frozen=True, slots=True)
class ItemBatch:
    """The items that a worker gets at a time; they share their inputs."""

    items: tuple[ActiveItem, ...]
    pieces: Path | None = None  # the file of finished pieces

    @property
    def rows(self) -> Mapping[int, ItemRow]:
        """The rows of the items, by number."""
        return {active.item.number: active.item for active in self.items}

    def message(self) -> Items:
        """Return the message that assigns them to a worker."""
        rows = [active.item for active in self.items]
        return Items(
            items=tuple(map(_item_message, rows)),
            pieces=str(self.pieces or ""),
            inputs={name: tuple(map(str, paths)) for name, paths in rows[0].inputs.items()},
        )


def _item_message(row: ItemRow) -> Item:
    targets = {
        output: {form: str(path) for form, path in forms.items()}
        for output, forms in row.targets.items()
    }
    return Item(item=row.number, take=row.take, seed=row.seed, targets=targets)


@dataclass(eq=False)
class WorkerState:
    """One worker: loading, then idle or working, then ending."""

    worker: Worker
    last_activity_s: float = field(default_factory=time.monotonic)  # last message to or from it
    acting: str = ""  # the extension whose code it runs; "" for the plugin whose job it is
    is_ready: bool = False
    is_ending: bool = False  # its input is closed or it is cancelled: it should end soon
    items: dict[int, ActiveItem] = field(default_factory=dict)
    pieces: Path | None = None
    pending: Items | None = None  # sent when it is ready

    @property
    def is_idle(self) -> bool:
        """Whether it can be assigned work."""
        return self.is_ready and not self.items and not self.is_ending

    @property
    def is_working(self) -> bool:
        """Whether it has items and accepts stream data."""
        return self.is_ready and bool(self.items) and not self.is_ending

    def assign(self, batch: ItemBatch) -> None:
        """Send it items, now or when it is ready."""
        self.items = {active.item.number: active for active in batch.items}
        self.pieces = batch.pieces
        self.last_activity_s = time.monotonic()
        if self.is_ready:
            self.worker.send(batch.message())
        else:
            self.pending = batch.message()

    def take_back(self) -> ItemBatch:
        """Remove and return its items, which another worker is to run."""
        batch = ItemBatch(tuple(self.items.values()), self.pieces)
        self.items, self.pending = {}, None
        return batch

    def on_ready(self) -> None:
        """Mark it as ready and send it the pending items."""
        self.is_ready = True
        if self.pending is not None:
            self.worker.send(self.pending)
            self.pending = None

    def note_action(self, *, cancelled: bool) -> None:
        """Restart its timeout, because it was paused, resumed or cancelled; a cancel only once."""
        if not (cancelled and self.is_ending):
            self.last_activity_s = time.monotonic()
        self.is_ending = self.is_ending or cancelled

    def close_input(self) -> None:
        """Tell it that there are no more items."""
        self.is_ending = True
        self.last_activity_s = time.monotonic()
        self.worker.send(CloseInput())

    def pop_item(self, number: int) -> ActiveItem:
        """Remove and return one of its items.

        Raises
        ------
        JobError
            If it does not have this item, or not any more.
        """
        if number not in self.items:
            known = ", ".join(map(str, self.items)) or "none"
            raise JobError(f"message about item {number}, expected one of: {known}")
        return self.items.pop(number)


class Watchdog:
    """Finds workers that send no messages, do not stop in time, or use too much memory."""

    def __init__(self, limits: Limits, log: Path, *, saves: bool) -> None:
        self._limits = limits
        self._log = log
        self._end_timeout_s = limits.save_timeout_s if saves else limits.cancel_timeout_s
        self._memory_bytes = int(machine_memory_bytes() * limits.memory_share)
        self._looked_s = time.monotonic()

    def find_faults(
        self, states: Sequence[WorkerState], *, host_waits: bool
    ) -> Iterator[tuple[WorkerState, str]]:
        """Yield each worker that must be killed now, with the reason.

        `host_waits`: working workers are silent because the host paused them or sent no input.
        """
        now = time.monotonic()
        if (unseen_s := now - self._looked_s) > ASLEEP_S:
            for state in states:  # it slept with the host, as in a machine that was suspended
                state.last_activity_s = min(now, state.last_activity_s + unseen_s)
        self._looked_s = now
        used = {id(state): state.worker.resident_bytes() for state in states}
        total = sum(used.values())
        largest = max(used.values(), default=0) if total > self._memory_bytes else None
        written = self._log.stat().st_size if self._log.exists() else 0
        if written > self._limits.log_bytes:
            os.truncate(self._log, self._limits.log_bytes)
        for state in list(states):
            timeout_s, fault = self._timeout(state)
            if host_waits and not state.is_ending and state.is_ready:
                state.last_activity_s = now
            if used[id(state)] == largest:
                memory = self._memory_bytes / GIB
                yield (
                    state,
                    f"held {total / GIB:.1f} GiB of memory, expected at most {memory:.1f} GiB",
                )
            elif written > (allowed := self._limits.log_bytes):
                yield state, f"wrote {written} bytes to its log, expected at most {allowed}"
            elif (tasks := state.worker.task_count()) > self._limits.tasks:
                allowed_tasks = self._limits.tasks
                yield state, f"had {tasks} processes and threads, expected at most {allowed_tasks}"
            elif now - state.last_activity_s > timeout_s:
                yield state, f"{fault} for {timeout_s:g} s"

    def _timeout(self, state: WorkerState) -> tuple[float, str]:
        if state.is_ending:
            return self._end_timeout_s, "did not stop"
        if not state.is_ready:
            return self._limits.start_timeout_s, "was not ready"
        return self._limits.message_timeout_s, "sent no message"
