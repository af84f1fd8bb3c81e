"""One process's hold on one job: items claimed, finished under their attempt, and given back."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import State
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError
from seqstudio.host.jobs import outputs
from seqstudio.host.jobs.database import Books, ItemRow, item_of, to_text
from seqstudio.host.jobs.outputs import Placed


class Lease:
    """The hold of `owner` on a job. Every change first makes sure that it still holds."""

    def __init__(self, database: Path, job: int, owner: str) -> None:
        self._books = Books(database)
        self._job = job
        self._owner = owner

    def close(self) -> None:
        """Close the books."""
        self._books.close()

    def beat(self) -> str:
        """Renew the lease; give what another front end asked for: "", pause, resume or cancel.

        Raises
        ------
        JobError
            If the lease is lost: another process has taken the job up.
        """
        with self._books.change() as books:
            row = books.execute(
                "SELECT wish FROM job WHERE id = ? AND owner = ?", (self._job, self._owner)
            ).fetchone()
            if row is None:
                raise JobError(f"job {self._job} was taken up by another process")
            books.execute(
                "UPDATE job SET heartbeat = ?, wish = '' WHERE id = ?", (time.time(), self._job)
            )
        return str(row["wish"])

    def state(self, state: State) -> None:
        """Say that the job runs, or is paused."""
        with self._books.change() as books:
            books.execute(
                "UPDATE job SET state = ? WHERE id = ? AND owner = ?",
                (state, self._job, self._owner),
            )

    def finish(self, state: State, *, reason: str, value: Mapping[str, Any]) -> None:
        """End the job; items that were not finished take its state, and it has no owner."""
        with self._books.change() as books:
            changed = books.execute(
                "UPDATE job SET state = ?, reason = ?, value = ?, owner = '', wish = ''"
                " WHERE id = ? AND owner = ?",
                (state, reason, to_text(value), self._job, self._owner),
            )
            if changed.rowcount:
                books.execute(
                    "UPDATE item SET state = ?, reason = ?"
                    " WHERE job = ? AND state IN ('queued', 'running')",
                    (state, reason, self._job),
                )

    def claim(self) -> tuple[ItemRow, ...]:
        """Take the next items that share one feed; none are left where it gives none."""
        with self._books.change() as books:
            row = books.execute(
                "SELECT min(batch) AS batch FROM item WHERE job = ? AND state = 'queued'",
                (self._job,),
            ).fetchone()
            books.execute(
                "UPDATE item SET state = 'running', attempt = attempt + 1"
                " WHERE job = ? AND state = 'queued' AND batch = ?",
                (self._job, row["batch"]),
            )
            taken = books.execute(
                "SELECT * FROM item WHERE job = ? AND state = 'running' AND batch = ?"
                " ORDER BY number",
                (self._job, row["batch"]),
            )
            return tuple(item_of(one) for one in taken.fetchall())

    def counts(self) -> Mapping[str, int]:
        """Count the job's items by state."""
        rows = self._books.read(
            "SELECT state, count(*) AS items FROM item WHERE job = ? GROUP BY state", (self._job,)
        )
        return {row["state"]: row["items"] for row in rows}

    def finished_before(self, fingerprint: str) -> ItemRow | None:
        """Find an item, of any job, that is done already and whose outputs are still there."""
        rows = self._books.read(
            "SELECT * FROM item WHERE fingerprint = ? AND state = 'done' ORDER BY job DESC LIMIT 1",
            (fingerprint,),
        )
        found = item_of(rows[0]) if rows else None
        return found if found and outputs.still_there(found.outputs) else None

    def done(
        self,
        item: ItemRow,
        result: ItemResult,
        *,
        fingerprint: str,
        placed: Sequence[Placed],
        staged: Mapping[Path, Path],
    ) -> None:
        """Move an item's staged outputs to their targets and record it, if the claim still holds.

        Raises
        ------
        JobError
            If the item has been claimed anew since: then nothing is moved or recorded.
        """
        with self._books.change() as books:
            changed = books.execute(
                "UPDATE item SET state = 'done', fingerprint = ?, outputs = ?, summary = ?,"
                " details = ?, record = ?, reason = ''"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                (fingerprint, to_text(list(placed)), result.summary, to_text(result.details),
                 to_text(result.record), self._job, item.number, item.attempt),
            )  # fmt: skip
            if not changed.rowcount:
                raise JobError(
                    f"{item.name}: attempt {item.attempt} came too late, another process has it"
                )
            outputs.commit(staged)

    def failed(self, item: ItemRow, reason: str) -> None:
        """Record why an item ended without a result, if the claim still holds."""
        with self._books.change() as books:
            books.execute(
                "UPDATE item SET state = 'failed', reason = ?"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                (reason, self._job, item.number, item.attempt),
            )
