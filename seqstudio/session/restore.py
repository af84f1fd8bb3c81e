"""From a session's file to its document: the newest sound snapshot, and the steps after it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.session.apply import apply
from seqstudio.session.codec import checksum, unpack, unpack_operation
from seqstudio.session.document import Document
from seqstudio.session.journal import DamagedError, Journal, Step


@dataclass(frozen=True, slots=True)
class Restored:
    """A document, after how many steps it stands, and the step of the snapshot it began with."""

    document: Document
    at: int
    base: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One row: the document after a step, as it was packed."""

    number: int
    document: bytes
    checksum: bytes


def restore(journal: Journal) -> Restored:
    """Give the document of a sound file.

    Raises
    ------
    DamagedError
        If a row that it needs is damaged.
    """
    rows = journal.read("SELECT at FROM state")
    if not rows:
        raise DamagedError(f"{journal.path}: no state")
    ((at,),) = rows
    restored = rebuild(at, _snapshots(journal, at), journal.step)
    if restored.at < at:
        raise DamagedError(f"{journal.path}: step {restored.at + 1} is damaged")
    return restored


def rebuild(
    at: int, snapshots: Iterable[Snapshot], step_of: Callable[[int], Step | None]
) -> Restored:
    """Give the document after step `at`, or after the last before it that can be reached.

    Parameters
    ----------
    at : how many steps are done
    snapshots : of steps up to `at`, the newest first; damaged ones are passed over
    step_of : gives a sound step by its number
    """
    base, document = 0, Document()
    for snapshot in snapshots:
        if (found := _sound(snapshot)) is not None:
            base, document = snapshot.number, found
            break
    reached = base
    for number in range(base + 1, at + 1):
        if (step := step_of(number)) is None:
            break
        try:
            operation = unpack_operation(step.operation, f"step {number}")
            document, _ = apply(document, operation)
        except SeqStudioError:  # no step of ours: the document ends before it, and that is said
            break
        reached = number
    return Restored(document, reached, base)


def _sound(snapshot: Snapshot) -> Document | None:
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
        yield Snapshot(*journal.read(query, id)[0])
