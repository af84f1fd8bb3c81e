"""A session: a person's document in one file, every change durable and undoable."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from seqstudio.errors import SessionError
from seqstudio.host.profile import Profile
from seqstudio.session.apply import apply
from seqstudio.session.codec import checksum, pack, unpack, unpack_operation
from seqstudio.session.document import Document, new_id
from seqstudio.session.files import copy_to, holds_work, remove
from seqstudio.session.journal import (
    DamagedError,
    Journal,
    Step,
    add_snapshot,
    add_step,
    move_to,
)
from seqstudio.session.operations import Operation, title_of
from seqstudio.session.restore import Restored, restore
from seqstudio.session.salvage import salvage

SNAPSHOT_STEPS = 200  # between snapshots: at most so many steps are done again on opening
SUFFIX = ".seqstudio"


@dataclass(frozen=True, slots=True)
class JobLink:
    """A job whose results belong into a session: which of its items is for which clip or take."""

    job: int  # its number in the profile
    title: str
    items: tuple[str, ...] = ()  # for item 1, 2, ...: the id of its clip or take, or ""
    created: float = 0.0  # as in the books, where another profile's job has another time


class Session:
    """An open session, for one thread at a time."""

    def __init__(self, journal: Journal, restored: Restored, lost: str = "") -> None:
        self.document = restored.document
        self.lost = lost  # what a damaged file has cost, in a sentence; "" where it was sound
        self._journal = journal
        self._at = restored.at
        self._snapshot = restored.base

    @classmethod
    def create(cls, path: Path) -> Self:
        """Begin an empty session in a new file.

        Raises
        ------
        SessionError
            If there is a file already, or none can be written there.
        """
        return cls(Journal.create(path, untitled=False), Restored(Document(), 0, 0))

    @classmethod
    def untitled(cls, profile: Profile) -> Self:
        """Begin an empty session whose file is in the profile, until it is saved elsewhere."""
        path = _untitled_folder(profile) / f"untitled-{new_id()}{SUFFIX}"
        return cls(Journal.create(path, untitled=True), Restored(Document(), 0, 0))

    @classmethod
    def unsaved(cls, profile: Profile) -> tuple[Path, ...]:
        """Find the untitled sessions that hold work and that no process has open, newest first."""
        found: dict[Path, float] = {}
        for path in _untitled_folder(profile).glob(f"*{SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                found |= {path: path.stat().st_mtime} if holds_work(path) else {}
        return tuple(sorted(found, key=lambda path: found[path], reverse=True))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a session as it was when its last change was made.

        A damaged file is kept beside, and opens at the last operation that can be reached; `lost`
        says what is missing.

        Raises
        ------
        SessionError
            If another live process holds it (the text names that), or nothing can be read.
        """
        lost = ""
        try:
            journal = Journal.open(path)
        except DamagedError:
            lost = salvage(path)
            journal = Journal.open(path)
        try:
            restored = restore(journal)
        except DamagedError:
            journal.close()
            lost = salvage(path)
            journal = Journal.open(path)
            restored = restore(journal)
        return cls(journal, restored, lost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._journal.path

    @property
    def is_untitled(self) -> bool:
        """Whether the file is in the profile, and has yet to be saved where the person wants."""
        return bool(self._journal.read("SELECT untitled FROM state")[0][0])

    def do(self, operation: Operation) -> Document:
        """Do an operation; it is on the disk when this returns. What was undone is forgotten.

        Raises
        ------
        SeqStudioError
            If it does not fit the document, or cannot be written: then nothing has changed.
        """
        self._do(operation)
        return self.document

    @property
    def steps(self) -> int:
        """How many steps are done: as many can be undone."""
        return self._at

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._at > 0 and self._journal.step(self._at) is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step that was undone."""
        return self._journal.step(self._at + 1) is not None

    @property
    def undo_title(self) -> str:
        """What `undo` would undo; "" where there is nothing."""
        step = self._journal.step(self._at)
        return step.title if step else ""

    @property
    def redo_title(self) -> str:
        """What `redo` would do again; "" where there is nothing."""
        step = self._journal.step(self._at + 1)
        return step.title if step else ""

    def undo(self) -> Document:
        """Undo the last step; it is undone on the disk when this returns.

        Raises
        ------
        SessionError
            If there is none, or it cannot be read any more.
        """
        step = self._step(self._at, "undo")
        document, _ = apply(self.document, unpack_operation(step.inverse, step.title))
        return self._move(document, self._at - 1)

    def redo(self) -> Document:
        """Do again what was undone last.

        Raises
        ------
        SessionError
            If there is nothing, or it cannot be read any more.
        """
        step = self._step(self._at + 1, "redo")
        document, _ = apply(self.document, unpack_operation(step.operation, step.title))
        return self._move(document, self._at + 1)

    def save_as(self, path: Path) -> None:
        """Go on in another file, with all history; an untitled one is removed.

        Raises
        ------
        SessionError
            If another process has a session open there, or it cannot be written.
        """
        was_untitled, old = self.is_untitled, self._journal
        copy_to(old, path)
        self._journal = Journal.open(path)
        old.close()
        if was_untitled:
            remove(old.path)

    def close(self) -> None:
        """Let the file go; an untitled one in which nothing was done is removed."""
        if self.is_untitled and not self._at and not self.can_redo:
            self.discard()
            return
        if self._snapshot != self._at:
            with self._journal.change() as change:
                add_snapshot(change, self._at, pack(self.document))
        self._journal.close()

    def discard(self) -> None:
        """Close an untitled session and remove it.

        Raises
        ------
        SessionError
            If it has a file of its own.
        """
        if not self.is_untitled:
            raise SessionError(f"{self.path}: a saved session, expected an untitled one")
        self._journal.close()
        remove(self.path)

    def follow(self, link: JobLink) -> None:
        """Remember a job whose results are to come; outside of undo."""
        data = pack(link)
        with self._journal.change() as change:
            change.execute(
                "INSERT OR REPLACE INTO link VALUES (?, ?, ?)",
                (link.job, data, checksum(link.job, data)),
            )

    def unfollow(self, job: int) -> None:
        """Forget a job, once all its results are here or will never come."""
        with self._journal.change() as change:
            change.execute("DELETE FROM link WHERE job = ?", (job,))

    @property
    def links(self) -> tuple[JobLink, ...]:
        """The jobs that are followed, the oldest first; damaged rows are passed over."""
        rows = self._journal.read("SELECT job, link, checksum FROM link ORDER BY job")
        return tuple(
            unpack(JobLink, data, f"job {job}")
            for job, data, found in rows
            if checksum(job, data) == found
        )

    def enter(self, job: int, item: int, operation: Operation) -> bool:
        """Do what a job's item brought, once: False if it was done before, in any process.

        Undoing it does not make it come again.

        Raises
        ------
        SeqStudioError
            As `do`.
        """
        known = self._journal.read("SELECT 1 FROM entered WHERE job = ? AND item = ?", job, item)
        if not known:
            self._do(operation, entered=(job, item))
        return not known

    def _do(self, operation: Operation, *, entered: tuple[int, int] | None = None) -> None:
        document, inverse = apply(self.document, operation)
        step = Step(self._at + 1, title_of(operation), pack(operation), pack(inverse))
        with self._journal.change() as change:
            add_step(change, step)
            if entered:
                change.execute("INSERT INTO entered VALUES (?, ?)", entered)
            base = min(self._snapshot, self._at)  # later ones are gone with their steps
            base = self._snapshot_if_due(change, document, step.number, base)
        self.document, self._at, self._snapshot = document, step.number, base

    def _move(self, document: Document, at: int) -> Document:
        with self._journal.change() as change:
            move_to(change, at)
            base = self._snapshot_if_due(change, document, at, self._snapshot)
        self.document, self._at, self._snapshot = document, at, base
        return document

    def _snapshot_if_due(
        self, change: sqlite3.Connection, document: Document, at: int, base: int
    ) -> int:
        """Keep the document where the last snapshot is far; give the step of the last one."""
        if abs(at - base) < SNAPSHOT_STEPS:
            return base
        add_snapshot(change, at, pack(document))
        return at

    def _step(self, number: int, what: str) -> Step:
        step = self._journal.step(number)
        if step is None:
            raise SessionError(f"{self.path}: nothing to {what}, expected a step that is whole")
        return step


def _untitled_folder(profile: Profile) -> Path:
    return profile.home / "sessions"
