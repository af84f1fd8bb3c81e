"""Jobs in the books: written down, put in order, taken up, and asked to stop."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.entries import end, write
from seqstudio.host.jobs.queries import LIVE, WAITING, Records

LAST = "(SELECT coalesce(max(place), 0) + 1 FROM job)"  # the place behind all that wait

Wish = Literal["pause", "resume", "cancel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is not in the books yet."""

    identity: str  # equal for equal commands
    plugin: str
    verb: str
    name: str
    spec: str  # JSON
    seed: int
    owner: str  # the process that starts it at once; "" lets it wait


class Jobs(Records):
    """The jobs of one profile, for one thread."""

    def add(self, job: NewJob, items_of: Callable[[int], Sequence[ItemRow]]) -> int:
        """Write a job down with all its items, or not at all; give its number.

        Parameters
        ----------
        job : held by its owner from the start, or behind those that wait
        items_of : makes the items, given the job's number; what it raises undoes the job
        """
        now = time.time()
        with self.books.change() as books:
            cursor = books.execute(
                "INSERT INTO job (created, identity, plugin, verb, name, spec, seed, state, owner,"
                f" heartbeat, place) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, {LAST})",
                (now, job.identity, job.plugin, job.verb, job.name, job.spec, job.seed, job.owner,
                 now),
            )  # fmt: skip
            number = int(cursor.lastrowid or 0)
            write(books, number, items_of(number))
        return number

    def add_items(self, job: int, items: Sequence[ItemRow]) -> None:
        """Add those items whose name and take the job has not yet, behind the others."""
        with self.books.change() as books:
            rows = books.execute("SELECT * FROM item WHERE job = ?", (job,)).fetchall()
            known = {(row["name"], row["take"]) for row in rows}
            last = max((row["number"] for row in rows), default=0)
            batch = max((row["batch"] for row in rows), default=0)
            new = [item for item in items if (item.name, item.take) not in known]
            numbered = [
                replace(item, number=number, batch=batch + item.batch)
                for number, item in enumerate(new, start=last + 1)
            ]
            write(books, job, numbered)

    def move(self, job: int, before: int | None) -> None:
        """Let a waiting job come before another one, or behind all.

        Raises
        ------
        JobError
            If either of them does not wait.
        """
        with self.books.change() as books:
            rows = books.execute(f"SELECT id FROM job WHERE {WAITING} ORDER BY place, id")
            order = [row["id"] for row in rows]
            for one in (job, *([] if before is None else [before])):
                if one not in order:
                    raise JobError(f"job {one} does not wait, expected one that does")
            if job != before:
                order.remove(job)
                order.insert(len(order) if before is None else order.index(before), job)
            places = [(place, one) for place, one in enumerate(order, start=1)]
            books.executemany("UPDATE job SET place = ? WHERE id = ?", places)

    def claim(self, job: int, owner: str) -> None:
        """Take up a job that waits.

        Raises
        ------
        JobError
            If it does not wait any more: it was cancelled, or another process has started it.
        """
        with self.books.change() as books:
            changed = books.execute(
                f"UPDATE job SET owner = ?, heartbeat = ?, wish = '' WHERE id = ? AND {WAITING}",
                (owner, time.time(), job),
            )
            if not changed.rowcount:
                raise JobError(f"job {job} does not wait, expected one that does")

    def drop(self, job: int, reason: str) -> None:
        """Record why a job that waits cannot be started."""
        with self.books.change() as books:
            end(books, job, "failed", reason)

    def dismiss(self, jobs: Iterable[int]) -> None:
        """List jobs that have ended no more as such, until they are taken up again."""
        with self.books.change() as books:
            books.executemany(
                f"UPDATE job SET dismissed = 1 WHERE id = ? AND state NOT IN {LIVE}",
                [(job,) for job in jobs],
            )

    def ask(self, job: int, wish: Wish) -> None:
        """Ask whichever process runs a job to pause, resume or cancel it; it looks each second.

        Raises
        ------
        JobError
            If there is no such job, or nobody runs it.
        """
        found = self.get(job)
        with self.books.change() as books:
            if (found.waits or found.state == "interrupted") and wish == "cancel":
                end(books, job, "cancelled", "")
            elif found.waits:
                raise JobError(f"job {job} waits, expected one that runs")
            elif found.state in ("queued", "running", "paused"):
                books.execute("UPDATE job SET wish = ? WHERE id = ?", (wish, job))
            else:
                raise JobError(f"job {job} is {found.state}, expected one that runs")

    def hold(self, job: int, owner: str, *, retry: bool) -> None:
        """Take up a job that nobody runs, or let it wait; its unfinished items are queued again.

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
        again = "'cancelled', 'interrupted'" + (", 'failed'" if retry else "")
        with self.books.change() as books:
            row = books.execute("SELECT * FROM job WHERE id = ?", (job,)).fetchone()
            if row is None:
                raise JobError(f"no job {job}; `seqstudio jobs list` shows those there are")
            if row["owner"]:
                pid = row["owner"].partition(":")[0]
                raise JobError(
                    f"job {job} runs in process {pid}; wait for it, or give another --out"
                )
            books.execute(
                "UPDATE job SET state = 'queued', wish = '', reason = '', dismissed = 0, owner = ?,"
                f" heartbeat = ?, place = CASE WHEN {WAITING} THEN place ELSE {LAST} END"
                " WHERE id = ?",
                (owner, time.time(), job),
            )
            books.execute(
                "UPDATE item SET state = 'queued', reason = ''"
                f" WHERE job = ? AND state IN ({again})",
                (job,),
            )
