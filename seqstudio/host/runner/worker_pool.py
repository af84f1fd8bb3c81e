"""Idle workers that are kept for the next job of the same plugin, which need not load torch again.

Only workers that ended their job well are kept. A worker serves the plugin whose code it has
loaded, in the version on disk at the time; it never serves another.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from seqstudio.errors import PluginError
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.host.processes import usable_cpu_count
from seqstudio.host.runner.worker_process import ProcessWorker, Worker
from seqstudio.services.atomic_files import os_errors_as

IDLE_S = 600.0  # an idle worker is ended after this time, to free its memory
CAPACITY = 2  # idle workers; each holds torch in memory


class WorkerPool:
    """The idle workers of one front end, by the code they have loaded; thread-safe."""

    def __init__(self, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._idle: list[tuple[Hashable, ProcessWorker, threading.Timer]] = []

    def acquire(self, key: Hashable) -> ProcessWorker | None:
        """Remove and return a live worker with this key, if there is one."""
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

    def release(self, key: Hashable, worker: ProcessWorker) -> None:
        """Keep an idle worker; if the pool is full, the one that was idle longest is ended."""
        timer = threading.Timer(self._idle_s, self._expire, (worker,))
        timer.daemon = True
        with self._lock:
            self._idle.append((key, worker, timer))
            surplus = self._idle[:-CAPACITY]
            self._idle = self._idle[-CAPACITY:]
        timer.start()
        for _, old_worker, old_timer in surplus:
            old_timer.cancel()
            old_worker.end()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, worker, timer in idle:
            timer.cancel()
            worker.end()

    def _expire(self, worker: ProcessWorker) -> None:
        with self._lock:
            expired = [one for one in self._idle if one[1] is worker]
            self._idle = [one for one in self._idle if one[1] is not worker]
        for _, idle_worker, _ in expired:
            idle_worker.end()


class JobWorkers:
    """Acquires the workers of one job, from the pool or newly started, and releases them.

    Parameters
    ----------
    paths : the import path of the workers
    folders : the packages of the job's plugins
    plan : the job
    pool : None ends each worker with its job
    policy : what the workers may do
    check : raises an error if the plugins' code is not what was installed
    on_left_behind : called with the name of each process that outlives its worker
    """

    def __init__(
        self,
        paths: Sequence[str],
        folders: Sequence[Path],
        plan: JobPlan,
        pool: WorkerPool | None,
        policy: Policy,
        check: Callable[[], None],
        on_left_behind: Callable[[str], object],
    ) -> None:
        self._policy = policy
        self._on_left_behind = on_left_behind
        self._check = check
        self._paths = paths
        self._plan = plan
        # workers of trainings, evaluations and streams end with their job and free their memory:
        # such jobs are long, so that starting a new worker costs little
        poolable = plan.spec.verb == "operation" and not plan.stream
        self._pool = pool if poolable else None
        change = newest_change(folders)
        self._key = (tuple(paths), plan.start.plugin.id, plan.spec.nice, change, policy)

    def acquire(self) -> Worker:
        """Return a worker from the pool, or start one.

        Raises
        ------
        PluginError
            If the code of a plugin is not what was installed.
        """
        if self._pool and (worker := self._pool.acquire(self._key)):
            return worker
        self._check()
        # evaluate and verify must compute what the operation does, to the last bit: on one thread
        threads = usable_cpu_count() if self._plan.spec.verb in TRAININGS else 1
        log = Path(self._plan.start.folder) / WORKER_LOG
        if folder := self._plan.filled_folder:  # the worker may write in it, not beside it
            with os_errors_as(PluginError, folder):
                folder.mkdir(parents=True, exist_ok=True)
        nice = self._plan.spec.nice
        return ProcessWorker(
            self._paths,
            log,
            self._policy,
            nice=nice,
            threads=threads,
            on_left_behind=self._on_left_behind,
        )

    def release(self, worker: Worker) -> None:
        """Return a healthy worker to the pool, or end it if the job has no pool."""
        if self._pool and isinstance(worker, ProcessWorker):
            self._pool.release(self._key, worker)
        else:
            worker.end()


def newest_change(folders: Sequence[Path]) -> float:
    """Return when the code in these folders was last changed, in seconds since 1970."""
    times = (path.stat().st_mtime for folder in folders for path in folder.rglob("*.py"))
    return max(times, default=time.time())
