"""The jobs of a profile: listed and queried, added, put in order, started, and asked to stop."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from seqstudio.contracts.job import JobState
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import (
    ItemRow,
    JobDatabase,
    JobRow,
    end_job,
    insert_items,
    interrupt_job,
    item_from_row,
    lease_is_valid,
)
from seqstudio.host.jobs.outputs import remove_temporary_files

UNFINISHED = "('queued', 'running', 'paused')"
WAITING = "state = 'queued' AND owner = ''"
LAST_POSITION = "(SELECT coalesce(max(position), 0) + 1 FROM job)"  # behind all that wait
TOP_STATES = ("running", "failed", "interrupted", "done", "queued", "cancelled", "paused")
JOB_FIELDS = ("id", "created", "plugin", "verb", "name", "spec", "seed", "state", "reason")

JobAction = Literal["pause", "resume", "cancel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is not in the database yet."""

    identity: str  # equal for equal commands
    plugin: str
    verb: str
    name: str
    spec: str  # JSON
    seed: int
    owner: str  # the process that starts it at once; "" queues it


class Jobs:
    """The jobs of one profile, for one thread."""

    def __init__(self, path: Path) -> None:
        self.database = JobDatabase(path)

    def list(self, limit: int = -1, *, verbs: Collection[str] = ()) -> tuple[JobRow, ...]:
        """Return the newest jobs, newest first, after marking those of dead processes interrupted.

        Parameters
        ----------
        limit : at most so many; -1 returns all
        verbs : only jobs of these verbs; () returns all
        """
        self.reclaim()
        wanted = f"WHERE verb IN ({', '.join('?' * len(verbs))})" if verbs else ""
        query = f"SELECT * FROM job {wanted} ORDER BY id DESC LIMIT ?"
        rows = self.database.read(query, (*verbs, limit))
        return tuple(map(self._job_from_row, rows))

    def active(self) -> tuple[JobRow, ...]:
        """Return the jobs that a process has started, oldest first."""
        self.reclaim()
        rows = self.database.read(f"SELECT * FROM job WHERE state IN {UNFINISHED} AND owner != ''")
        return tuple(map(self._job_from_row, rows))

    def ended(self, limit: int) -> tuple[JobRow, ...]:
        """Return at most `limit` jobs that have ended and are not dismissed, newest first."""
        rows = self.database.read(
            f"SELECT * FROM job WHERE state NOT IN {UNFINISHED} AND NOT dismissed"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return tuple(map(self._job_from_row, rows))

    def queue(self) -> tuple[JobRow, ...]:
        """Return the waiting jobs, in the order in which they start."""
        rows = self.database.read(f"SELECT * FROM job WHERE {WAITING} ORDER BY position, id")
        return tuple(map(self._job_from_row, rows))

    def data_version(self) -> int:
        """Return a number that changes whenever another connection has changed the database."""
        return int(self.database.read("PRAGMA data_version")[0][0])

    def get(self, job: int) -> JobRow:
        """Return one job.

        Raises
        ------
        JobError
            If there is no job with this number.
        """
        self.reclaim()
        rows = self.database.read("SELECT * FROM job WHERE id = ?", (job,))
        if not rows:
            raise _no_job(job)
        return self._job_from_row(rows[0])

    def items(self, job: int) -> tuple[ItemRow, ...]:
        """Return the items of a job, in order."""
        rows = self.database.read("SELECT * FROM item WHERE job = ? ORDER BY number", (job,))
        return tuple(map(item_from_row, rows))

    def item(self, job: int, number: int) -> ItemRow:
        """Return one item of a job.

        Raises
        ------
        JobError
            If the job has no item with this number.
        """
        query = "SELECT * FROM item WHERE job = ? AND number = ?"
        for row in self.database.read(query, (job, number)):
            return item_from_row(row)
        raise JobError(f"job {job}: no item {number}, expected one that it has")

    def top_items(self, job: int, count: int) -> tuple[ItemRow, ...]:
        """Return at most `count` items of a job: running ones first, then failed ones."""
        rank = " ".join(f"WHEN '{state}' THEN {at}" for at, state in enumerate(TOP_STATES))
        rows = self.database.read(
            f"SELECT * FROM item WHERE job = ? ORDER BY CASE state {rank} END, number LIMIT ?",
            (job, count),
        )
        return tuple(map(item_from_row, rows))

    def first_item(self, job: int, state: JobState) -> ItemRow | None:
        """Return the first item of a job that is in this state."""
        rows = self.database.read(
            "SELECT * FROM item WHERE job = ? AND state = ? ORDER BY batch, number LIMIT 1",
            (job, state),
        )
        return item_from_row(rows[0]) if rows else None

    def batches(self, job: int) -> Mapping[int, int]:
        """Return the batch of each item: takes of the same input share one."""
        rows = self.database.read("SELECT number, batch FROM item WHERE job = ?", (job,))
        return {row["number"]: row["batch"] for row in rows}

    def find_unfinished(self, identity: str) -> JobRow | None:
        """Find the newest job of the same command that has not ended or was stopped early."""
        self.reclaim()
        rows = self.database.read(
            f"SELECT * FROM job WHERE identity = ? AND (state IN {UNFINISHED}"
            " OR state IN ('interrupted', 'cancelled')) ORDER BY id DESC LIMIT 1",
            (identity,),
        )
        return self._job_from_row(rows[0]) if rows else None

    def wrote(self, path: Path) -> bool:
        """Return whether a file at this path is, or was, a result of a job."""
        key = os.fsencode(path.absolute())
        return bool(self.database.read("SELECT 1 FROM written WHERE path = ? LIMIT 1", (key,)))

    def reclaim(self) -> None:
        """Interrupt the jobs of dead processes, and remove their temporary output files."""
        owned = self.database.read(
            f"SELECT id, owner, heartbeat FROM job WHERE state IN {UNFINISHED} AND owner != ''"
        )
        for row in owned:
            if not lease_is_valid(row):
                with self.database.transaction() as connection:
                    items = interrupt_job(connection, row["id"], row["owner"])
                for item in items:
                    remove_temporary_files(
                        path for forms in item.targets.values() for path in forms.values()
                    )

    def add(self, job: NewJob, items_of: Callable[[int], Sequence[ItemRow]]) -> int:
        """Insert a job with all its items in one transaction; return its number.

        Parameters
        ----------
        job : starts at once if it has an owner, else waits behind the others
        items_of : makes the items, given the job's number; an exception undoes the insertion
        """
        with self.database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO job (created, identity, plugin, verb, name, spec, seed, state, owner,"
                f" heartbeat, position)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, {LAST_POSITION})",
                (time.time(), job.identity, job.plugin, job.verb, job.name, job.spec, job.seed,
                 job.owner, time.monotonic()),
            )  # fmt: skip
            number = int(cursor.lastrowid or 0)
            insert_items(connection, number, items_of(number))
        return number

    def add_items(self, job: int, items: Sequence[ItemRow]) -> None:
        """Append the items whose name and take the job does not have yet."""
        with self.database.transaction() as connection:
            rows = connection.execute("SELECT * FROM item WHERE job = ?", (job,)).fetchall()
            known = {(row["name"], row["take"]) for row in rows}
            last = max((row["number"] for row in rows), default=0)
            batch = max((row["batch"] for row in rows), default=0)
            new = [item for item in items if (item.name, item.take) not in known]
            numbered = [
                replace(item, number=number, batch=batch + item.batch)
                for number, item in enumerate(new, start=last + 1)
            ]
            insert_items(connection, job, numbered)

    def move(self, job: int, before: int | None) -> None:
        """Move a waiting job in front of another one; None moves it to the end of the queue.

        Raises
        ------
        JobError
            If one of the two does not wait.
        """
        with self.database.transaction() as connection:
            rows = connection.execute(f"SELECT id FROM job WHERE {WAITING} ORDER BY position, id")
            order = [row["id"] for row in rows]
            for one in (job, *([] if before is None else [before])):
                if one not in order:
                    raise _not_waiting(one)
            if job != before:
                order.remove(job)
                order.insert(len(order) if before is None else order.index(before), job)
            positions = [(position, one) for position, one in enumerate(order, start=1)]
            connection.executemany("UPDATE job SET position = ? WHERE id = ?", positions)

    def claim(self, job: int, owner: str) -> None:
        """Make `owner` the owner of a waiting job.

        Raises
        ------
        JobError
            If it no longer waits: it was cancelled, or another process has started it.
        """
        with self.database.transaction() as connection:
            changed = connection.execute(
                "UPDATE job SET owner = ?, heartbeat = ?, requested = ''"
                f" WHERE id = ? AND {WAITING}",
                (owner, time.monotonic(), job),
            )
            if not changed.rowcount:
                raise _not_waiting(job)

    def fail(self, job: int, reason: str) -> None:
        """Mark a waiting job as failed, with the reason why it cannot start."""
        with self.database.transaction() as connection:
            end_job(connection, job, "failed", reason)

    def dismiss(self, jobs: Iterable[int]) -> None:
        """Leave ended jobs out of `ended`, until they are queued again."""
        with self.database.transaction() as connection:
            connection.executemany(
                f"UPDATE job SET dismissed = 1 WHERE id = ? AND state NOT IN {UNFINISHED}",
                [(job,) for job in jobs],
            )

    def request(self, job: int, action: JobAction) -> None:
        """Request that the process that runs a job pauses, resumes or cancels it, within a second.

        Raises
        ------
        JobError
            If there is no such job, or no process runs it.
        """
        row = self.get(job)
        with self.database.transaction() as connection:
            if (row.waiting or row.state == "interrupted") and action == "cancel":
                end_job(connection, job, "cancelled", "")
            elif row.waiting:
                raise JobError(f"job {job} waits, expected one that runs")
            elif row.state in ("queued", "running", "paused"):
                connection.execute("UPDATE job SET requested = ? WHERE id = ?", (action, job))
            else:
                raise JobError(f"job {job} is {row.state}, expected one that runs")

    def requeue(self, job: int, owner: str, *, retry: bool) -> None:
        """Queue the unfinished items of a job again, and give the job to `owner`.

        Parameters
        ----------
        job : its number
        owner : the process that starts it at once; "" lets it wait behind the others
        retry : queue its failed items too

        Raises
        ------
        JobError
            If another process runs it.
        """
        self.reclaim()
        states = "'cancelled', 'interrupted'" + (", 'failed'" if retry else "")
        with self.database.transaction() as connection:
            row = connection.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone()
            if row is None:
                raise _no_job(job)
            if row["owner"]:
                pid = row["owner"].partition(":")[0]
                raise JobError(
                    f"job {job} runs in process {pid}; wait for it, or give another --out"
                )
            connection.execute(
                "UPDATE job SET state = 'queued', requested = '', reason = '', dismissed = 0,"
                " owner = ?, heartbeat = ?,"
                f" position = CASE WHEN {WAITING} THEN position ELSE {LAST_POSITION} END"
                " WHERE id = ?",
                (owner, time.monotonic(), job),
            )
            connection.execute(
                "UPDATE item SET state = 'queued', reason = ''"
                f" WHERE job = ? AND state IN ({states})",
                (job,),
            )

    def _job_from_row(self, row: sqlite3.Row) -> JobRow:
        counted = self.database.read(
            "SELECT state, count(*) AS items FROM item WHERE job = ? GROUP BY state", (row["id"],)
        )
        return JobRow(
            **{name: row[name] for name in JOB_FIELDS},
            waiting=row["state"] == "queued" and not row["owner"],
            value=json.loads(row["value"]),
            counts={one["state"]: one["items"] for one in counted},
        )


def item_sizes(database: Path, job: int) -> Mapping[int, int]:
    """Return how many bytes the inputs of each item have that is not done yet."""
    rows = JobDatabase(database).read(
        "SELECT number, inputs FROM item WHERE job = ? AND state IN ('queued', 'running')", (job,)
    )
    return {row["number"]: sum(map(_size, _paths(row["inputs"]))) for row in rows}


def _paths(inputs: str) -> list[Path]:
    return [Path(path) for paths in json.loads(inputs).values() for path in paths]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # its item will say so
        return 0


def _no_job(job: int) -> JobError:
    return JobError(f"no job {job}; `seqstudio jobs list` shows those there are")


def _not_waiting(job: int) -> JobError:
    return JobError(f"job {job} does not wait, expected one that does")
