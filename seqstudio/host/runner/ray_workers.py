"""Workers on the machines of a Ray cluster: the executor `ray`.

This process claims items, keeps the lease and writes results, as for local workers. Each worker
runs in a `WorkerHost`, a Ray actor with one CPU of its own; Ray carries the code of SeqStudio and
of the job's plugins there, and messages, models and recordings by value.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import seqstudio
from seqstudio.contracts.messages import Items, Start
from seqstudio.errors import JobError
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.worker_host import Delivery, WorkerHost, read_content
from seqstudio.host.runner.worker_process import MachineLostError, StoppedError, Worker
from seqstudio.services.atomic_files import os_errors_as

START_S = 60.0  # from asking for a worker until a machine has it
END_S = 5.0
RECEIVING = "receiving"  # the actor's thread that waits for messages; another one sends


class RayWorkers:
    """Starts the workers of one job on a Ray cluster.

    Parameters
    ----------
    plan : the job, with its folder
    policy : what the workers may do
    packages : of the job's plugins; Ray carries them to the machines
    reads : models, and files and folders that options name
    check : raises an error if the plugins' code is not what was installed
    """

    def __init__(
        self,
        plan: JobPlan,
        policy: Policy,
        packages: Iterable[Path],
        reads: Iterable[Path],
        check: Callable[[], None],
    ) -> None:
        self._packages = tuple(packages)
        self._policy = policy
        self._plan = plan
        self._reads = tuple(reads)
        self._check = check
        self._kept: Mapping[str, Any] = {}  # path -> reference to what is there

    def acquire(self) -> Worker:
        """Start a worker on any machine with a free CPU.

        Raises
        ------
        PluginError
            If the code of a plugin is not what was installed.
        JobError
            If Ray is not installed, there is no such cluster, or a model cannot be read.
        """
        self._check()
        start, spec = self._plan.start, self._plan.spec
        ray = _connect(self._packages, spec.workers)
        if not self._kept:
            self._kept = {str(one): ray.put(read_content(one)) for one in self._reads}
        host = ray.remote(num_cpus=1, concurrency_groups={RECEIVING: 1})(WorkerHost)
        actor = host.remote(start.folder, self._policy, spec.nice)
        return RayWorker(ray, actor, Path(start.folder), self._kept)

    def release(self, worker: Worker) -> None:
        """End a worker."""
        worker.end()


class RayWorker:
    """A worker on another machine. Implements `Worker`.

    Parameters
    ----------
    ray : the module
    actor : a `WorkerHost`, which may not have started yet
    folder : of the job
    kept : path -> reference to what is there, of all that the worker reads but its items
    """

    def __init__(self, ray: Any, actor: Any, folder: Path, kept: Mapping[str, Any]) -> None:
        self._ray = ray
        self._actor = actor
        self._folder = folder
        self._kept = kept
        self._arrived: Mailbox[Delivery | JobError] = Mailbox()
        self._sends: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._how = ""  # it ended
        self._closed = False
        threading.Thread(target=self._receive_all, name="ray worker", daemon=True).start()

    def fileno(self) -> int:
        """Return a descriptor that is readable when messages have arrived."""
        return self._arrived.fileno()

    def send(self, message: object) -> None:
        """Send a message with the files that it names, except those that cannot be read."""
        contents: Mapping[str, Any] = {}
        if isinstance(message, Start):
            message, contents = replace(message, cache="", cache_bytes=0), self._kept
        if isinstance(message, Items):
            paths = [path for paths in message.inputs.values() for path in paths]
            if message.pieces and Path(message.pieces).is_file():
                paths.append(message.pieces)
            contents = {}
            for path in paths:
                with contextlib.suppress(JobError):  # the worker finds no such file, and says so
                    contents[path] = self._ray.put(read_content(Path(path)))
        # Ray looks references up that are arguments themselves, but not those inside arguments
        self._sends.put(self._actor.send.remote(message, [*contents], *contents.values()))

    def receive(self) -> list[Any] | None:
        """Return the messages that arrived, and store the files that came with them.

        Raises
        ------
        MachineLostError
            If the machine is lost.
        StoppedError
            If no machine has taken the worker, or what it sent cannot be stored.
        """
        messages: list[Any] = []
        for arrived in self._arrived.take_all():
            if isinstance(arrived, JobError):
                raise arrived
            self._store(arrived)
            messages += arrived.messages
            self._how = self._how or arrived.ended
        if self._how and messages:
            self._arrived.put(Delivery())  # the end is reported by the next call
        return None if self._how and not messages else messages

    def resident_bytes(self) -> int:
        """Return 0, since it uses the memory of another machine, which Ray watches."""
        return 0

    def task_count(self) -> int:
        """Return 1; its policy limits the tasks on the other machine."""
        return 1

    def end(self) -> str:
        """End the worker, remove its files there, and return how it ended."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(self._ray.exceptions.RayError):  # lost, or not yet started
                self._how = self._ray.get(self._actor.end.remote(), timeout=END_S)
            self._ray.kill(self._actor)
        return self._how or "was lost"

    def kill(self) -> str:
        """End the worker: its host kills what does not end in time."""
        return self.end()

    def _receive_all(self) -> None:
        """Collect what the worker sends, on a thread, until it ends or its machine is lost."""
        ray, receive = self._ray, self._actor.receive.options(concurrency_group=RECEIVING)
        try:
            ray.get(self._actor.started.remote(), timeout=START_S)
            while not (self._closed or self._how):
                delivery = ray.get(receive.remote())
                while not self._sends.empty():
                    ray.get(self._sends.get())  # raises what went wrong there
                self._arrived.put(delivery)
                if delivery.ended:
                    return
        except ray.exceptions.GetTimeoutError:
            reason = f"no machine of the Ray cluster took a worker for {START_S:g} s"
            self._arrived.put(StoppedError(reason))
        except ray.exceptions.RayError as error:
            reason = str(error).partition("\n")[0]
            self._arrived.put(MachineLostError(f"the machine of a worker is lost: {reason}"))

    def _store(self, delivery: Delivery) -> None:
        """Write what came with messages into the job's folder."""
        folder = self._folder.resolve()
        for mode, contents in (("wb", delivery.files), ("ab", delivery.lines)):
            for name, content in contents.items():
                path = folder / name
                if not path.resolve().is_relative_to(folder):
                    raise JobError(f"{path}: not in the job's folder, expected a file in it")
                with os_errors_as(StoppedError, path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open(mode) as file:
                        file.write(content)


def _connect(packages: Iterable[Path], workers: int) -> Any:
    """Return the module `ray`, connected to a cluster that can run so many workers.

    A process that is connected already keeps its connection.

    Raises
    ------
    JobError
        If Ray is not installed, or there is no such cluster.
    """
    try:
        import ray
    except ImportError as error:
        wanted = "expected `pip install 'seqstudio[ray]'`"
        raise JobError(f"executor=ray: Ray is not installed, {wanted}") from error
    modules = [str(one) for one in (Path(seqstudio.__file__).parent, *packages)]
    if not ray.is_initialized():
        try:
            ray.init(
                address="auto",
                runtime_env={"py_modules": modules},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except ConnectionError as error:
            wanted = "expected one that `ray start` began, or its address in RAY_ADDRESS"
            raise JobError(f"executor=ray: no cluster found, {wanted}") from error
        # else Ray prints 30 lines about a lost machine on standard output, despite log_to_driver
        ray._private.worker._worker_logs_enabled = False
    cpus = int(ray.cluster_resources().get("CPU", 0))
    if cpus < workers:
        raise JobError(f"workers={workers}, expected at most {cpus}, the CPUs of the Ray cluster")
    return ray
