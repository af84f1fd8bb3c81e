"""The job database: one SQLite file in each profile, its rows as values, and its transactions.

Any front end may write to it, in short transactions.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState
from seqstudio.contracts.plain import to_plain
from seqstudio.errors import JobError
from seqstudio.host.jobs.outputs import FinishedOutput
from seqstudio.host.processes import is_alive

VERSION = 5
SCHEMA = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, identity TEXT NOT NULL,
    plugin TEXT NOT NULL, verb TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL,
    seed INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '',
    heartbeat REAL NOT NULL DEFAULT 0, requested TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', value TEXT NOT NULL DEFAULT '{}',
    position INTEGER NOT NULL, dismissed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE item (
    job INTEGER NOT NULL REFERENCES job (id), number INTEGER NOT NULL, batch INTEGER NOT NULL,
    name TEXT NOT NULL, take INTEGER NOT NULL, seed INTEGER NOT NULL, inputs TEXT NOT NULL,
    targets TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    fingerprint TEXT NOT NULL DEFAULT '', outputs TEXT NOT NULL DEFAULT '[]',
    reason TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL DEFAULT '',
    details TEXT NOT NULL DEFAULT '{}', provenance TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (job, number)) WITHOUT ROWID;
CREATE TABLE written (path BLOB, sha256 TEXT, PRIMARY KEY (path, sha256)) WITHOUT ROWID;
CREATE INDEX item_state ON item (job, state, batch);
CREATE INDEX item_fingerprint ON item (fingerprint) WHERE fingerprint != '';
CREATE INDEX job_identity ON job (identity)
"""
BUSY_TIMEOUT_S = 20.0  # for another process's transaction
LEASE_S = 60.0  # without a heartbeat; a dead owner is detected at once, so this is for stopped ones

Targets = Mapping[str, Mapping[str, Path]]  # output -> format -> path


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item of a job."""

    number: int  # in its job, from 1
    batch: int  # items of one batch share their inputs, and go to a worker together
    name: str
    take: int
    seed: int
    inputs: Mapping[str, tuple[Path, ...]]
    targets: Targets
    state: JobState = "queued"
    attempt: int = 0
    outputs: tuple[FinishedOutput, ...] = ()
    reason: str = ""
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job, with the number of its items in each state."""

    id: int
    created: float  # seconds since 1970
    plugin: str
    verb: str
    name: str
    spec: str  # JSON: see `spec_from_text`
    seed: int
    state: JobState
    reason: str
    waiting: bool  # queued, and not started by any process
    value: Mapping[str, Any]
    counts: Mapping[str, int]


class JobDatabase:
    """A connection to the job database, for one thread; opened on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: os.stat_result  # of the open file

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query.

        Raises
        ------
        JobError
            If the file cannot be read, or has another version.
        """
        try:
            return self._connect().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JobError(f"{self._path}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a short transaction that may write; an exception rolls it back.

        Raises
        ------
        JobError
            If the file cannot be written, has another version, or was removed since it was opened.
        """
        connection = self._connect()
        self._check_file()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled it back already
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise JobError(f"{self._path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._path)
            self._file = self._path.stat()
        return self._connection

    def _check_file(self) -> None:
        """Raise JobError if the open file is not at its path any more: changes would be lost."""
        try:
            same = os.path.samestat(self._path.stat(), self._file)
        except OSError:
            same = False
        if not same:
            raise JobError(f"{self._path}: removed or replaced while it was in use")


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # SQLite gives its other files the same mode
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        _enable_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _create_tables(connection, path)
    except (OSError, sqlite3.Error) as error:
        raise JobError(f"{path}: cannot be opened ({error}), expected a place to write") from error
    return connection


def _enable_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite's own busy timeout does not cover the switch."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _create_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, in one transaction of one process."""
    if not _is_new(connection, path):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        if _is_new(connection, path):  # another process may have been first
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        hint = "update SeqStudio" if version > VERSION else "an early SeqStudio wrote it"
        raise JobError(f"{path}: version {version}, expected {VERSION}: {hint}")
    return bool(version == 0)


def item_from_row(row: sqlite3.Row) -> ItemRow:
    """Convert a row of the item table."""
    names = ("number", "batch", "name", "take", "seed", "state", "attempt", "reason", "summary")
    return ItemRow(
        **{name: row[name] for name in names},
        inputs={name: tuple(map(Path, paths)) for name, paths in json.loads(row["inputs"]).items()},
        targets={
            output: {form: Path(path) for form, path in forms.items()}
            for output, forms in json.loads(row["targets"]).items()
        },
        outputs=tuple(
            FinishedOutput(Path(one["path"]), one["sha256"]) for one in json.loads(row["outputs"])
        ),
        details=json.loads(row["details"]),
        provenance=json.loads(row["provenance"]),
    )


def to_text(value: Any) -> str:
    """Return a column's value as JSON."""
    return json.dumps(to_plain(value))


def insert_items(connection: sqlite3.Connection, job: int, items: Sequence[ItemRow]) -> None:
    """Insert items of a job."""
    rows = [
        (job, item.number, item.batch, item.name, item.take, item.seed, to_text(item.inputs),
         to_text(item.targets), item.state)
        for item in items
    ]  # fmt: skip
    connection.executemany(
        "INSERT INTO item (job, number, batch, name, take, seed, inputs, targets, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def end_job(connection: sqlite3.Connection, job: int, state: JobState, reason: str) -> None:
    """End a job and its items, unless a process runs it."""
    changed = connection.execute(
        "UPDATE job SET state = ?, reason = ? WHERE id = ? AND owner = ''", (state, reason, job)
    )
    if changed.rowcount:
        connection.execute(
            "UPDATE item SET state = ?, reason = ?"
            " WHERE job = ? AND state IN ('queued', 'interrupted')",
            (state, reason, job),
        )


def lease_is_valid(row: sqlite3.Row) -> bool:
    """Return whether the owner of a job is alive and has renewed its lease in time.

    The clock is the machine's own, which nobody sets and which stands still while it sleeps; an
    owner from before the last start of the machine is not alive.
    """
    return is_alive(row["owner"]) and time.monotonic() - row["heartbeat"] < LEASE_S


def interrupt_job(connection: sqlite3.Connection, job: int, owner: str) -> list[ItemRow]:
    """Mark a job as interrupted if `owner` still owns it; return the items that were running."""
    changed = connection.execute(
        "UPDATE job SET state = 'interrupted', owner = '', requested = ''"
        " WHERE id = ? AND owner = ?",
        (job, owner),
    )
    if not changed.rowcount:
        return []
    running = connection.execute("SELECT * FROM item WHERE job = ? AND state = 'running'", (job,))
    items = [item_from_row(row) for row in running.fetchall()]
    connection.execute(
        "UPDATE item SET state = 'interrupted' WHERE job = ? AND state IN ('running', 'queued')",
        (job,),
    )
    return items
