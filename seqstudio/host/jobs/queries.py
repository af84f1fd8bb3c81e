"""Jobs and items as the books have them: listed, found, and taken back from dead processes."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from seqstudio.contracts.job import State
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import Books, ItemRow, JobRow, item_of
from seqstudio.host.jobs.entries import holds, release
from seqstudio.host.jobs.outputs import sweep

LIVE = "('queued', 'running', 'paused')"
RANK = ("running", "failed", "interrupted", "done", "queued", "cancelled", "paused")
WAITING = "state = 'queued' AND owner = ''"
JOB_FIELDS = ("id", "created", "plugin", "verb", "name", "spec", "seed", "state", "reason")


class Records:
    """What the books of one profile say, for one thread."""

    def __init__(self, database: Path) -> None:
        self.books = Books(database)

    def list(self, newest: int = -1, *, verb: str = "") -> tuple[JobRow, ...]:
        """Give all jobs, the newest first, or so many; those of dead processes are interrupted.

        With `verb`, only the jobs of that verb.
        """
        self.reclaim()
        rows = self.books.read(
            "SELECT * FROM job WHERE verb = ? OR ? = '' ORDER BY id DESC LIMIT ?",
            (verb, verb, newest),
        )
        return tuple(map(self._job, rows))

    def under_way(self) -> tuple[JobRow, ...]:
        """Give the jobs that a process has taken up, the oldest first."""
        self.reclaim()
        rows = self.books.read(f"SELECT * FROM job WHERE state IN {LIVE} AND owner != ''")
        return tuple(map(self._job, rows))

    def ended(self, newest: int) -> tuple[JobRow, ...]:
        """Give so many jobs that have ended and were not dismissed, the newest first."""
        rows = self.books.read(
            f"SELECT * FROM job WHERE state NOT IN {LIVE} AND NOT dismissed"
            " ORDER BY id DESC LIMIT ?",
            (newest,),
        )
        return tuple(map(self._job, rows))

    def queue(self) -> tuple[JobRow, ...]:
        """Give the jobs that wait to be started, in their order."""
        rows = self.books.read(f"SELECT * FROM job WHERE {WAITING} ORDER BY place, id")
        return tuple(map(self._job, rows))

    def stamp(self) -> int:
        """Give a number that is another one once someone else has changed the books."""
        return int(self.books.read("PRAGMA data_version")[0][0])

    def get(self, job: int) -> JobRow:
        """Give one job.

        Raises
        ------
        JobError
            If there is none with this number.
        """
        self.reclaim()
        return self._job(self._row(job))

    def items(self, job: int) -> tuple[ItemRow, ...]:
        """Give the items of a job, in order."""
        rows = self.books.read("SELECT * FROM item WHERE job = ? ORDER BY number", (job,))
        return tuple(map(item_of, rows))

    def item(self, job: int, number: int) -> ItemRow:
        """Give one item of a job.

        Raises
        ------
        JobError
            If there is none of this number.
        """
        query = "SELECT * FROM item WHERE job = ? AND number = ?"
        for row in self.books.read(query, (job, number)):
            return item_of(row)
        raise JobError(f"job {job}: no item {number}, expected one that it has")

    def foremost(self, job: int, count: int) -> tuple[ItemRow, ...]:
        """Give so many of a job's items, those that a person looks for first."""
        rank = " ".join(f"WHEN '{state}' THEN {at}" for at, state in enumerate(RANK))
        rows = self.books.read(
            f"SELECT * FROM item WHERE job = ? ORDER BY CASE state {rank} END, number LIMIT ?",
            (job, count),
        )
        return tuple(map(item_of, rows))

    def first(self, job: int, state: State) -> ItemRow | None:
        """Give the first item of a job that is in this state."""
        rows = self.books.read(
            "SELECT * FROM item WHERE job = ? AND state = ? ORDER BY batch, number LIMIT 1",
            (job, state),
        )
        return item_of(rows[0]) if rows else None

    def feeds(self, job: int) -> Mapping[int, int]:
        """Give for each item of a job which feed it belongs to: takes of one input share theirs."""
        rows = self.books.read("SELECT number, batch FROM item WHERE job = ?", (job,))
        return {row["number"]: row["batch"] for row in rows}

    def owned(self, identity: str) -> JobRow | None:
        """Find the newest job of the same command that is not over, or was stopped early."""
        self.reclaim()
        rows = self.books.read(
            f"SELECT * FROM job WHERE identity = ? AND (state IN {LIVE}"
            " OR state IN ('interrupted', 'cancelled')) ORDER BY id DESC LIMIT 1",
            (identity,),
        )
        return self._job(rows[0]) if rows else None

    def reclaim(self) -> None:
        """Take back what dead processes held, and sweep what they left beside their targets."""
        held = self.books.read(
            f"SELECT id, owner, heartbeat FROM job WHERE state IN {LIVE} AND owner != ''"
        )
        for row in held:
            if not holds(row):
                with self.books.change() as books:
                    items = release(books, row["id"], row["owner"])
                for item in items:
                    sweep(path for forms in item.targets.values() for path in forms.values())

    def _row(self, job: int) -> sqlite3.Row:
        rows = self.books.read("SELECT * FROM job WHERE id = ?", (job,))
        if not rows:
            raise JobError(f"no job {job}; `seqstudio jobs list` shows those there are")
        return rows[0]

    def _job(self, row: sqlite3.Row) -> JobRow:
        counted = self.books.read(
            "SELECT state, count(*) AS items FROM item WHERE job = ? GROUP BY state", (row["id"],)
        )
        return JobRow(
            **{name: row[name] for name in JOB_FIELDS},
            waits=row["state"] == "queued" and not row["owner"],
            value=json.loads(row["value"]),
            counts={one["state"]: one["items"] for one in counted},
        )
