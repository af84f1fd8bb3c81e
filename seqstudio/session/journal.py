"""A session's SQLite file: steps with their inverses, snapshots, and the current step.

Each change is one transaction, which is on the disk when the call returns.
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
from seqstudio.session.schema import SCRIPT, check_schema, check_version

STEPS = "SELECT number, title, label, edit, inverse, checksum FROM step"
KEPT_SNAPSHOTS = 3  # the newest, and two in case it is damaged
CACHED_STEPS = 2  # the steps that undo and redo would apply, which are read often
BUSY_TIMEOUT_S = 5.0  # for another process's transaction
MAX_VALUE_BYTES = 1 << 29  # of one row, title or definition


class DamagedError(SessionError):
    """The file is damaged."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the step table, packed."""

    number: int  # from 1
    title: str
    label: str  # as `history.label_text` writes it
    edit: bytes
    inverse: bytes


class Journal:
    """The open file, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._step_cache: dict[int, Step | None] = {}  # since the last transaction
        with _sqlite_errors(path):
            self.connection = connect(path)

    @classmethod
    @contextlib.contextmanager
    def reading(cls, path: Path) -> Iterator["Journal"]:
        """Open a file to read it, without locking or changing it.

        Raises
        ------
        DamagedError, VersionError, SessionError
            As `open`, except that the file may be locked.
        """
        with _sqlite_errors(path):
            check(path)
        journal = cls(path)
        try:
            yield journal
        finally:
            journal.connection.close()

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Open a file and lock it.

        Raises
        ------
        DamagedError
            If it is damaged.
        VersionError
            If it is not a session, or of another version.
        SessionError
            If it does not exist, is locked by a process, or holds more than a session's tables.
        """
        if not path.is_file():
            raise SessionError(f"{path}: no such file, expected a session")
        with _sqlite_errors(path):
            check(path)
        journal = cls(path)
        try:
            journal._make_durable()
            journal._lock()
            if (found := journal.read("PRAGMA quick_check(1)")) != [("ok",)]:
                raise DamagedError(f"{path}: {found[0][0]}")
        except BaseException:
            journal.connection.close()
            raise
        return journal

    @classmethod
    def create(cls, path: Path, *, untitled: bool) -> "Journal":
        """Create a file, locked by this process.

        Raises
        ------
        SessionError
            If the file exists, or cannot be written.
        """
        with os_errors_as(SessionError, path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
        journal = cls(path)
        journal._make_durable()
        with _sqlite_errors(path):
            journal.connection.executescript(f"BEGIN EXCLUSIVE;{SCRIPT};COMMIT;")
        with journal.transaction() as connection:
            connection.execute(
                "INSERT INTO state VALUES (1, 0, ?, ?)", (untitled, lock_owner(path))
            )
        sync_file(path.parent)
        return journal

    def _make_durable(self) -> None:
        with _sqlite_errors(self.path):
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")

    def _lock(self) -> None:
        with self.transaction() as connection:
            row = connection.execute("SELECT lock_owner FROM state").fetchone()
            check_unlocked(self.path, str(row[0]) if row else "")
            connection.execute("UPDATE state SET lock_owner = ?", (lock_owner(self.path),))

    def close(self) -> None:
        """Unlock and close the file; SQLite removes its side files."""
        with self.transaction() as connection:
            connection.execute("UPDATE state SET lock_owner = ''")
        self.connection.close()

    def read(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query.

        Raises
        ------
        SessionError
            If the file cannot be read.
        """
        with _sqlite_errors(self.path):
            return self.connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction, which is on the disk afterwards; an exception rolls it back.

        Raises
        ------
        SessionError
            If the file cannot be written.
        """
        self._step_cache.clear()
        with _sqlite_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def step(self, number: int) -> Step | None:
        """Return a step, or None if it does not exist or is damaged."""
        if number not in self._step_cache:
            if len(self._step_cache) >= CACHED_STEPS:
                self._step_cache.clear()
            rows = self.read(
                f"{STEPS} WHERE number = ?",
                number,
            )
            self._step_cache[number] = intact_step(rows[0]) if rows else None
        return self._step_cache[number]


def connect(path: Path, *, writable: bool = True) -> sqlite3.Connection:
    """Connect to an existing file; damaged text can be read, and then fails its checksum."""
    uri = f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}"  # creates no file
    connection = sqlite3.connect(
        uri, timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True, check_same_thread=False
    )
    connection.text_factory = lambda text: text.decode(errors="replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")  # functions in the file's own schema
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def check(path: Path) -> None:
    """Check the version and the tables of a file on a connection that cannot write."""
    with contextlib.closing(connect(path, writable=False)) as connection:
        check_version(connection, path)
        check_schema(connection, path)


def add_step(connection: sqlite3.Connection, step: Step) -> None:
    """Append a step after the current one; undone steps are deleted."""
    connection.execute("DELETE FROM step WHERE number >= ?", (step.number,))
    connection.execute("DELETE FROM snapshot WHERE number >= ?", (step.number,))
    parts = (step.title.encode(), step.label.encode(), step.edit, step.inverse)
    connection.execute(
        "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)",
        (step.number, step.title, step.label, *parts[2:], checksum(step.number, *parts)),
    )
    set_current_step(connection, step.number)


def set_current_step(connection: sqlite3.Connection, at: int) -> None:
    """Set the number of applied steps; later ones can be redone."""
    connection.execute("UPDATE state SET at = ?", (at,))


def add_snapshot(connection: sqlite3.Connection, number: int, document: bytes) -> None:
    """Store the document after a step, and delete old snapshots."""
    connection.execute(
        "INSERT INTO snapshot (number, document, checksum) VALUES (?, ?, ?)",
        (number, document, checksum(number, document)),
    )
    connection.execute(
        "DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT ?)",
        (KEPT_SNAPSHOTS,),
    )


def intact_step(row: tuple[Any, ...]) -> Step | None:
    """Return the step of a row, or None if the row is damaged."""
    number, title, label, edit, inverse, found = row
    try:
        intact = checksum(number, title.encode(), label.encode(), edit, inverse) == found
    except (AttributeError, TypeError):  # the damage changed a type
        return None
    return Step(number, title, label, edit, inverse) if intact else None


@contextlib.contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "no such" in str(error):  # a table or column is missing
            raise DamagedError(f"{path}: {error}") from error
        raise SessionError(f"{path}: {error}, expected a session that can be written") from error
    except sqlite3.DatabaseError as error:
        # DataError: a value over the limit; other subclasses are our own mistakes
        if type(error) not in (sqlite3.DatabaseError, sqlite3.DataError):
            raise
        raise DamagedError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:  # SQLite's message quotes damaged text
        raise DamagedError(f"{path}: damaged text in its schema") from error
