"""The items of a running job: claimed, skipped if done before, finished or failed."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import DataError, JobError, SeqStudioError
from seqstudio.host.jobs import WORKER_LOG, events, outputs
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.lease import Lease, foreign_error
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.jobs.pilot import pilot_verdict
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.jobs.provenance import fingerprint, item_provenance
from seqstudio.host.jobs.surroundings import Drive, Models, check_unchanged, stamps_of
from seqstudio.host.runner.worker_state import ActiveItem, ItemBatch
from seqstudio.host.text_format import printable

PIECES = "pieces"  # the folder in a job's own
Emit = Callable[[events.JobEvent], None]


class JobItems:
    """The items of one job, kept in step with the job database."""

    def __init__(self, plan: JobPlan, seed: int, lease: Lease, folder: Path) -> None:
        self.plan = plan
        self.log = folder / WORKER_LOG
        self._seed = seed
        self._lease = lease
        self._folder = folder
        self.renew_lease = lease.renew
        self._drive = Drive(plan.spec.out)
        models = plan.start.models
        self._models = Models(path for model in models for path in (model.path, model.base))
        self._pilot_ahead = not plan.spec.confirmed
        self.pilot_verdict = ""  # why the items after the pilot do not begin
        self._partial: dict[int, str] = {}  # item -> what is kept of it
        self.set_job_state = lease.set_state
        self.counts = lease.counts

    def close(self) -> None:
        """Remove the scratch files and close the job database."""
        for scratch in self._folder.glob("[0-9]*"):
            shutil.rmtree(scratch, ignore_errors=True)
        if folder := self.plan.filled_folder:
            with contextlib.suppress(OSError):  # not empty: something was made
                folder.rmdir()
        self._lease.close()

    def finish_job(self, state: JobState, *, reason: str, value: Mapping[str, Any]) -> None:
        """End the job in the job database."""
        self._lease.finish(state, reason=reason, value=value)

    def write_log(self, line: str) -> None:
        """Append a line to the log of the job's workers."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")

    def next_batch(self, emit: Emit) -> ItemBatch | None:
        """Claim the next items that need work; return None when none are left.

        Items that are done already end here, and so do those whose inputs cannot be read.

        Raises
        ------
        JobError
            If a model of the job is gone.
        """
        self._models.check()
        while self._may_claim() and (claimed := self._lease.claim()):
            active = [one for item in claimed if (one := self._activate(item, emit))]
            if active:
                return ItemBatch(tuple(active), self._pieces(active[0]))
        return None

    def _may_claim(self) -> bool:
        """Whether more items may begin: of a long batch not before its pilot is judged."""
        if not self._pilot_ahead:
            return not self.pilot_verdict
        pilot = self._lease.pilot()
        states = [state for state, _ in pilot]
        if "queued" in states:
            return True
        if "running" in states:
            return False
        self._pilot_ahead = False
        known = [unlike for _, unlike in pilot if unlike is not None]
        self.pilot_verdict = pilot_verdict(sum(known), len(known))
        return not self.pilot_verdict

    def again(self, batch: ItemBatch) -> ItemBatch:
        """Count one more attempt at items whose worker was lost."""
        rows = self._lease.count_attempt([active.item for active in batch.items])
        items = zip(batch.items, rows, strict=True)
        return replace(batch, items=tuple(replace(active, item=row) for active, row in items))

    def _pieces(self, active: ActiveItem) -> Path | None:
        """Return where the finished pieces of an item are kept; None if it cannot be repeated."""
        key = active.fingerprint
        return self._folder / PIECES / f"{key}.jsonl" if key and not active.item.take else None

    def _activate(self, item: ItemRow, emit: Emit) -> ActiveItem | None:
        before = stamps_of(path for paths in item.inputs.values() for path in paths)
        try:
            provenance = item_provenance(self.plan, item, self._seed)
        except SeqStudioError as error:
            emit(self.fail(item, str(error)))
            return None
        repeatable = self.plan.start.verb == "operation" and not self.plan.stream
        key = fingerprint(provenance, item) if repeatable else ""
        earlier = self._lease.find_finished(key) if key else None
        if earlier is None:
            targets = [path for forms in item.targets.values() for path in forms.values()]
            foreign = self._lease.find_foreign(dict.fromkeys(targets, ""))
            if foreign and not self.plan.spec.overwrite:
                emit(self.fail(item, str(foreign_error(foreign[0]))))
                return None
            return ActiveItem(item, provenance, key, before)
        result = ItemResult(
            item=item.number,
            summary=earlier.summary,
            details=earlier.details,
            provenance=earlier.provenance,
        )
        self._lease.finish_item(item, result, fingerprint=key, finished=earlier.outputs, staged={})
        emit(_item_done(item, earlier.outputs, result, skipped=True))
        return None

    def finish(self, active: ActiveItem, result: ItemResult) -> events.JobEvent:
        """Move an item's outputs to their targets and mark it done; return the event."""
        item = active.item
        attempt = f"{self._folder.name}-{item.number}-{item.attempt}"
        staged: dict[Path, Path] = {}
        finished = []
        try:
            check_unchanged(active.stamps)
            self._drive.check()
            for file in result.files:
                target = self._target(item, file.output, file.format)
                source = self._resolve(Path(file.path))
                staged[target] = outputs.stage(source, target, file.sha256, attempt)
                finished.append(FinishedOutput(target, file.sha256))
            whole = ItemResult(
                item=item.number,
                summary=result.summary,
                details=result.details,
                provenance={**result.provenance, **active.provenance},
            )
            kept = self._lease.finish_item(
                item,
                whole,
                fingerprint=active.fingerprint,
                finished=finished,
                staged=staged,
                overwrite=self.plan.spec.overwrite,
            )
        except (DataError, JobError) as error:
            outputs.remove_temporary_files(staged, attempt)
            return self.fail(item, str(error))
        self._partial.pop(item.number, None)
        self._lease.remove_written([outputs.partial_path(target) for target in staged])
        if pieces := self._pieces(active):
            pieces.unlink(missing_ok=True)
        return _item_done(item, tuple(finished), whole, skipped=False, kept=kept)

    def keep_partial(self, active: ActiveItem, result: ItemResult) -> None:
        """Store what was done of an item so far, beside its targets."""
        item = active.item
        attempt = f"{self._folder.name}-{item.number}-{item.attempt}"
        staged: dict[Path, Path] = {}
        hashes = {}
        try:
            for file in result.files:
                target = outputs.partial_path(self._target(item, file.output, file.format))
                staged[target] = outputs.stage(
                    self._resolve(Path(file.path)), target, file.sha256, attempt
                )
                hashes[target] = file.sha256
            self._lease.write_partial(item, hashes, staged)
        except JobError as error:
            outputs.remove_temporary_files(staged, attempt)
            self._partial[item.number] = f"{item.name}: {error}"
            return
        places = ", ".join(map(str, staged))
        self._partial[item.number] = f"{item.name}: {result.summary}; kept as {places}"

    def unfinished(self) -> list[str]:
        """Return a line for each item that ended early and of which a part is kept."""
        return list(self._partial.values())

    def fail(self, item: ItemRow, reason: str, *, fixable: bool = True) -> events.JobEvent:
        """Mark an item as failed; return the event.

        Raises
        ------
        JobError
            If a model of the job is gone: that is no fault of the item, which stays unfinished.
        """
        self._models.check()
        reason = printable(reason)
        self._lease.fail_item(item, reason)
        return events.ItemFailed(item=item.number, name=item.name, reason=reason, fixable=fixable)

    def _target(self, item: ItemRow, output: str, form: str) -> Path:
        try:
            return item.targets[output][form]
        except KeyError:
            raise JobError(f"{item.name}: output {output}.{form} was not asked for") from None

    def _resolve(self, path: Path) -> Path:
        """Resolve the path of a worker's file, and refuse one outside the job's folder."""
        try:
            found = path.resolve()
            if found.is_relative_to(self._folder.resolve()) and found.is_file():
                return found
        except (OSError, RuntimeError, ValueError):  # a name too long, a loop of links, a NUL
            pass
        raise JobError(f"{path}: not a file in the job's folder, expected one")


def _item_done(
    item: ItemRow,
    finished: tuple[FinishedOutput, ...],
    result: ItemResult,
    *,
    skipped: bool,
    kept: tuple[Path, ...] = (),
) -> events.ItemDone:
    model = result.provenance.get("model")
    return events.ItemDone(
        item=item.number,
        name=item.name,
        outputs=tuple(one.path for one in finished),
        summary=result.summary,
        details=result.details,
        model=str(model.get("name", "")) if isinstance(model, Mapping) else "",
        skipped=skipped,
        kept=kept,
    )
