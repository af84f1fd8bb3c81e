"""The loop that runs one job: claims items, feeds workers, and hears what they say."""

import contextlib
import selectors
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from seqstudio.contracts.job import State
from seqstudio.contracts.messages import (
    Cancel,
    Done,
    Failed,
    ItemFailed,
    ItemResult,
    Partial,
    Pause,
    Progress,
    Ready,
    Resume,
    Taken,
)
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.jobs import events
from seqstudio.host.runner.handle import Order
from seqstudio.host.runner.job_items import Ledger
from seqstudio.host.limits import Limits
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.stream import Stream
from seqstudio.host.runner.worker_process import Worker
from seqstudio.host.runner.worker_state import Slot, Watch
from seqstudio.services.events import event_from_plain

TICK_S = 0.2
BEAT_S = 1.0


class Driver:
    """Runs one job on a thread of the front end, until nothing is left to do."""

    def __init__(
        self,
        ledger: Ledger,
        spawn: Callable[[], Worker],
        *,
        workers: int,
        limits: Limits,
        orders: Mailbox[Order],
        stream: Stream,
        emit: Callable[[events.JobEvent], None],
        died: Callable[[str], str],
        retire: Callable[[Worker], object],
    ) -> None:
        self._ledger = ledger
        self._spawn = spawn
        self._workers = workers
        self._watch = Watch(limits, saves=ledger.plan.start.verb == "train")
        self._orders = orders
        self._stream = stream
        self._emit = emit
        self._died = died  # told how a worker died; says why no other may start, or ''
        self._retire = retire  # given a worker that did its job well
        self._slots: list[Slot] = []
        self._selector = selectors.DefaultSelector()
        for box in (orders, stream):
            self._selector.register(box, selectors.EVENT_READ)
        self._paused = False
        self._cancelled = False
        self._left = False  # cancelled here, so that another process may go on
        self._broken = ""  # why no worker can do any of this job
        self._value: Mapping[str, Any] = {}
        self._beaten = 0.0

    def run(self) -> None:
        """Run the job; the last event says how it ended."""
        try:
            self._ledger.state("running")
            while self._advance():
                self._turn()
            finished = self._finish()
        except JobError as bad:  # the books are lost or full: nothing more can be recorded
            finished = events.JobFinished(state="interrupted", reason=str(bad))
        except BaseException as bad:  # a bug: the job is over, so that it can be tried again
            reason = f"{type(bad).__name__}: {bad}"
            with contextlib.suppress(JobError):
                self._ledger.finish("failed", reason=reason, value={})
            self._emit(events.JobFinished(state="failed", reason=reason))
            raise
        finally:
            for slot in self._slots:
                slot.worker.kill()
            self._stream.end()
            self._selector.close()
            self._ledger.close()
        self._emit(finished)

    def _finish(self) -> events.JobFinished:
        counts = self._ledger.counts()
        done, failed = counts.get("done", 0), counts.get("failed", 0)
        state: State = "done"
        if self._cancelled:
            state = "interrupted" if self._left else "cancelled"
        if self._broken or (failed and not done and not self._cancelled):
            state = "failed"
        self._ledger.finish(state, reason=self._broken, value=self._value)
        counts = self._ledger.counts()
        return events.JobFinished(
            state=state,
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            value=self._value,
            reason=self._broken,
        )

    def _advance(self) -> bool:
        """Give work to those who can take it; say whether anything is still going on."""
        if not (self._paused or self._cancelled or self._broken):
            idle = [slot for slot in self._slots if slot.idle]
            while idle or len(self._slots) < self._workers:
                work = self._ledger.next(self._emit)
                if work is None:
                    break
                slot = idle.pop() if idle else self._hire()
                self._say(slot, partial(slot.give, work))
                for item in work.items.values():
                    self._emit(events.ItemStarted(item=item.number, name=item.name))
            for slot in idle:
                self._say(slot, slot.dismiss)
        return bool(self._slots) or (self._paused and not self._broken)

    def _hire(self) -> Slot:
        slot = Slot(self._spawn())
        self._slots.append(slot)
        self._selector.register(slot.worker, selectors.EVENT_READ, slot)
        self._say(slot, partial(slot.worker.send, self._ledger.plan.start))
        return slot

    def _turn(self) -> None:
        for key, _ in self._selector.select(TICK_S):
            if key.data is None:
                for order in self._orders.take():
                    self._obey(order)
            elif key.data in self._slots:
                self._hear(key.data)
        self._pour()
        now = time.monotonic()
        if now - self._beaten >= BEAT_S:
            self._beaten = now
            if wish := self._ledger.beat():
                self._obey(wish)
        waits = self._paused or self._stream.dry
        for slot, reason in self._watch.faults(self._slots, waits=waits):
            self._lose(slot, f"{reason}, and was {slot.worker.kill()}")

    def _pour(self) -> None:
        """Pass on what was fed, as much as the worker can hold."""
        self._stream.collect()
        for slot in list(self._slots):
            while slot.at_work and (message := self._stream.next()):
                self._say(slot, partial(slot.worker.send, message))

    def _obey(self, order: str) -> None:
        if order in ("cancel", "leave"):
            self._left = order == "leave" and not self._cancelled
            self._cancelled, self._paused = True, False
        elif not self._cancelled:
            self._paused = order == "pause"
            self._ledger.state("paused" if self._paused else "running")
        message = {"pause": Pause(), "resume": Resume()}.get(order, Cancel())
        for slot in list(self._slots):
            if self._cancelled and not slot.ready:  # it loads, and has nothing to save
                slot.worker.kill()
                self._let_go(slot, "")
                continue
            slot.order(cancelled=self._cancelled)
            self._say(slot, partial(slot.worker.send, message))

    def _say(self, slot: Slot, say: Callable[[], None]) -> None:
        try:
            say()
        except JobError as bad:
            self._lose(slot, f"{bad}, and was {slot.worker.kill()}")

    def _hear(self, slot: Slot) -> None:
        try:
            messages = slot.worker.receive()
            if messages is None:
                self._lose(slot, slot.worker.end())
                return
            for message in messages:
                self._take(slot, message)
        except SeqStudioError as bad:
            self._lose(slot, f"sent what is no {bad}, and was {slot.worker.kill()}")

    def _take(self, slot: Slot, message: object) -> None:
        slot.heard = time.monotonic()
        match message:
            case Ready():
                slot.start()
            case Taken():
                self._stream.taken()
            case Progress(fraction=fraction, note=note, item=item, event=event):
                if event:
                    event_from_plain(event, "message")  # raises where it is none
                self._emit(
                    events.ItemProgress(item=item, fraction=fraction, note=note, event=event)
                )
            case Partial(text=text, item=item):
                self._emit(events.PartialText(item=item, text=text))
            case ItemResult():
                self._emit(self._ledger.done(slot.take(message.item), message))
            case ItemFailed():
                self._fail(slot, message.item, message.reason)
            case Done(value=value):
                self._value = value or self._value
                self._part(slot)
            case Failed(reason=reason):
                self._broken = self._broken if slot.ready else reason
                self._let_go(slot, reason)

    def _part(self, slot: Slot) -> None:
        """Let go of a worker that says it is done."""
        if slot not in self._slots or slot.items or self._cancelled:
            self._lose(slot, "stopped without a result", died=False)
            return
        self._slots.remove(slot)
        self._selector.unregister(slot.worker)
        self._retire(slot.worker)

    def _lose(self, slot: Slot, how: str, *, died: bool = True) -> None:
        """Let go of a worker that ended or was ended; what it had in hand fails with the reason."""
        plugin = self._ledger.plan.start.plugin.id
        if slot in self._slots and died and not self._cancelled and (slot.items or not slot.ready):
            self._broken = self._died(how)
        if not (slot.ready or self._cancelled):
            loading = f"plugin {plugin!r}: its worker {how} while it was loading"
            self._broken = self._broken or loading
        self._let_go(slot, f"the worker of {plugin} {how}; its log is {self._ledger.log}")

    def _let_go(self, slot: Slot, reason: str) -> None:
        if slot not in self._slots:
            return
        self._slots.remove(slot)
        self._selector.unregister(slot.worker)
        slot.worker.end()
        if not self._cancelled:
            for number in list(slot.items):
                self._fail(slot, number, reason)

    def _fail(self, slot: Slot, number: int, reason: str) -> None:
        self._emit(self._ledger.failed(slot.take(number).item, reason))
