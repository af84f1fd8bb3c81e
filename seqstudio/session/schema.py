"""The tables of a session file, and the check that a file has these and nothing else.

A session may come from a stranger. SQLite runs triggers when a table is written, and views when one
is read; both are code in the file. A file that holds any is refused before anything is written.
"""

import sqlite3
from pathlib import Path

from seqstudio.errors import SessionError

APPLICATION = 0x5E957D10  # identifies the file as a session
VERSION = 4
TABLES = {
    "step": "CREATE TABLE step (number INTEGER PRIMARY KEY, title TEXT NOT NULL, "
    "label TEXT NOT NULL, edit BLOB NOT NULL, inverse BLOB NOT NULL, checksum BLOB NOT NULL)",
    "snapshot": "CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "number INTEGER NOT NULL, document BLOB NOT NULL, checksum BLOB NOT NULL)",
    "job_link": "CREATE TABLE job_link (job INTEGER PRIMARY KEY, link BLOB NOT NULL, "
    "checksum BLOB NOT NULL)",
    "imported_item": "CREATE TABLE imported_item (job INTEGER NOT NULL, item INTEGER NOT NULL, "
    "PRIMARY KEY (job, item)) WITHOUT ROWID",
    "state": "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, "
    "untitled INTEGER NOT NULL, lock_owner TEXT NOT NULL)",
}
OF_SQLITE = {"sqlite_sequence": "CREATE TABLE sqlite_sequence(name,seq)"}  # for AUTOINCREMENT
SCRIPT = ";".join(
    (*TABLES.values(), f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {VERSION}")
)


class VersionError(SessionError):
    """The file is another program's, or another version's session."""


class EmptyError(VersionError):
    """The file is empty: a process is creating it, or was killed while it did."""


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Check that a file is a session of this version.

    Raises
    ------
    VersionError
        If it is not; an `EmptyError` if the file is empty.
    """
    (found,), (version,) = (
        connection.execute(f"PRAGMA {name}").fetchone()
        for name in ("application_id", "user_version")
    )
    if not found and not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise EmptyError(f"{path}: empty file, expected a session")
    if found != APPLICATION:
        raise VersionError(f"{path}: another program's file, expected a session")
    if version != VERSION:
        hint = "update SeqStudio" if version > VERSION else "an early SeqStudio wrote it"
        raise VersionError(f"{path}: version {version}, expected {VERSION}: {hint}")


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Check that a file has no tables but a session's own, and no triggers, views or indexes.

    Raises
    ------
    SessionError
        If it has; the text names the first.
    """
    own = TABLES | OF_SQLITE
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema"):
        if kind != "table" or name not in own:
            raise SessionError(f"{path}: holds {kind} {name!r}, expected only a session's tables")
        if sql != own[name]:
            raise SessionError(f"{path}: table {name!r} is defined otherwise than in a session")
