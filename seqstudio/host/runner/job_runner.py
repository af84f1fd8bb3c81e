"""The loop that runs one job: claims items, assigns them to workers, and handles their messages."""

import contextlib
import selectors
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.messages import (
    Acting,
    Cancel,
    Done,
    Failed,
    FeedAck,
    ItemRefused,
    ItemResult,
    Notice,
    Partial,
    Pause,
    Progress,
    Ready,
    Refused,
    Resume,
)
from seqstudio.errors import JobError, PluginError, SeqStudioError
from seqstudio.host.jobs import events
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.host.limits import Limits
from seqstudio.host.runner.handle import Action
from seqstudio.host.runner.job_items import JobItems
from seqstudio.host.runner.losses import Losses
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.stream import InputStream
from seqstudio.host.runner.worker_process import MachineLostError, StoppedError, Worker
from seqstudio.host.runner.worker_state import ItemBatch, Watchdog, WorkerState
from seqstudio.services.events import event_from_plain

POLL_S = 0.2
HEARTBEAT_S = 1.0


class JobRunner:
    """Runs one job on a thread of the front end, until nothing is left to do.

    Parameters
    ----------
    items : the job's items
    start_worker : returns a worker, new or from the pool
    workers : how many workers run side by side
    limits : of each worker
    actions : pause, resume and so on, from the job's handle
    stream : the input of an operation that runs on a stream
    emit : called with each event
    on_refusal : called with the plugin and what its worker asked for and was refused
    on_worker_death : called with the plugin whose code a worker ran when it died, and how it died;
        returns why that plugin is not run any more, or ""
    release_worker : called with each worker that has finished its work
    """

    def __init__(
        self,
        items: JobItems,
        start_worker: Callable[[], Worker],
        *,
        workers: int,
        limits: Limits,
        actions: Mailbox[Action],
        stream: InputStream,
        emit: Callable[[events.JobEvent], None],
        on_refusal: Callable[[str, str], None],
        on_worker_death: Callable[[str, str], str],
        release_worker: Callable[[Worker], object],
    ) -> None:
        self._items = items
        self._start_worker = start_worker
        self._max_workers = workers
        self._watchdog = Watchdog(limits, items.log, saves=items.plan.start.verb in TRAININGS)
        self._actions = actions
        self._stream = stream
        self._emit = emit
        self._losses = Losses(items.plan.start, on_worker_death)
        self._on_refusal = on_refusal
        self._release_worker = release_worker
        self._workers: list[WorkerState] = []
        self._taken_back: list[ItemBatch] = []  # from workers that died; they run again
        self._selector = selectors.DefaultSelector()
        for source in (actions, stream):
            self._selector.register(source, selectors.EVENT_READ)
        self._paused = False
        self._cancelled = False
        self._interrupted = False  # cancelled in such a way that another process may continue
        self._failure = ""  # why no worker can run any of this job
        self._value: Mapping[str, Any] = {}
        self._last_heartbeat_s = 0.0

    def run(self) -> None:
        """Run the job; the last event says how it ended."""
        try:
            self._items.set_job_state("running")
            while self._assign_work():
                self._wait_and_handle()
            finished = self._finish()
        except JobError as error:  # nothing more can be stored, or no worker can go on
            finished = self._stopped_by(error)
        except BaseException as error:  # a bug: the job ends, so that it can be tried again
            reason = f"{type(error).__name__}: {error}"
            with contextlib.suppress(JobError):
                self._items.finish_job("failed", reason=reason, value={})
            self._emit(events.JobFinished(state="failed", reason=reason))
            raise
        finally:
            for state in self._workers:
                state.worker.kill()
            self._stream.end()
            self._selector.close()
            self._items.close()
        self._emit(finished)

    def _stopped_by(self, error: JobError) -> events.JobFinished:
        """Return the end of a job that cannot go on now; the same command continues it."""
        counts: Mapping[str, int] = {}
        with contextlib.suppress(JobError):  # a full disk can still be read
            counts = self._items.counts()
            self._items.finish_job("interrupted", reason=str(error), value={})
        return events.JobFinished(
            state="interrupted",
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            reason=str(error),
        )

    def _finish(self) -> events.JobFinished:
        for line in self._items.unfinished():
            self._emit(events.Notice(text=line))
        counts = self._items.counts()
        done, failed = counts.get("done", 0), counts.get("failed", 0)
        reason = self._failure or self._items.pilot_verdict
        state: JobState = "interrupted" if self._items.pilot_verdict else "done"
        if self._cancelled:
            state = "interrupted" if self._interrupted else "cancelled"
        if self._failure or (failed and not done and not self._cancelled):
            state = "failed"
        self._items.finish_job(state, reason=reason, value=self._value)
        counts = self._items.counts()
        return events.JobFinished(
            state=state,
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            value=self._value,
            reason=reason,
        )

    def _assign_work(self) -> bool:
        """Assign items to idle and new workers; return whether the job is still running."""
        if not (self._paused or self._cancelled or self._failure):
            idle = [state for state in self._workers if state.is_idle]
            while idle or len(self._workers) < self._max_workers:
                again = bool(self._taken_back)
                if again:
                    batch: ItemBatch | None = self._items.again(self._taken_back.pop())
                else:
                    batch = self._items.next_batch(self._emit)
                if batch is None:
                    break
                state = idle.pop() if idle else self._add_worker(batch)
                if state is None:
                    break
                self._send(state, partial(state.assign, batch))
                for item in () if again else batch.rows.values():
                    self._emit(events.ItemStarted(item=item.number, name=item.name))
            for state in idle:
                self._send(state, state.close_input)
        return bool(self._workers) or (self._paused and not self._failure)

    def _add_worker(self, batch: ItemBatch) -> WorkerState | None:
        """Start a worker; if its code may not run, the batch and the job fail with the reason."""
        try:
            state = WorkerState(self._start_worker())
        except PluginError as error:
            self._failure = str(error)
            for item in batch.rows.values():
                self._emit(self._items.fail(item, self._failure))
            return None
        self._workers.append(state)
        self._selector.register(state.worker, selectors.EVENT_READ, state)
        self._send(state, partial(state.worker.send, self._losses.start))
        return state

    def _wait_and_handle(self) -> None:
        """Wait for messages or actions and handle them, renew the lease, and check the workers."""
        for key, _ in self._selector.select(POLL_S):
            if key.data is None:
                for action in self._actions.take_all():
                    self._on_action(action)
            elif key.data in self._workers:
                self._receive(key.data)
        self._forward_stream()
        now = time.monotonic()
        if now - self._last_heartbeat_s >= HEARTBEAT_S:
            self._last_heartbeat_s = now
            if requested := self._items.renew_lease():
                self._on_action(requested)
        host_waits = self._paused or self._stream.is_drained
        for state, reason in self._watchdog.find_faults(self._workers, host_waits=host_waits):
            how = f"{reason}, and was {state.worker.kill()}"
            self._on_worker_lost(state, how, killed=True)

    def _forward_stream(self) -> None:
        """Send what was fed, as much as the worker's socket can hold."""
        self._stream.collect()
        for state in list(self._workers):
            while state.is_working and (message := self._stream.next_message()):
                self._send(state, partial(state.worker.send, message))

    def _on_action(self, action: str) -> None:
        if action in ("cancel", "interrupt"):
            self._interrupted = action == "interrupt" and not self._cancelled
            self._cancelled, self._paused = True, False
        elif not self._cancelled:
            self._paused = action == "pause"
            self._items.set_job_state("paused" if self._paused else "running")
        message = {"pause": Pause(), "resume": Resume()}.get(action, Cancel())
        for state in list(self._workers):
            if self._cancelled and not state.is_ready:  # it is loading, and has nothing to save
                state.worker.kill()
                self._remove_worker(state, "", fixable=True)
                continue
            state.note_action(cancelled=self._cancelled)
            self._send(state, partial(state.worker.send, message))

    def _send(self, state: WorkerState, send: Callable[[], None]) -> None:
        try:
            send()
        except JobError as error:
            self._on_worker_lost(state, f"failed: {error}, and was {state.worker.kill()}")

    def _receive(self, state: WorkerState) -> None:
        try:
            messages = state.worker.receive()
            if messages is None:
                self._on_worker_lost(state, state.worker.end())
                return
            for message in messages:
                self._on_message(state, message)
        except StoppedError:
            raise
        except MachineLostError as error:
            self._on_machine_lost(state, str(error))
        except SeqStudioError as error:
            self._on_worker_lost(state, f"sent a malformed {error}, and was {state.worker.kill()}")

    def _on_message(self, state: WorkerState, message: object) -> None:
        state.last_activity_s = time.monotonic()
        match message:
            case Acting(plugin=plugin):
                state.acting = self._losses.extension(plugin)
            case Notice(text=text, left_out=plugin):
                self._emit(events.Notice(text=text, left_out=self._losses.known(plugin)))
            case Refused(text=text):
                plugin = state.acting or self._losses.owner
                self._items.write_log(f"{plugin} asked to {text}: refused")
                self._on_refusal(plugin, text)
            case Ready():
                state.on_ready()
            case FeedAck():
                self._stream.acknowledge()
            case Progress(fraction=fraction, message=text, item=item, event=event):
                if event:
                    event_from_plain(event, "message")  # raises if it is not a training event
                self._emit(
                    events.ItemProgress(item=item, fraction=fraction, message=text, event=event)
                )
            case Partial(text=text, item=item):
                self._emit(events.PartialText(item=item, text=text))
            case ItemResult(partial=True):
                self._items.keep_partial(state.items[message.item], message)
            case ItemResult():
                self._emit(self._items.finish(state.pop_item(message.item), message))
            case ItemRefused():
                self._fail_item(state, message.item, message.reason, fixable=message.fixable)
            case Done(value=value):
                self._value = value or self._value
                self._on_done(state)
            case Failed(reason=reason, fixable=fixable):
                self._failure = self._failure if state.is_ready else reason
                self._remove_worker(state, reason, fixable=fixable)

    def _on_done(self, state: WorkerState) -> None:
        """Release a worker that has finished, if it has returned a result for each item."""
        if state not in self._workers or state.items or self._cancelled:
            self._on_worker_lost(state, "stopped without a result", died=False)
            return
        self._workers.remove(state)
        self._selector.unregister(state.worker)
        self._release_worker(state.worker)

    def _on_worker_lost(
        self, state: WorkerState, how: str, *, died: bool = True, killed: bool = False
    ) -> None:
        """Remove a worker that ended or was killed; its items run again or fail with the reason.

        Parameters
        ----------
        state, how : the worker, and how it ended
        died : False if it ended as it should, but left items
        killed : by us, for what it did
        """
        reason = f"the worker of {self._losses.owner} {how}; its log is {self._items.log}"
        at_work = state in self._workers and (state.items or not state.is_ready)
        if at_work and died and not self._cancelled:
            loss = self._losses.judge(state.acting, how, loading=not state.is_ready, killed=killed)
            if loss.notice:
                self._items.write_log(loss.notice)
                self._emit(events.Notice(text=loss.notice, left_out=loss.left_out))
            fed = bool(self._items.plan.stream) and state.is_ready  # its input is read already
            if loss.again and not fed:
                self._taken_back.append(state.take_back())
            self._failure = self._failure or loss.failure
            reason = loss.failure or reason
        self._remove_worker(state, reason, fixable=False)

    def _on_machine_lost(self, state: WorkerState, reason: str) -> None:
        """Remove a worker whose machine is gone: its items run on another one."""
        if state in self._workers and state.items and self._losses.machine_lost([*state.items]):
            self._emit(events.Notice(text=f"{reason}; what it did is done again on another"))
            self._taken_back.append(state.take_back())
        self._remove_worker(state, reason, fixable=True)

    def _remove_worker(self, state: WorkerState, reason: str, *, fixable: bool) -> None:
        if state not in self._workers:
            return
        self._workers.remove(state)
        self._selector.unregister(state.worker)
        state.worker.end()
        if not self._cancelled:
            for number in list(state.items):
                self._fail_item(state, number, reason, fixable=fixable)

    def _fail_item(self, state: WorkerState, number: int, reason: str, *, fixable: bool) -> None:
        self._emit(self._items.fail(state.pop_item(number).item, reason, fixable=fixable))
