"""`Studio`: the facade through which front ends use the host."""

import os
import secrets
import shutil
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from seqstudio.errors import JobError, ModelError, SeqStudioError
from seqstudio.host.catalogue.catalogue import Catalogue, search_path
from seqstudio.host.catalogue.installed import check_plugins_compatible
from seqstudio.host.catalogue.integrity import check_code
from seqstudio.host.catalogue.models import BundleCache, FoundModel, ModelCatalogue
from seqstudio.host.jobs import KEPT_MODEL, WORKER_LOG
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.estimate import Estimate, estimate
from seqstudio.host.jobs.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.plan import JobPlan, plan_job, with_folder
from seqstudio.host.jobs.queue import Jobs, NewJob, item_sizes
from seqstudio.host.jobs.report import BatchReport, batch_report
from seqstudio.host.jobs.spec import JobSpec, as_resumed, identity, spec_from_text, spec_to_text
from seqstudio.host.processes import owner_name
from seqstudio.host.profile import Profile
from seqstudio.host.runner.grants import is_poolable, policy_of, read_by_all
from seqstudio.host.runner.handle import Action, JobHandle
from seqstudio.host.runner.job_items import JobItems
from seqstudio.host.runner.job_runner import JobRunner
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.ray_workers import RayWorkers
from seqstudio.host.runner.stream import InputStream
from seqstudio.host.runner.worker_pool import JobWorkers, WorkerPool
from seqstudio.host.runner.worker_process import ThreadWorker
from seqstudio.host.store.crashes import count_crash
from seqstudio.host.store.refusals import record_left_behind, record_refusal
from seqstudio.services.bundle_files import verify_files
from seqstudio.services.runs import open_run
from seqstudio.services.stored_weights import find_weights

__all__ = ["JobHandle", "JobSpec", "Studio"]


