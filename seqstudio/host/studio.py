"""`Studio`: the one object through which front ends use the host."""

import os
import secrets
import threading
from functools import partial
from pathlib import Path

from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.catalogue.catalogue import Catalogue, search_path
from seqstudio.host.catalogue.models import Bundles, Models
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.events import JobEvent
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.plan import Plan, plan_job, with_folder
from seqstudio.host.jobs.queue import Jobs, NewJob
from seqstudio.host.jobs.spec import JobSpec, identity, spec_from_text, spec_to_text, taken_up
from seqstudio.host.processes import owner_name
from seqstudio.host.profile import Profile
from seqstudio.host.runner.handle import JobHandle, Order
from seqstudio.host.runner.job_items import Ledger
from seqstudio.host.runner.job_runner import Driver
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.stream import Stream
from seqstudio.host.runner.worker_pool import Crew, WarmWorkers
from seqstudio.host.runner.worker_process import LOG, ThreadWorker
from seqstudio.host.store.crashes import count_death
from seqstudio.host.store.together import check_together

__all__ = ["JobHandle", "JobSpec", "Studio"]


class Studio:
    """The host of one profile.

    Parameters
    ----------
    home : the profile's folder; without it `SEQSTUDIO_HOME`, or the platform's place for data
    workers : False runs plugins on a thread of this process, where nothing can be killed
    warm : workers stay for a while after their job, for a front end that runs many
    """

    def __init__(
        self, home: Path | None = None, *, workers: bool = True, warm: bool = False
    ) -> None:
        self.profile = Profile(home)
        self.catalogue = Catalogue.load(self.profile)
        self._bundles = Bundles()
        self.models = Models(self.catalogue, self.profile, self._bundles)
        self.jobs = Jobs(self.profile.database)
        self._processes = workers
        self._warm = WarmWorkers() if warm else None

    def submit(self, spec: JobSpec) -> JobHandle:
        """Start a job, or take up the one that the same command left unfinished.

        Raises
        ------
        SeqStudioError
            If the spec names what there is not, or another process runs this very job.
        """
        plan = self._plan(spec)
        number, seed = self._write_down(spec, plan, self._owner())
        return self._run(number, plan, seed)

    def enqueue(self, spec: JobSpec) -> int:
        """Check a job and write it down to wait, behind those that do; give its number.

        Raises
        ------
        SeqStudioError
            If the spec names what there is not, or a process runs this very job.
        """
        number, _ = self._write_down(spec, self._plan(spec), "")
        return number

    def enqueue_again(self, job: int, *, retry: bool) -> None:
        """Let a job that ended early wait again; with `retry` its failed items run again too.

        Raises
        ------
        SeqStudioError
            If there is no such job, or a process runs it.
        """
        self.jobs.hold(job, "", retry=retry)

    def start(self, job: int) -> JobHandle:
        """Start a job that waits.

        Raises
        ------
        SeqStudioError
            If it does not wait any more, or what it names is gone since: then it has failed.
        """
        row = self.jobs.get(job)
        if not row.waits:
            raise JobError(f"job {job} is {row.state}, expected one that waits")
        try:
            plan = self._plan(self._spec(row))
        except SeqStudioError as bad:
            self.jobs.drop(job, str(bad))
            raise
        self.jobs.claim(job, self._owner())
        return self._run(job, plan, row.seed)

    def refresh(self) -> None:
        """See plugins that were installed, switched or removed since; the next job has them."""
        self.catalogue = Catalogue.load(self.profile)
        self.models = Models(self.catalogue, self.profile, self._bundles)

    def log(self, job: int) -> Path:
        """Give where a job's workers write their log; there is none before the first starts."""
        return self._folder(job) / LOG

    def resume(self, job: int) -> JobHandle:
        """Go on with an interrupted or cancelled job; finished items stay finished.

        Raises
        ------
        SeqStudioError
            If there is no such job, another process runs it, or its plugin is gone.
        """
        return self._again(job, retry=False)

    def retry(self, job: int) -> JobHandle:
        """Run the failed items of a job again, and those it never came to."""
        return self._again(job, retry=True)

    def _again(self, job: int, *, retry: bool) -> JobHandle:
        row = self.jobs.get(job)
        plan = self._plan(self._spec(row))
        self.jobs.hold(job, self._owner(), retry=retry)
        return self._run(job, plan, row.seed)

    def _spec(self, row: JobRow) -> JobSpec:
        spec = spec_from_text(row.spec, f"job {row.id}")
        begun = any(item.attempt for item in self.jobs.items(row.id))
        return taken_up(spec) if begun else spec

    def _write_down(self, spec: JobSpec, plan: Plan, owner: str) -> tuple[int, int]:
        """Put a job into the books, or take up what the same command left; give number and seed."""
        key = identity(spec, plan.start.plugin.version)
        rejoins = spec.verb == "operation" and spec.out is not None
        if rejoins and (left := self.jobs.owned(key)):
            self.jobs.hold(left.id, owner, retry=False)
            self.jobs.add_items(left.id, plan.items(self._outputs(left.id), left.seed))
            return left.id, left.seed
        seed = secrets.randbits(31) if spec.seed is None else spec.seed
        new = NewJob(
            identity=key,
            plugin=spec.plugin,
            verb=spec.verb,
            name=spec.name,
            spec=spec_to_text(spec),
            seed=seed,
            owner=owner,
        )
        return self.jobs.add(new, lambda job: plan.items(self._outputs(job), seed)), seed

    def _plan(self, spec: JobSpec) -> Plan:
        """Check a job against the plugins that are there now."""
        self.refresh()
        plan = plan_job(spec, self.catalogue, self.models)
        start = plan.start
        check_together(self.profile, (start.plugin.id, *(one.id for one in start.extensions)))
        return plan

    def _run(self, number: int, plan: Plan, seed: int) -> JobHandle:
        folder = self._folder(number)
        folder.mkdir(parents=True, exist_ok=True)
        plan = with_folder(plan, folder)
        happened: Mailbox[JobEvent] = Mailbox()
        orders: Mailbox[Order] = Mailbox()
        stream = Stream(f"job {number}", plan.stream)
        lease = Lease(self.profile.database, number, self._owner())
        crew = Crew(self._paths(plan), self._folders(plan), plan, self._warm)
        driver = Driver(
            Ledger(plan, seed, lease, folder),
            crew.hire if self._processes else ThreadWorker,
            workers=plan.spec.workers,
            limits=self.profile.limits(),
            orders=orders,
            stream=stream,
            emit=happened.put,
            died=partial(count_death, self.profile, self.catalogue.plugin(plan.spec.plugin)),
            retire=crew.retire,
        )
        threading.Thread(target=driver.run, name=f"job {number}", daemon=True).start()
        return JobHandle(number, seed, happened, orders, stream)

    def close(self) -> None:
        """End the workers that stayed; jobs that run go on."""
        if self._warm:
            self._warm.close()

    def _paths(self, plan: Plan) -> list[str]:
        """Give a worker's import path: ours, and where its plugins lie if that is elsewhere."""
        roots = [str(folder.parent) for folder in self._folders(plan)]
        return list(dict.fromkeys([*search_path(), *roots]))

    def _folders(self, plan: Plan) -> list[Path]:
        """Give the packages of the plugins that a job uses."""
        used = {plan.start.plugin.id, *(one.id for one in plan.start.extensions)}
        return [plugin.folder for plugin in self.catalogue.plugins if plugin.id in used]

    def _folder(self, number: int) -> Path:
        return self.profile.jobs / str(number)

    def _outputs(self, number: int) -> Path:
        return self._folder(number) / "outputs"

    def _owner(self) -> str:
        return owner_name(os.getpid())
