"""A session's SQLite file: steps with their inverses, snapshots, and how far it has come.

Every change is one transaction, on the disk when the call returns.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import os_errors_as, sync_file
from seqstudio.session.codec import checksum
from seqstudio.session.lock import check_unlocked, lock_owner

APPLICATION = 0x5E957D10  # marks the file as ours, for `file` and for us
VERSION = 2
SCHEMA = f"""
CREATE TABLE step (number INTEGER PRIMARY KEY, title TEXT NOT NULL, operation BLOB NOT NULL,
    inverse BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL,
    document BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE link (job INTEGER PRIMARY KEY, link BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE entered (job INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (job, item))
    WITHOUT ROWID;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL,
    untitled INTEGER NOT NULL, holder TEXT NOT NULL);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""
SNAPSHOTS = 3  # kept: the newest, and two in case it is damaged
KEPT_STEPS = 2  # in memory: what undo and redo would do is asked again and again
WAIT_S = 5.0  # for another process's transaction


class DamagedError(SessionError):
    """The file is not as it was written."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the journal, as it was packed."""

    number: int  # from 1
    title: str
    edit: bytes
    inverse: bytes


class Journal:
    """The open file, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._near: dict[int, Step | None] = {}  # read since the last change
        with _faults(path):
            self.connection = connect(path)

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Open a file and hold it.

        Raises
        ------
        DamagedError
            If it is damaged.
        SessionError
            If it is not there, not ours, a newer SeqStudio's, or another live process holds it.
        """
        if not path.is_file():
            raise SessionError(f"{path}: no such file, expected a session")
        journal = cls(path)
        try:
            journal._check()
            journal._durable()
            journal._hold()
            if (found := journal.read("PRAGMA quick_check(1)")) != [("ok",)]:
                raise DamagedError(f"{path}: {found[0][0]}")
        except BaseException:
            journal.connection.close()
            raise
        return journal

    @classmethod
    def create(cls, path: Path, *, untitled: bool) -> "Journal":
        """Begin a new file, held by this process.

        Raises
        ------
        SessionError
            If there is a file already, or none can be written there.
        """
        with os_errors_as(SessionError, path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
        journal = cls(path)
        journal._durable()
        with _faults(path):
            journal.connection.executescript(f"BEGIN EXCLUSIVE;{SCHEMA}COMMIT;")
        with journal.change() as change:
            change.execute("INSERT INTO state VALUES (1, 0, ?, ?)", (untitled, lock_owner(path)))
        sync_file(path.parent)
        return journal

    def _check(self) -> None:
        (found,), (version,) = (
            self.read(f"PRAGMA {name}")[0] for name in ("application_id", "user_version")
        )
        if found != APPLICATION:
            raise SessionError(f"{self.path}: another program's file, expected a session")
        if version != VERSION:
            hint = "update SeqStudio" if version > VERSION else "an early SeqStudio wrote it"
            raise SessionError(f"{self.path}: version {version}, expected {VERSION}: {hint}")

    def _durable(self) -> None:
        with _faults(self.path):
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")

    def _hold(self) -> None:
        with self.change() as change:
            row = change.execute("SELECT holder FROM state").fetchone()
            check_unlocked(self.path, row[0] if row else "")
            change.execute("UPDATE state SET holder = ?", (lock_owner(self.path),))

    def close(self) -> None:
        """Let the file go; nothing is left beside it."""
        with self.change() as change:
            change.execute("UPDATE state SET holder = ''")
        self.connection.close()

    def read(self, query: str, *values: Any) -> list[Any]:
        """Give the rows of a query.

        Raises
        ------
        SessionError
            If the file cannot be read.
        """
        with _faults(self.path):
            return self.connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction, which is on the disk afterwards, or has not been.

        Raises
        ------
        SessionError
            If the file cannot be written.
        """
        self._near.clear()
        with _faults(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def step(self, number: int) -> Step | None:
        """Give a step, or None where it is not there or damaged."""
        if number not in self._near:
            if len(self._near) >= KEPT_STEPS:
                self._near.clear()
            rows = self.read(
                "SELECT number, title, operation, inverse, checksum FROM step WHERE number = ?",
                number,
            )
            self._near[number] = intact_step(rows[0]) if rows else None
        return self._near[number]


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there, so that damaged text can be read, and fails its checksum."""
    there = f"{path.absolute().as_uri()}?mode=rw"  # else a look would make anew what was removed
    connection = sqlite3.connect(
        there, timeout=WAIT_S, isolation_level=None, uri=True, check_same_thread=False
    )
    connection.text_factory = lambda text: text.decode(errors="replace")
    return connection


def add_step(change: sqlite3.Connection, step: Step) -> None:
    """Write a step down as the last; those that could have been redone are gone."""
    change.execute("DELETE FROM step WHERE number >= ?", (step.number,))
    change.execute("DELETE FROM snapshot WHERE number >= ?", (step.number,))
    parts = (step.title.encode(), step.edit, step.inverse)
    change.execute(
        "INSERT INTO step VALUES (?, ?, ?, ?, ?)",
        (step.number, step.title, *parts[1:], checksum(step.number, *parts)),
    )
    move_to(change, step.number)


def move_to(change: sqlite3.Connection, at: int) -> None:
    """Say how many steps are done; those after it can be redone."""
    change.execute("UPDATE state SET at = ?", (at,))


def add_snapshot(change: sqlite3.Connection, number: int, document: bytes) -> None:
    """Keep the document as it is after a step, and forget older snapshots."""
    change.execute(
        "INSERT INTO snapshot (number, document, checksum) VALUES (?, ?, ?)",
        (number, document, checksum(number, document)),
    )
    change.execute(
        "DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT ?)",
        (SNAPSHOTS,),
    )


def intact_step(row: tuple[Any, ...]) -> Step | None:
    """Give the step of a row, or None where the row is damaged."""
    number, title, edit, inverse, found = row
    try:
        whole = checksum(number, title.encode(), edit, inverse) == found
    except (AttributeError, TypeError):  # another type than was written
        return None
    return Step(number, title, edit, inverse) if whole else None


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as bad:
        if "no such table" in str(bad):
            raise DamagedError(f"{path}: {bad}") from bad
        raise SessionError(f"{path}: {bad}, expected a session that can be written") from bad
    except sqlite3.DatabaseError as bad:
        if type(bad) is not sqlite3.DatabaseError:  # its children are faults of ours
            raise
        raise DamagedError(f"{path}: {bad}") from bad
