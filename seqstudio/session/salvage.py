"""What can be read of a damaged session, in a new file; the damaged one is kept beside it."""

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.session.codec import pack
from seqstudio.session.files import BESIDE, beside, put_in_place, remove
from seqstudio.session.journal import (
    Journal,
    Step,
    add_snapshot,
    add_step,
    connect,
    intact_step,
    move_to,
)
from seqstudio.session.restore import Restored, Snapshot, rebuild

STEPS = "SELECT number, title, operation, inverse, checksum FROM step ORDER BY number"
SHOWN = 3  # titles of lost operations in what is said
SNAPSHOTS = "SELECT number, document, checksum FROM snapshot ORDER BY id"


@dataclass(frozen=True, slots=True)
class Remains:
    """The rows of a damaged file that could be read."""

    at: int  # how many steps were done, as far as that can be known
    untitled: bool
    steps: dict[int, Step]
    snapshots: tuple[Snapshot, ...]
    links: tuple[tuple[Any, ...], ...]
    entered: tuple[tuple[Any, ...], ...]


def salvage(path: Path) -> str:
    """Put a sound file in the place of a damaged one, up to its last operation that can be reached.

    Returns
    -------
    what was lost, and where the damaged file is kept, in a sentence

    Raises
    ------
    SessionError
        If nothing of it can be read (then it stays as it is), or nothing can be written.
    """
    with os_errors_as(SessionError, path):
        aside = _copy_aside(path)
        remains = _read(aside)
        if not remains.steps and not remains.snapshots:
            remove(aside)
            raise SessionError(f"{path}: nothing of it can be read, expected a session")
        snapshots = sorted(remains.snapshots, key=lambda snapshot: -snapshot.number)
        usable = [snapshot for snapshot in snapshots if snapshot.number <= remains.at]
        restored = rebuild(remains.at, usable, remains.steps.get)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        remove(fresh)
        floor = _write(fresh, restored, remains)
        put_in_place(fresh, path)
    return _said(path, aside, restored, remains, floor)


def _copy_aside(path: Path) -> Path:
    """Copy a file, and the changes that SQLite has not yet put into it."""
    names = (path.with_name(f"{path.stem}.damaged-{n}{path.suffix}") for n in itertools.count(1))
    aside = next(name for name in names if not name.exists())
    shutil.copyfile(path, aside)
    if (waiting := beside(path, BESIDE[0])).exists():
        shutil.copyfile(waiting, beside(aside, BESIDE[0]))
    return aside


def _read(path: Path) -> Remains:
    with closing(connect(path)) as connection:
        steps = {
            step.number: step
            for row in _both_ways(connection, STEPS)
            if (step := intact_step(row)) is not None
        }
        snapshots = tuple(Snapshot(*row) for row in _both_ways(connection, SNAPSHOTS))
        state = next(_rows(connection, "SELECT at, untitled FROM state"), None)
        last = max([*steps, *(snapshot.number for snapshot in snapshots)], default=0)
        return Remains(
            at=state[0] if state and isinstance(state[0], int) else last,
            untitled=bool(state and state[1]),
            steps=steps,
            snapshots=snapshots,
            links=tuple(_rows(connection, "SELECT job, link, checksum FROM link")),
            entered=tuple(_rows(connection, "SELECT job, item FROM entered")),
        )


def _both_ways(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """Give the rows before the first damage, and those after the last; some come twice."""
    yield from _rows(connection, query)
    yield from _rows(connection, f"{query} DESC")


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    try:
        connection.execute("PRAGMA writable_schema = ON")  # reads a file that was cut short
        yield from connection.execute(query)
    except sqlite3.Error:  # the damage: what comes after it is for the other way round
        return


def _write(path: Path, restored: Restored, remains: Remains) -> int:
    """Write the document, and the steps around it that are whole; give the lowest one's number."""
    floor = restored.at + 1
    while floor - 1 in remains.steps:
        floor -= 1
    last = restored.at
    while restored.at == remains.at and last + 1 in remains.steps:
        last += 1
    journal = Journal.create(path, untitled=remains.untitled)
    with journal.change() as change:
        for number in range(floor, last + 1):
            add_step(change, remains.steps[number])
        move_to(change, restored.at)
        add_snapshot(change, restored.at, pack(restored.document))
        change.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", remains.links)
        change.executemany("INSERT OR IGNORE INTO entered VALUES (?, ?)", remains.entered)
    journal.close()
    return floor


def _said(path: Path, aside: Path, restored: Restored, remains: Remains, floor: int) -> str:
    gone = range(restored.at + 1, remains.at + 1)
    lost = "no operation is lost"
    if gone:
        titles = [remains.steps[number].title for number in gone if number in remains.steps]
        known = f" (among them: {', '.join(titles[:SHOWN])})" if titles else ""
        lost = f"the last {len(gone)} of {remains.at} operations are lost{known}"
    history = f"; undo goes back to operation {floor} only" if floor > 1 else ""
    return f"{path.name} was damaged: {lost}{history}; the damaged file is kept as {aside.name}"
