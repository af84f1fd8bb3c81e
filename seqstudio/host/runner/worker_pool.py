"""Workers that stay after their job, so that the next of the same plugin need not load torch again.

Only what ended well stays. A worker serves the plugin whose code it has loaded, as that code was on
the disk; it never serves another.
"""

import threading
import time
from collections.abc import Hashable, Sequence
from pathlib import Path

from seqstudio.host.jobs.plan import Plan
from seqstudio.host.processes import processors
from seqstudio.host.runner.worker_process import LOG, ProcessWorker, Worker

IDLE_S = 600.0  # after this long unused, its memory is worth more
ROOM = 2  # workers that may stay: one for each instrument in the box


class WarmWorkers:
    """The idle workers of one front end, by what they have loaded; for any thread."""

    def __init__(self, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._idle: list[tuple[Hashable, ProcessWorker, threading.Timer]] = []

    def take(self, key: Hashable) -> ProcessWorker | None:
        """Give a worker that has loaded this, if one stayed and still lives."""
        with self._lock:
            found = next((one for one in self._idle if one[0] == key), None)
            if found is None:
                return None
            self._idle.remove(found)
        _, worker, timer = found
        timer.cancel()
        if worker.is_alive():
            return worker
        worker.end()
        return None

    def keep(self, key: Hashable, worker: ProcessWorker) -> None:
        """Let a worker stay; the one that stayed longest goes where there is no room."""
        timer = threading.Timer(self._idle_s, self._end, (worker,))
        timer.daemon = True
        with self._lock:
            self._idle.append((key, worker, timer))
            gone = self._idle[:-ROOM]
            self._idle = self._idle[-ROOM:]
        timer.start()
        for _, old, clock in gone:
            clock.cancel()
            old.end()

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            gone, self._idle = self._idle, []
        for _, worker, timer in gone:
            timer.cancel()
            worker.end()

    def _end(self, worker: ProcessWorker) -> None:
        with self._lock:
            known = [one for one in self._idle if one[1] is worker]
            self._idle = [one for one in self._idle if one[1] is not worker]
        for _, idle, _ in known:
            idle.end()


class Crew:
    """Hires the workers of one job, and lets them stay after it.

    Parameters
    ----------
    paths : the import path of its workers
    folders : the packages of its plugins
    plan : the job
    warm : where workers stay, or None where each ends with its job
    """

    def __init__(
        self, paths: Sequence[str], folders: Sequence[Path], plan: Plan, warm: WarmWorkers | None
    ) -> None:
        self._paths = paths
        self._plan = plan
        # trainings and measurements are long, and a stream is heard to its end by one worker:
        # these end with their job, and free the memory
        stays = plan.spec.verb == "operation" and not plan.stream
        self._warm = warm if stays else None
        self._key = (tuple(paths), plan.start.plugin.id, plan.spec.nice, newest_change(folders))

    def hire(self) -> Worker:
        """Take a worker that stayed, or start one."""
        if self._warm and (worker := self._warm.take(self._key)):
            return worker
        # evaluate and verify must answer as the operation does, to the last bit: on one thread
        threads = processors() if self._plan.spec.verb == "train" else 1
        log = Path(self._plan.start.folder) / LOG
        return ProcessWorker(self._paths, log, nice=self._plan.spec.nice, threads=threads)

    def retire(self, worker: Worker) -> None:
        """Let a worker stay that did its job well, where workers stay at all."""
        if self._warm and isinstance(worker, ProcessWorker):
            self._warm.keep(self._key, worker)
        else:
            worker.end()


def newest_change(folders: Sequence[Path]) -> float:
    """Give when the code below these folders was last changed, in seconds since 1970."""
    times = (path.stat().st_mtime for folder in folders for path in folder.rglob("*.py"))
    return max(times, default=time.time())
