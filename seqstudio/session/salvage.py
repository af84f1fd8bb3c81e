"""Salvaging a damaged session: what is intact moves to a new file; the damaged one is kept."""

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import new_temporary, os_errors_as
from seqstudio.session.codec import pack
from seqstudio.session.files import SIDE_FILE_SUFFIXES, remove, replace_file, side_file
from seqstudio.session.journal import (
    STEPS,
    Journal,
    Step,
    add_snapshot,
    add_step,
    connect,
    intact_step,
    set_current_step,
)
from seqstudio.session.restore import Restored, Snapshot, is_snapshot, rebuild
from seqstudio.session.schema import check_schema

SHOWN_TITLES = 3  # of lost edits, in the report
SNAPSHOTS = "SELECT number, document, checksum FROM snapshot ORDER BY id"


@dataclass(frozen=True, slots=True)
class ReadableRows:
    """The rows of a damaged file that could be read."""

    at: int  # the number of applied steps, as far as that is known
    untitled: bool
    steps: dict[int, Step]
    snapshots: tuple[Snapshot, ...]
    links: tuple[tuple[Any, ...], ...]
    imported: tuple[tuple[Any, ...], ...]


def salvage(path: Path) -> str:
    """Replace a damaged file by an intact one, up to its last edit that can be restored.

    Returns
    -------
    a sentence that says what was lost and where the damaged file is kept

    Raises
    ------
    SessionError
        If nothing can be read (then the file is left as it is), or nothing can be written.
    """
    with os_errors_as(SessionError, path):
        aside = _copy_aside(path)
        rows = _read(aside)
        if not rows.steps and not rows.snapshots:
            remove(aside)
            raise SessionError(f"{path}: nothing of it can be read, expected a session")
        snapshots = sorted(rows.snapshots, key=lambda snapshot: -snapshot.number)
        usable = [snapshot for snapshot in snapshots if snapshot.number <= rows.at]
        restored = rebuild(rows.at, usable, rows.steps.get)
        fresh = new_temporary(path.parent)
        try:
            floor = _write(fresh, restored, rows)
            replace_file(fresh, path)
        finally:
            remove(fresh)
    return _report(path, aside, restored, rows, floor)


def _copy_aside(path: Path) -> Path:
    """Copy a file, with the write-ahead log that SQLite has not yet applied to it."""
    names = (path.with_name(f"{path.stem}.damaged-{n}{path.suffix}") for n in itertools.count(1))
    aside = next(name for name in names if not name.exists())
    shutil.copyfile(path, aside)
    if (log := side_file(path, SIDE_FILE_SUFFIXES[0])).exists():
        shutil.copyfile(log, side_file(aside, SIDE_FILE_SUFFIXES[0]))
    return aside


def _read(path: Path) -> ReadableRows:
    with closing(connect(path)) as connection:
        with suppress(sqlite3.Error, UnicodeDecodeError):  # the damage may lie in the schema
            check_schema(connection, path)
        steps = {
            step.number: step
            for row in _both_ways(connection, f"{STEPS} ORDER BY number")
            if (step := intact_step(row)) is not None
        }
        rows = _both_ways(connection, SNAPSHOTS)
        snapshots = tuple(Snapshot(*row) for row in rows if is_snapshot(row))
        state = next(_rows(connection, "SELECT at, untitled FROM state"), None)
        last = max([*steps, *(snapshot.number for snapshot in snapshots)], default=0)
        return ReadableRows(
            at=state[0] if state and isinstance(state[0], int) and state[0] >= 0 else last,
            untitled=bool(state and state[1]),
            steps=steps,
            snapshots=snapshots,
            links=tuple(_rows(connection, "SELECT job, link, checksum FROM job_link")),
            imported=tuple(_rows(connection, "SELECT job, item FROM imported_item")),
        )


def _both_ways(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows before the first damage and those after the last; some occur twice."""
    yield from _rows(connection, query)
    yield from _rows(connection, f"{query} DESC")


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    try:
        connection.execute("PRAGMA writable_schema = ON")  # so that a truncated file can be read
        yield from connection.execute(query)
    except (
        sqlite3.Error,
        UnicodeDecodeError,
    ):  # the damage: rows after it are read in the other direction
        return


def _write(path: Path, restored: Restored, rows: ReadableRows) -> int:
    """Write the document and the intact steps around it; return the number of the first one."""
    floor = restored.at + 1
    while floor - 1 in rows.steps:
        floor -= 1
    last = restored.at
    while restored.at == rows.at and last + 1 in rows.steps:
        last += 1
    journal = Journal.create(path, untitled=rows.untitled)
    with journal.transaction() as connection:
        for number in range(floor, last + 1):
            add_step(connection, rows.steps[number])
        set_current_step(connection, restored.at)
        add_snapshot(connection, restored.at, pack(restored.document))
        connection.executemany("INSERT OR IGNORE INTO job_link VALUES (?, ?, ?)", rows.links)
        connection.executemany("INSERT OR IGNORE INTO imported_item VALUES (?, ?)", rows.imported)
    journal.close()
    return floor


def _report(path: Path, aside: Path, restored: Restored, rows: ReadableRows, floor: int) -> str:
    lost = "no edit is lost"
    if gone := max(0, rows.at - restored.at):  # may be any number in a file from a stranger
        ends = sorted(number for number in rows.steps if restored.at < number <= rows.at)
        titles = [rows.steps[number].title for number in ends]
        known = f" (among them: {', '.join(titles[:SHOWN_TITLES])})" if titles else ""
        lost = f"the last {gone} of {rows.at} edits are lost{known}"
    history = f"; undo goes back to edit {floor} only" if floor > 1 else ""
    return f"{path.name} was damaged: {lost}{history}; the damaged file is kept as {aside.name}"
