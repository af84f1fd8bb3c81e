"""A running job's items: claimed, skipped where done before, finished or failed."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import State
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.jobs import events, outputs
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.outputs import Placed
from seqstudio.host.jobs.plan import Plan
from seqstudio.host.jobs.provenance import fingerprint, item_record
from seqstudio.host.runner.worker_process import LOG
from seqstudio.host.runner.worker_state import InHand, Work
from seqstudio.host.text_format import readable

Emit = Callable[[events.JobEvent], None]


class Ledger:
    """What the driver knows of its job's items, in step with the books."""

    def __init__(self, plan: Plan, seed: int, lease: Lease, folder: Path) -> None:
        self.plan = plan
        self.log = folder / LOG
        self._seed = seed
        self._lease = lease
        self._folder = folder
        self.beat = lease.beat
        self.state = lease.state
        self.counts = lease.counts

    def close(self) -> None:
        """Remove scratch files and close the books."""
        for left in self._folder.glob("[0-9]*"):
            shutil.rmtree(left, ignore_errors=True)
        self._lease.close()

    def finish(self, state: State, *, reason: str, value: Mapping[str, Any]) -> None:
        """End the job in the books."""
        self._lease.finish(state, reason=reason, value=value)

    def next(self, emit: Emit) -> Work | None:
        """Claim the next items that need work; None where there are none left.

        Items that are done already, and those whose inputs cannot be read, end here.
        """
        while claimed := self._lease.claim():
            hands = [hand for item in claimed if (hand := self._hand(item, emit))]
            if hands:
                return Work(tuple(hands))
        return None

    def _hand(self, item: ItemRow, emit: Emit) -> InHand | None:
        try:
            record = item_record(self.plan, item, self._seed)
        except SeqStudioError as bad:
            emit(self.failed(item, str(bad)))
            return None
        replays = self.plan.start.verb == "operation" and not self.plan.stream
        key = fingerprint(record, item) if replays else ""
        before = self._lease.finished_before(key) if key else None
        if before is None:
            return InHand(item, record, key)
        result = ItemResult(
            item=item.number, summary=before.summary, details=before.details, record=before.record
        )
        self._lease.done(item, result, fingerprint=key, placed=before.outputs, staged={})
        emit(_done(item, before.outputs, result, skipped=True))
        return None

    def done(self, hand: InHand, result: ItemResult) -> events.JobEvent:
        """Put an item's outputs in their places and record it; give the event."""
        item = hand.item
        attempt = f"{self._folder.name}-{item.number}-{item.attempt}"
        staged: dict[Path, Path] = {}
        placed = []
        try:
            for file in result.files:
                target = self._target(item, file.output, file.format)
                source = self._inside(Path(file.path))
                staged[target] = outputs.stage(source, target, file.sha256, attempt)
                placed.append(Placed(target, file.sha256))
            whole = ItemResult(
                item=item.number,
                summary=result.summary,
                details=result.details,
                record={**result.record, **hand.record},
            )
            self._lease.done(
                item, whole, fingerprint=hand.fingerprint, placed=placed, staged=staged
            )
        except JobError as bad:
            outputs.sweep(staged, attempt)
            return self.failed(item, str(bad))
        return _done(item, tuple(placed), whole, skipped=False)

    def failed(self, item: ItemRow, reason: str) -> events.JobEvent:
        """Record why an item ended without a result; give the event."""
        reason = readable(reason)
        self._lease.failed(item, reason)
        return events.ItemFailed(item=item.number, name=item.name, reason=reason)

    def _target(self, item: ItemRow, output: str, form: str) -> Path:
        try:
            return item.targets[output][form]
        except KeyError:
            raise JobError(f"{item.name}: output {output}.{form} was not asked for") from None

    def _inside(self, path: Path) -> Path:
        """Refuse a file that is not in the job's folder: a worker hands over its own files only."""
        try:
            found = path.resolve()
            if found.is_relative_to(self._folder.resolve()) and found.is_file():
                return found
        except (OSError, RuntimeError, ValueError):  # a name too long, links in a ring, a NUL
            pass
        raise JobError(f"{path}: not a file in the job's folder, expected one")


def _done(
    item: ItemRow, placed: tuple[Placed, ...], result: ItemResult, *, skipped: bool
) -> events.ItemDone:
    model = result.record.get("model")
    return events.ItemDone(
        item=item.number,
        name=item.name,
        outputs=tuple(one.path for one in placed),
        summary=result.summary,
        details=result.details,
        model=str(model.get("name", "")) if isinstance(model, Mapping) else "",
        skipped=skipped,
    )
