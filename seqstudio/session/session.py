"""A session: the user's document in one file; each change is durable and can be undone."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from seqstudio.errors import SessionError
from seqstudio.host.profile import Profile
from seqstudio.session.apply import apply
from seqstudio.session.codec import checksum, pack, unpack, unpack_edit
from seqstudio.session.document import Document, new_id
from seqstudio.session.edits import Edit, title_of
from seqstudio.session.files import copy_to, has_work, remove
from seqstudio.session.journal import (
    DamagedError,
    Journal,
    Step,
    add_snapshot,
    add_step,
    set_current_step,
)
from seqstudio.session.restore import Restored, restore
from seqstudio.session.salvage import salvage

SNAPSHOT_STEPS = 200  # between snapshots: opening applies at most so many steps
SUFFIX = ".seqstudio"


@dataclass(frozen=True, slots=True)
class JobLink:
    """A job whose results go into a session, with the clip or take that each item is for."""

    job: int  # its number in the profile
    title: str
    items: tuple[str, ...] = ()  # the clip or take id of item 1, 2, ..., or ""
    created: float = 0.0  # as in the job database; another profile's job has another time


class Session:
    """An open session; used by one thread at a time."""

    def __init__(self, journal: Journal, restored: Restored, lost: str = "") -> None:
        self.document = restored.document
        self.lost = lost  # a sentence: what was lost of a damaged file; "" if it was intact
        self._journal = journal
        self._at = restored.at
        self._snapshot_step = restored.base

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create an empty session in a new file.

        Raises
        ------
        SessionError
            If the file exists, or cannot be written.
        """
        return cls(Journal.create(path, untitled=False), Restored(Document(), 0, 0))

    @classmethod
    def untitled(cls, profile: Profile) -> Self:
        """Create an empty session whose file is in the profile until it is saved elsewhere."""
        path = _untitled_folder(profile) / f"untitled-{new_id()}{SUFFIX}"
        return cls(Journal.create(path, untitled=True), Restored(Document(), 0, 0))

    @classmethod
    def unsaved(cls, profile: Profile) -> tuple[Path, ...]:
        """Return the untitled sessions with work in them that no process has open, newest first."""
        found: dict[Path, float] = {}
        for path in _untitled_folder(profile).glob(f"*{SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                found |= {path: path.stat().st_mtime} if has_work(path) else {}
        return tuple(sorted(found, key=lambda path: found[path], reverse=True))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a session as it was after its last change.

        A damaged file is kept under another name, and opens at the last edit that can be restored;
        `lost` says what is missing.

        Raises
        ------
        SessionError
            If another live process has it open (the text names it), or nothing can be read.
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
        """The session's file."""
        return self._journal.path

    @property
    def is_untitled(self) -> bool:
        """Whether the file is still in the profile, because the user has not saved it."""
        return bool(self._journal.read("SELECT untitled FROM state")[0][0])

    def do(self, edit: Edit) -> Document:
        """Apply an edit; it is on the disk when this returns. Undone steps are deleted.

        Raises
        ------
        SeqStudioError
            If it does not fit the document or cannot be written: then nothing has changed.
        """
        self._do(edit)
        return self.document

    @property
    def steps(self) -> int:
        """The number of applied steps, which can be undone."""
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
        """The title of the step that `undo` undoes; "" if there is none."""
        step = self._journal.step(self._at)
        return step.title if step else ""

    @property
    def redo_title(self) -> str:
        """The title of the step that `redo` applies; "" if there is none."""
        step = self._journal.step(self._at + 1)
        return step.title if step else ""

    def undo(self) -> Document:
        """Undo the last step; the change is on the disk when this returns.

        Raises
        ------
        SessionError
            If there is none, or it cannot be read.
        """
        step = self._step(self._at, "undo")
        document, _ = apply(self.document, unpack_edit(step.inverse, step.title))
        return self._move(document, self._at - 1)

    def redo(self) -> Document:
        """Apply the step that was undone last.

        Raises
        ------
        SessionError
            If there is none, or it cannot be read.
        """
        step = self._step(self._at + 1, "redo")
        document, _ = apply(self.document, unpack_edit(step.edit, step.title))
        return self._move(document, self._at + 1)

    def save_as(self, path: Path) -> None:
        """Continue in another file, with the whole history; an untitled file is removed.

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
        """Close the file; an untitled one without any steps is removed."""
        if self.is_untitled and not self._at and not self.can_redo:
            self.discard()
            return
        if self._snapshot_step != self._at:
            with self._journal.transaction() as connection:
                add_snapshot(connection, self._at, pack(self.document))
        self._journal.close()

    def discard(self) -> None:
        """Close an untitled session and remove it.

        Raises
        ------
        SessionError
            If it is saved.
        """
        if not self.is_untitled:
            raise SessionError(f"{self.path}: a saved session, expected an untitled one")
        self._journal.close()
        remove(self.path)

    def link_job(self, link: JobLink) -> None:
        """Store a job whose results are expected; this is not part of the undo history."""
        data = pack(link)
        with self._journal.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO job_link VALUES (?, ?, ?)",
                (link.job, data, checksum(link.job, data)),
            )

    def unlink_job(self, job: int) -> None:
        """Remove a job, once its results are imported or can no longer arrive."""
        with self._journal.transaction() as connection:
            connection.execute("DELETE FROM job_link WHERE job = ?", (job,))

    @property
    def links(self) -> tuple[JobLink, ...]:
        """The linked jobs, oldest first; damaged rows are skipped."""
        rows = self._journal.read("SELECT job, link, checksum FROM job_link ORDER BY job")
        links = []
        for job, data, found in rows:
            if isinstance(data, bytes) and checksum(job, data) == found:
                with contextlib.suppress(SessionError):  # not as SeqStudio writes it
                    links.append(unpack(JobLink, data, f"job {job}"))
        return tuple(links)

    def import_result(self, job: int, item: int, edit: Edit) -> bool:
        """Apply the edit with a job item's result, once; return False if it was applied before.

        It is not applied again after it was undone, nor in another process.

        Raises
        ------
        SeqStudioError
            As `do`.
        """
        known = self._journal.read(
            "SELECT 1 FROM imported_item WHERE job = ? AND item = ?", job, item
        )
        if not known:
            self._do(edit, imported=(job, item))
        return not known

    def _do(self, edit: Edit, *, imported: tuple[int, int] | None = None) -> None:
        document, inverse = apply(self.document, edit)
        step = Step(self._at + 1, title_of(edit), pack(edit), pack(inverse))
        with self._journal.transaction() as connection:
            add_step(connection, step)
            if imported:
                connection.execute("INSERT INTO imported_item VALUES (?, ?)", imported)
            base = min(
                self._snapshot_step, self._at
            )  # later snapshots are deleted with their steps
            base = self._snapshot_if_due(connection, document, step.number, base)
        self.document, self._at, self._snapshot_step = document, step.number, base

    def _move(self, document: Document, at: int) -> Document:
        with self._journal.transaction() as connection:
            set_current_step(connection, at)
            base = self._snapshot_if_due(connection, document, at, self._snapshot_step)
        self.document, self._at, self._snapshot_step = document, at, base
        return document

    def _snapshot_if_due(
        self, connection: sqlite3.Connection, document: Document, at: int, base: int
    ) -> int:
        """Store a snapshot if the last one is far back; return the step of the last snapshot."""
        if abs(at - base) < SNAPSHOT_STEPS:
            return base
        add_snapshot(connection, at, pack(document))
        return at

    def _step(self, number: int, what: str) -> Step:
        step = self._journal.step(number)
        if step is None:
            raise SessionError(f"{self.path}: nothing to {what}, expected an intact step")
        return step


def _untitled_folder(profile: Profile) -> Path:
    return profile.home / "sessions"
