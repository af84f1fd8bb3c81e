"""The books of all jobs: one SQLite file for each profile, and its rows as values.

Any front end may write, in short transactions: whole, or not at all.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import State
from seqstudio.contracts.plain import to_plain
from seqstudio.errors import JobError
from seqstudio.host.jobs.outputs import Placed

SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, identity TEXT NOT NULL,
    plugin TEXT NOT NULL, verb TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL,
    seed INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '',
    heartbeat REAL NOT NULL DEFAULT 0, wish TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', value TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS item (
    job INTEGER NOT NULL REFERENCES job (id), number INTEGER NOT NULL, batch INTEGER NOT NULL,
    name TEXT NOT NULL, take INTEGER NOT NULL, seed INTEGER NOT NULL, inputs TEXT NOT NULL,
    targets TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    fingerprint TEXT NOT NULL DEFAULT '', outputs TEXT NOT NULL DEFAULT '[]',
    reason TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL DEFAULT '',
    details TEXT NOT NULL DEFAULT '{}', record TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (job, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_state ON item (job, state, batch);
CREATE INDEX IF NOT EXISTS item_fingerprint ON item (fingerprint) WHERE fingerprint != '';
CREATE INDEX IF NOT EXISTS job_identity ON job (identity)
"""
PLACES = "ALTER TABLE job ADD COLUMN place INTEGER NOT NULL DEFAULT 0"  # of those that wait
DISMISSED = "ALTER TABLE job ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0"  # ended, and seen
STEPS = (SCHEMA, PLACES, DISMISSED)  # from each version to the next: old profiles lack some
VERSION = len(STEPS)
WAIT_S = 20.0  # for another process's transaction

Targets = Mapping[str, Mapping[str, Path]]  # output -> format -> path


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item in the books."""

    number: int  # in its job, from 1
    batch: int  # items with the same number share one feed
    name: str
    take: int
    seed: int
    inputs: Mapping[str, tuple[Path, ...]]
    targets: Targets
    state: State = "queued"
    attempt: int = 0
    outputs: tuple[Placed, ...] = ()
    reason: str = ""
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job in the books, with how many of its items are in which state."""

    id: int
    created: float  # seconds since 1970
    plugin: str
    verb: str
    name: str
    spec: str  # JSON: see `spec_from_text`
    seed: int
    state: State
    reason: str
    waits: bool  # queued, and nobody has started it
    value: Mapping[str, Any]
    counts: Mapping[str, int]


class Books:
    """The open file, for one thread."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Give the rows of a query.

        Raises
        ------
        JobError
            If the file cannot be read, or was made by a newer SeqStudio.
        """
        try:
            return self._opened().execute(query, values).fetchall()
        except sqlite3.Error as bad:
            raise JobError(f"{self._database}: {bad}") from bad

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Give a short transaction that may write.

        Raises
        ------
        JobError
            If the file cannot be written, or was made by a newer SeqStudio.
        """
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as bad:
            raise JobError(f"{self._database}: {bad}") from bad

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._database)
        return self._connection


def _open(database: Path) -> sqlite3.Connection:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            database, timeout=WAIT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        _log_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, database)
    except (OSError, sqlite3.Error) as bad:
        raise JobError(f"{database}: cannot be opened ({bad}), expected a place to write") from bad
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Keep a write-ahead log; SQLite's own waiting leaves the switch to it out."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as bad:
            if bad.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _migrate(connection: sqlite3.Connection, database: Path) -> None:
    """Bring the books up to this version, in one transaction of one process."""
    if _version(connection, database) == VERSION:
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for step in STEPS[_version(connection, database) :]:
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, database: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise JobError(f"{database}: version {version}, expected {VERSION}: update SeqStudio")
    return int(version)


def item_of(row: sqlite3.Row) -> ItemRow:
    """Read an item's row."""
    names = ("number", "batch", "name", "take", "seed", "state", "attempt", "reason", "summary")
    return ItemRow(
        **{name: row[name] for name in names},
        inputs={name: tuple(map(Path, paths)) for name, paths in json.loads(row["inputs"]).items()},
        targets={
            output: {form: Path(path) for form, path in forms.items()}
            for output, forms in json.loads(row["targets"]).items()
        },
        outputs=tuple(Placed(Path(p["path"]), p["sha256"]) for p in json.loads(row["outputs"])),
        details=json.loads(row["details"]),
        record=json.loads(row["record"]),
    )


def to_text(value: Any) -> str:
    """Write a column's value as JSON."""
    return json.dumps(to_plain(value))
