"""The items of a running job: claimed, skipped if done before, finished or failed."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.jobs import WORKER_LOG, events, outputs
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.jobs.provenance import fingerprint, item_provenance
from seqstudio.host.runner.worker_state import ActiveItem, ItemBatch
from seqstudio.host.text_format import printable

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
        self.set_job_state = lease.set_state
        self.counts = lease.counts

    def close(self) -> None:
        """Remove the scratch files and close the job database."""
        for scratch in self._folder.glob("[0-9]*"):
            shutil.rmtree(scratch, ignore_errors=True)
        self._lease.close()

    def finish_job(self, state: JobState, *, reason: str, value: Mapping[str, Any]) -> None:
        """End the job in the job database."""
        self._lease.finish(state, reason=reason, value=value)

    def next_batch(self, emit: Emit) -> ItemBatch | None:
        """Claim the next items that need work; return None when none are left.

        Items that are done already end here, and so do those whose inputs cannot be read.
        """
        while claimed := self._lease.claim():
            active = [one for item in claimed if (one := self._activate(item, emit))]
            if active:
                return ItemBatch(tuple(active))
        return None

    def _activate(self, item: ItemRow, emit: Emit) -> ActiveItem | None:
        try:
            provenance = item_provenance(self.plan, item, self._seed)
        except SeqStudioError as error:
            emit(self.fail(item, str(error)))
            return None
        repeatable = self.plan.start.verb == "operation" and not self.plan.stream
        key = fingerprint(provenance, item) if repeatable else ""
        earlier = self._lease.find_finished(key) if key else None
        if earlier is None:
            return ActiveItem(item, provenance, key)
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
            self._lease.finish_item(
                item, whole, fingerprint=active.fingerprint, finished=finished, staged=staged
            )
        except JobError as error:
            outputs.remove_temporary_files(staged, attempt)
            return self.fail(item, str(error))
        return _item_done(item, tuple(finished), whole, skipped=False)

    def fail(self, item: ItemRow, reason: str) -> events.JobEvent:
        """Mark an item as failed; return the event."""
        reason = printable(reason)
        self._lease.fail_item(item, reason)
        return events.ItemFailed(item=item.number, name=item.name, reason=reason)

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
    item: ItemRow, finished: tuple[FinishedOutput, ...], result: ItemResult, *, skipped: bool
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
    )
