"""A process's lease on the job it runs: items claimed, finished under their attempt, released."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError
from seqstudio.host.jobs import outputs
from seqstudio.host.jobs.database import ItemRow, JobDatabase, item_from_row, to_text
from seqstudio.host.jobs.outputs import FinishedOutput


class Lease:
    """The lease of `owner` on a job. Each change first checks that the lease still holds."""

    def __init__(self, database: Path, job: int, owner: str) -> None:
        self._database = JobDatabase(database)
        self._job = job
        self._owner = owner

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def renew(self) -> str:
        """Renew the lease; return the action another process requested (`JobAction`), or "".

        Raises
        ------
        JobError
            If the lease is lost: another process has claimed the job.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT requested FROM job WHERE id = ? AND owner = ?", (self._job, self._owner)
            ).fetchone()
            if row is None:
                raise JobError(f"job {self._job} was taken over by another process")
            connection.execute(
                "UPDATE job SET heartbeat = ?, requested = '' WHERE id = ?",
                (time.time(), self._job),
            )
        return str(row["requested"])

    def set_state(self, state: JobState) -> None:
        """Mark the job as running or paused."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE job SET state = ? WHERE id = ? AND owner = ?",
                (state, self._job, self._owner),
            )

    def finish(self, state: JobState, *, reason: str, value: Mapping[str, Any]) -> None:
        """End the job and release it; unfinished items get the same state."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE job SET state = ?, reason = ?, value = ?, owner = '', requested = ''"
                " WHERE id = ? AND owner = ?",
                (state, reason, to_text(value), self._job, self._owner),
            )
            if changed.rowcount:
                connection.execute(
                    "UPDATE item SET state = ?, reason = ?"
                    " WHERE job = ? AND state IN ('queued', 'running')",
                    (state, reason, self._job),
                )

    def claim(self) -> tuple[ItemRow, ...]:
        """Claim the next queued batch of items; return () when none is left."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT min(batch) AS batch FROM item WHERE job = ? AND state = 'queued'",
                (self._job,),
            ).fetchone()
            connection.execute(
                "UPDATE item SET state = 'running', attempt = attempt + 1"
                " WHERE job = ? AND state = 'queued' AND batch = ?",
                (self._job, row["batch"]),
            )
            claimed = connection.execute(
                "SELECT * FROM item WHERE job = ? AND state = 'running' AND batch = ?"
                " ORDER BY number",
                (self._job, row["batch"]),
            )
            return tuple(item_from_row(one) for one in claimed.fetchall())

    def counts(self) -> Mapping[str, int]:
        """Count the job's items by state."""
        rows = self._database.read(
            "SELECT state, count(*) AS items FROM item WHERE job = ? GROUP BY state", (self._job,)
        )
        return {row["state"]: row["items"] for row in rows}

    def find_finished(self, fingerprint: str) -> ItemRow | None:
        """Find a finished item of any job with this fingerprint whose outputs are intact."""
        rows = self._database.read(
            "SELECT * FROM item WHERE fingerprint = ? AND state = 'done' ORDER BY job DESC LIMIT 1",
            (fingerprint,),
        )
        found = item_from_row(rows[0]) if rows else None
        return found if found and outputs.outputs_intact(found.outputs) else None

    def finish_item(
        self,
        item: ItemRow,
        result: ItemResult,
        *,
        fingerprint: str,
        finished: Sequence[FinishedOutput],
        staged: Mapping[Path, Path],
    ) -> None:
        """Move an item's staged outputs to their targets and mark it done, if the claim holds.

        Raises
        ------
        JobError
            If the item has been claimed again since: then nothing is moved or changed.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE item SET state = 'done', fingerprint = ?, outputs = ?, summary = ?,"
                " details = ?, provenance = ?, reason = ''"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                (fingerprint, to_text(list(finished)), result.summary, to_text(result.details),
                 to_text(result.provenance), self._job, item.number, item.attempt),
            )  # fmt: skip
            if not changed.rowcount:
                raise JobError(
                    f"{item.name}: attempt {item.attempt} came too late, another process has it"
                )
            outputs.commit(staged)

    def fail_item(self, item: ItemRow, reason: str) -> None:
        """Mark an item as failed, if the claim still holds."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE item SET state = 'failed', reason = ?"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                (reason, self._job, item.number, item.attempt),
            )
