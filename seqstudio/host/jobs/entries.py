"""What changes in the books at once: items are written, a job ends, a dead one is released."""

import sqlite3
import time
from collections.abc import Sequence

from seqstudio.contracts.job import State
from seqstudio.host.jobs.database import ItemRow, item_of, to_text
from seqstudio.host.processes import is_alive

LEASE_S = 60.0  # without a heartbeat; a dead owner is seen at once, so this is for stopped ones


def write(books: sqlite3.Connection, job: int, items: Sequence[ItemRow]) -> None:
    """Write a job's items down."""
    rows = [
        (job, item.number, item.batch, item.name, item.take, item.seed, to_text(item.inputs),
         to_text(item.targets), item.state)
        for item in items
    ]  # fmt: skip
    books.executemany(
        "INSERT INTO item (job, number, batch, name, take, seed, inputs, targets, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def end(books: sqlite3.Connection, job: int, state: State, reason: str) -> None:
    """End a job that nobody runs, with its items, unless someone has taken it up since."""
    changed = books.execute(
        "UPDATE job SET state = ?, reason = ? WHERE id = ? AND owner = ''", (state, reason, job)
    )
    if changed.rowcount:
        books.execute(
            "UPDATE item SET state = ?, reason = ?"
            " WHERE job = ? AND state IN ('queued', 'interrupted')",
            (state, reason, job),
        )


def holds(row: sqlite3.Row) -> bool:
    """Whether the process that took a job up still runs it."""
    return is_alive(row["owner"]) and time.time() - row["heartbeat"] < LEASE_S


def release(books: sqlite3.Connection, job: int, owner: str) -> list[ItemRow]:
    """Mark one job as interrupted, unless someone has taken it up since."""
    changed = books.execute(
        "UPDATE job SET state = 'interrupted', owner = '', wish = '' WHERE id = ? AND owner = ?",
        (job, owner),
    )
    if not changed.rowcount:
        return []
    running = books.execute("SELECT * FROM item WHERE job = ? AND state = 'running'", (job,))
    items = [item_of(row) for row in running.fetchall()]
    books.execute(
        "UPDATE item SET state = 'interrupted', attempt = attempt + 1"
        " WHERE job = ? AND state IN ('running', 'queued')",
        (job,),
    )
    return items
