"""A process's lease on the job it runs: items claimed, finished under their attempt, released."""

import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError
from seqstudio.host.jobs import outputs
from seqstudio.host.jobs.database import ItemRow, JobDatabase, item_from_row, to_text
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.jobs.pilot import LONG_BATCH, PILOT_ITEMS
from seqstudio.services.atomic_files import sha256_of_file


def foreign_error(target: Path) -> JobError:
    """Return the error of a target at which somebody else's file is."""
    return JobError(
        f"{target}: a file that SeqStudio has not written, or that was changed since; expected "
        "another --out, or --overwrite, which keeps it as a backup"
    )


def _remember(connection: sqlite3.Connection, hashes: Mapping[Path, str]) -> None:
    """Remember what this profile is going to write; a file may also still be as it was before."""
    connection.executemany(
        "INSERT OR IGNORE INTO written (path, sha256) VALUES (?, ?)",
        [(os.fsencode(path), sha256) for path, sha256 in hashes.items()],
    )


def _forget_others(connection: sqlite3.Connection, hashes: Mapping[Path, str]) -> None:
    """Forget what these files were before they were written."""
    connection.executemany(
        "DELETE FROM written WHERE path = ? AND sha256 != ?",
        [(os.fsencode(path), sha256) for path, sha256 in hashes.items()],
    )


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
                (time.monotonic(), self._job),
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

    def pilot(self) -> list[tuple[str, bool | None]]:
        """Return of each item of the pilot its state, and whether it is unlike the training data.

        A batch that is not long has none.
        """
        (total,) = self._database.read(
            "SELECT count(DISTINCT batch) FROM item WHERE job = ?", (self._job,)
        )[0]
        if total <= LONG_BATCH:
            return []
        rows = self._database.read(
            "SELECT state, details FROM item WHERE job = ? AND batch <= ?",
            (self._job, PILOT_ITEMS),
        )
        return [(row["state"], json.loads(row["details"]).get("unlike_training")) for row in rows]

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
        overwrite: bool = False,
    ) -> tuple[Path, ...]:
        """Move an item's staged outputs to their targets and mark it done, if the claim holds.

        Returns
        -------
        how the files are called now that were there and that this profile had not written

        Raises
        ------
        JobError
            If the item has been claimed again since, or such a file is there and `overwrite` is
            false: then nothing is moved or changed.
        """
        hashes = {one.path: one.sha256 for one in finished}
        foreign = self.find_foreign(hashes) if staged else []
        if foreign and not overwrite:
            raise foreign_error(foreign[0])
        with self._database.transaction() as connection:
            _remember(connection, hashes)  # first: a kill after the move leaves no stranger's file
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
            kept = outputs.commit(staged, foreign)
            _forget_others(connection, hashes)
        return kept

    def find_foreign(self, targets: Mapping[Path, str]) -> list[Path]:
        """Return the targets at which a file is that this profile did not write, or not so.

        Parameters
        ----------
        targets : path -> hash of what is to be written, "" if that is not known yet
        """
        foreign = []
        for target, sha256 in targets.items():
            if not target.is_file():
                continue
            rows = self._database.read(
                "SELECT sha256 FROM written WHERE path = ?", (os.fsencode(target),)
            )
            known = {sha256, *(row["sha256"] for row in rows)}
            if sha256_of_file(target) not in known:
                foreign.append(target)
        return foreign

    def write_partial(
        self, item: ItemRow, hashes: Mapping[Path, str], staged: Mapping[Path, Path]
    ) -> None:
        """Move what was done of an item to its places, and remember that it is ours.

        Raises
        ------
        JobError
            If a file is there that this profile did not write.
        """
        if foreign := self.find_foreign(hashes):
            raise foreign_error(foreign[0])
        with self._database.transaction() as connection:
            _remember(connection, hashes)
        with self._database.transaction() as connection:
            outputs.commit(staged)
            _forget_others(connection, hashes)

    def remove_written(self, paths: Sequence[Path]) -> None:
        """Remove files that this profile wrote and nobody changed since."""
        for path in paths:
            if path.is_file() and not self.find_foreign({path: ""}):
                path.unlink()

    def count_attempt(self, items: Sequence[ItemRow]) -> list[ItemRow]:
        """Count one more attempt at running items; return them with it."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE item SET attempt = attempt + 1"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                [(self._job, item.number, item.attempt) for item in items],
            )
        return [replace(item, attempt=item.attempt + 1) for item in items]

    def fail_item(self, item: ItemRow, reason: str) -> None:
        """Mark an item as failed, if the claim still holds."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE item SET state = 'failed', reason = ?"
                " WHERE job = ? AND number = ? AND attempt = ? AND state = 'running'",
                (reason, self._job, item.number, item.attempt),
            )