class Studio:
    """The host of one profile.

    Parameters
    ----------
    home : the profile's folder; None is `SEQSTUDIO_HOME` or the platform's folder for data
    workers : False runs plugins on a thread of this process, which cannot be killed
    warm : keep workers in a pool for a while after their job, for a front end that runs many jobs
    """

    def __init__(
        self, home: Path | None = None, *, workers: bool = True, warm: bool = False
    ) -> None:
        self.profile = Profile(home)
        self.catalogue = Catalogue.load(self.profile)
        self._bundles = BundleCache()
        self.models = ModelCatalogue(self.catalogue, self.profile, self._bundles)
        self.jobs = Jobs(self.profile.database)
        self._in_processes = workers
        self._pool = WorkerPool() if warm else None

    def submit(self, spec: JobSpec) -> JobHandle:
        """Start a job, or resume the unfinished job of the same command.

        Raises
        ------
        SeqStudioError
            If the spec names something that does not exist, or another process runs this job.
        """
        plan = self._plan(spec)
        number, seed = self._store_job(spec, plan, self._owner())
        return self._run(number, plan, seed)

    def estimate(self, spec: JobSpec) -> Estimate:
        """Return what a batch of recordings will take, without running it.

        Raises
        ------
        SeqStudioError
            If the spec names something that does not exist.
        """
        return estimate(self._plan(spec), self.profile.database, self.profile.home)

    def report(self, job: int, notes: tuple[str, ...] = ()) -> BatchReport:
        """Return what became of the inputs of a job.

        Parameters
        ----------
        job : its number
        notes : what was found beside its inputs, one line each

        Raises
        ------
        JobError
            If there is no such job.
        """
        return batch_report(self.jobs.get(job), self.jobs.items(job), notes)

    def enqueue(self, spec: JobSpec) -> int:
        """Check a job, add it to the end of the queue and return its number.

        Raises
        ------
        SeqStudioError
            If the spec names something that does not exist, or another process runs this job.
        """
        number, _ = self._store_job(spec, self._plan(spec), "")
        return number

    def requeue(self, job: int, *, retry: bool) -> None:
        """Return a job that ended early to the queue; with `retry` its failed items run again too.

        Raises
        ------
        SeqStudioError
            If there is no such job, or another process runs it.
        """
        self.jobs.requeue(job, "", retry=retry)

    def start(self, job: int) -> JobHandle:
        """Start a waiting job.

        Raises
        ------
        SeqStudioError
            If the job is not waiting, or something that it names no longer exists; in the second
            case the job is marked as failed.
        """
        row = self.jobs.get(job)
        if not row.waiting:
            raise JobError(f"job {job} is {row.state}, expected one that waits")
        try:
            plan = self._plan(self._spec(row))
        except SeqStudioError as error:
            self.jobs.fail(job, str(error))
            raise
        self.jobs.claim(job, self._owner())
        return self._run(job, plan, row.seed)

    def import_model(self, path: Path, name: str = "") -> FoundModel:
        """Import a bundle or a run's best model after a worker has loaded it once.

        If the plugin of its task is not installed, only its files are checked.

        Raises
        ------
        ModelError
            If it is damaged, or has weights of other shapes than its configuration.
        """
        found = self.models.find(str(path.absolute()))
        verify_files(found.path)
        plugin, task = found.facts.plugin, found.facts.task
        if plugin in {one.id for one in self.catalogue.plugins}:
            spec = JobSpec(
                plugin=plugin, verb="verify", name=task, model=str(found.path), device="cpu"
            )
            self._finish(spec)
        return self.models.add(path, name)

    def keep_weights(self, run: Path, step: int, name: str) -> FoundModel:
        """Install the weights that a run still has of one step as a model.

        Raises
        ------
        SeqStudioError
            If the name is in use, the run does not have the weights, or the job that makes a model
            of them does not finish.
        """
        run = run.absolute()
        self.models.check_new(name)
        find_weights(open_run(run), step)  # before a worker starts
        found = self.models.find(str(run))
        job = self._finish(
            JobSpec(
                plugin=found.facts.plugin,
                verb="keep",
                name=found.facts.task,
                model=str(run),
                device="cpu",
                arguments={"run": str(run), "step": step},
            )
        )
        bundle = self._folder(job) / KEPT_MODEL
        model = self.models.add(bundle, name)
        shutil.rmtree(bundle)
        return model

    def _finish(self, spec: JobSpec) -> int:
        """Run a job on a model to its end and return its number; raise ModelError if it fails."""
        handle = self.submit(spec)
        for event in handle.events():
            if isinstance(event, ItemFailed | JobFinished) and event.reason:
                raise ModelError(event.reason)
            if isinstance(event, JobFinished) and event.state != "done":
                raise ModelError(f"{spec.verb} {spec.model}: {event.state}, expected it done")
        return handle.id

    def refresh(self) -> None:
        """Reload the catalogue, to include changes to plugins since it was loaded."""
        self.catalogue = Catalogue.load(self.profile)
        self.models = ModelCatalogue(self.catalogue, self.profile, self._bundles)

    def log(self, job: int) -> Path:
        """Return the path of the log of a job's workers; the first worker creates the file."""
        return self._folder(job) / WORKER_LOG

    def resume(self, job: int) -> JobHandle:
        """Resume an interrupted or cancelled job; finished items do not run again.

        Raises
        ------
        SeqStudioError
            If there is no such job, another process runs it, or its plugin is not installed.
        """
        return self._rerun(job, retry=False)

    def retry(self, job: int) -> JobHandle:
        """Resume a job and run its failed items again."""
        return self._rerun(job, retry=True)

    def _rerun(self, job: int, *, retry: bool) -> JobHandle:
        row = self.jobs.get(job)
        plan = self._plan(self._spec(row))
        self.jobs.requeue(job, self._owner(), retry=retry)
        return self._run(job, plan, row.seed)

    def _spec(self, row: JobRow) -> JobSpec:
        spec = spec_from_text(row.spec, f"job {row.id}")
        started = any(item.attempt for item in self.jobs.items(row.id))
        return replace(as_resumed(spec), confirmed=True) if started else spec

    def _store_job(self, spec: JobSpec, plan: JobPlan, owner: str) -> tuple[int, int]:
        """Add a job to the database, or resume the same command's; return its number and seed."""
        job_identity = identity(spec, plan.start.plugin.version)
        resumable = spec.verb == "operation" and spec.out is not None
        if resumable and (unfinished := self.jobs.find_unfinished(job_identity)):
            number, seed = unfinished.id, unfinished.seed
            self.jobs.requeue(number, owner, retry=False)
            self.jobs.add_items(number, plan.items(self._outputs(number), seed))
            return number, seed
        seed = secrets.randbits(31) if spec.seed is None else spec.seed
        new = NewJob(
            identity=job_identity,
            plugin=spec.plugin,
            verb=spec.verb,
            name=spec.name,
            spec=spec_to_text(spec),
            seed=seed,
            owner=owner,
        )
        return self.jobs.add(new, lambda job: plan.items(self._outputs(job), seed)), seed

    def _plan(self, spec: JobSpec) -> JobPlan:
        """Plan a job with the plugins that are installed now."""
        self.refresh()
        plan = plan_job(spec, self.catalogue, self.models)
        start = plan.start
        plugins = (start.plugin.id, *(extension.id for extension in start.extensions))
        check_plugins_compatible(self.profile, plugins)
        return plan

    def _run(self, number: int, plan: JobPlan, seed: int) -> JobHandle:
        folder = self._folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        limits = self.profile.limits().at_priority(plan.spec.nice)
        plan = with_folder(plan, folder, self.profile.cache, limits.cache_bytes)
        if limits.cache_bytes:
            Path(plan.start.cache).mkdir(parents=True, exist_ok=True)
        events: Mailbox[JobEvent] = Mailbox()
        actions: Mailbox[Action] = Mailbox()
        stream = InputStream(f"job {number}", plan.stream)
        lease = Lease(self.profile.database, number, self._owner())
        job_workers = self._job_workers(plan, number)
        runner = JobRunner(
            JobItems(plan, seed, lease, folder),
            job_workers.acquire if self._in_processes else ThreadWorker,
            workers=plan.spec.workers,
            limits=limits,
            actions=actions,
            stream=stream,
            emit=events.put,
            on_refusal=partial(record_refusal, self.profile, number),
            on_worker_death=partial(self._count_crash, self.catalogue),
            release_worker=job_workers.release,
        )
        threading.Thread(target=runner.run, name=f"job {number}", daemon=True).start()
        sizes = partial(item_sizes, self.profile.database, number)
        return JobHandle(number, seed, events, actions, stream, plan.notes, sizes)

    def _job_workers(self, plan: JobPlan, number: int) -> JobWorkers | RayWorkers:
        plugins = [plan.start.plugin.id, *(one.id for one in plan.start.extensions)]
        paths = self._import_paths(plan)
        used = [one for one in self.catalogue.plugins if one.id in plugins]
        folders = [plugin.folder for plugin in used]
        pool = self._pool if is_poolable(used) else None
        policy = policy_of(plan, self.catalogue, self.profile, paths, warm=bool(pool))
        check = partial(check_code, self.profile, plugins)
        if plan.spec.executor == "ray":
            return RayWorkers(plan, policy, folders, read_by_all(plan), check)
        left = partial(record_left_behind, self.profile, number, plan.start.plugin.id)
        return JobWorkers(paths, folders, plan, pool, policy, check, left)

    def _count_crash(self, catalogue: Catalogue, plugin: str, how: str) -> str:
        return count_crash(self.profile, catalogue.plugin(plugin), how)

    def close(self) -> None:
        """Close the worker pool; running jobs continue."""
        if self._pool:
            self._pool.close()

    def _import_paths(self, plan: JobPlan) -> list[str]:
        """Return the `sys.path` of a job's workers: our own, then the folders of its plugins."""
        folders = [str(package.parent) for package in self._plugin_packages(plan)]
        return list(dict.fromkeys([*search_path(), *folders]))

    def _plugin_packages(self, plan: JobPlan) -> list[Path]:
        """Return the package folders of the plugins that a job uses."""
        used = {plan.start.plugin.id, *(extension.id for extension in plan.start.extensions)}
        return [plugin.folder for plugin in self.catalogue.plugins if plugin.id in used]

    def _folder(self, number: int) -> Path:
        return self.profile.jobs / str(number)

    def _outputs(self, number: int) -> Path:
        return self._folder(number) / "outputs"

    def _owner(self) -> str:
        return owner_name(os.getpid())
