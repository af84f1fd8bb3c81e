"""Restoring a document from a session file: the newest intact snapshot and the steps after it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.session.apply import apply
from seqstudio.session.codec import checksum, unpack, unpack_edit
from seqstudio.session.document import Document
from seqstudio.session.journal import DamagedError, Journal, Step

LAST_STEP = (
    "SELECT max(number) FROM "
    "(SELECT 0 AS number UNION ALL SELECT number FROM step UNION ALL SELECT number FROM snapshot)"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """A document, the number of steps applied, and the step of the snapshot it was built from."""

    document: Document
    at: int
    base: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One row of the snapshot table: the packed document after a step."""

    number: int
    document: bytes
    checksum: bytes


def restore(journal: Journal) -> Restored:
    """Return the document of an intact file.

    Raises
    ------
    DamagedError
        If a required row is damaged.
    """
    rows = journal.read("SELECT at FROM state")
    if not rows:
        raise DamagedError(f"{journal.path}: no state")
    ((at,),) = rows
    ((last,),) = journal.read(LAST_STEP)
    if not isinstance(at, int) or not isinstance(last, int) or not 0 <= at <= last:
        raise DamagedError(f"{journal.path}: at step {at!r}, expected 0 to {last!r}")
    restored = rebuild(at, _snapshots(journal, at), journal.step)
    if restored.at < at:
        raise DamagedError(f"{journal.path}: step {restored.at + 1} is damaged")
    return restored


def rebuild(
    at: int, snapshots: Iterable[Snapshot], step_of: Callable[[int], Step | None]
) -> Restored:
    """Return the document after step `at`, or after the last step before it that is intact.

    Parameters
    ----------
    at : the number of steps to apply
    snapshots : of steps up to `at`, newest first; damaged ones are skipped
    step_of : returns an intact step by its number
    """
    base, document = 0, Document()
    for snapshot in snapshots:
        if (found := _unpack_intact(snapshot)) is not None:
            base, document = snapshot.number, found
            break
    reached = base
    for number in range(base + 1, at + 1):
        if (step := step_of(number)) is None:
            break
        try:
            edit = unpack_edit(step.edit, f"step {number}")
            document, _ = apply(document, edit)
        except SeqStudioError:  # not a step of ours: the document ends before it
            break
        reached = number
    return Restored(document, reached, base)


def is_snapshot(row: tuple[Any, ...]) -> bool:
    """Return whether the values of a row have the types of a `Snapshot`; SQLite allows others."""
    number, document, found = row
    return isinstance(number, int) and isinstance(document, bytes) and isinstance(found, bytes)


def _unpack_intact(snapshot: Snapshot) -> Document | None:
    if checksum(snapshot.number, snapshot.document) != snapshot.checksum:
        return None
    try:
        return unpack(Document, snapshot.document, f"snapshot {snapshot.number}")
    except SessionError:
        return None


def _snapshots(journal: Journal, at: int) -> Iterator[Snapshot]:
    ids = journal.read(
        "SELECT id FROM snapshot WHERE number <= ? ORDER BY number DESC, id DESC", at
    )
    for (id,) in ids:
        query = "SELECT number, document, checksum FROM snapshot WHERE id = ?"
        if is_snapshot(row := journal.read(query, id)[0]):
            yield Snapshot(*row)
