"""A session: the user's document in one file; each change is durable and can be undone."""

import contextlib
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from seqstudio.errors import SessionError
from seqstudio.host.profile import Profile
from seqstudio.session.apply import apply, fitted
from seqstudio.session.codec import pack, unpack_edit
from seqstudio.session.document import Document, new_id
from seqstudio.session.edits import CompoundEdit, Edit, title_of
from seqstudio.session.files import copy_to, has_work, remove
from seqstudio.session.history import Entry, History, Label, label_from, label_of, label_text
from seqstudio.session.job_links import JobLink, read_links, remove_link, store_link
from seqstudio.session.journal import (
    DamagedError,
    Journal,
    Step,
    add_snapshot,
    add_step,
    set_current_step,
)
from seqstudio.session.relink import find_beside, relink
from seqstudio.session.restore import Restored, restore
from seqstudio.session.salvage import salvage

SNAPSHOT_STEPS = 200  # between snapshots: opening applies at most so many steps
SUFFIX = ".seqstudio"


class Session:
    """An open session; used by one thread at a time."""

    def __init__(self, journal: Journal, restored: Restored, lost: str = "") -> None:
        self.document = restored.document
        self.lost = lost  # a sentence: what was lost of a damaged file; "" if it was intact
        self._journal = journal
        self._at = restored.at
        self._snapshot_step = restored.base
        self._relink_moved()
        self._history: History | None = None  # of the applied steps, once it is read

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
        path = untitled_folder(profile) / f"untitled-{new_id()}{SUFFIX}"
        return cls(Journal.create(path, untitled=True), Restored(Document(), 0, 0))

    @classmethod
    def unsaved(cls, profile: Profile) -> tuple[Path, ...]:
        """Return the untitled sessions with work in them that no process has open, newest first."""
        found: dict[Path, float] = {}
        for path in untitled_folder(profile).glob(f"*{SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                found |= {path: path.stat().st_mtime} if has_work(path) else {}
        return tuple(sorted(found, key=lambda path: found[path], reverse=True))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a session as it was after its last change.

        A damaged file is kept under another name, and opens at the last edit that can be restored;
        `lost` says what is missing. Files that were moved together with the session are found.

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

    def do(self, edit: Edit, *, title: str = "", batch: str = "") -> Document:
        """Apply an edit; it is on the disk when this returns. Undone steps are deleted.

        Parameters
        ----------
        edit : to apply
        title : of the step; "" takes the title of the edit
        batch : additions of one batch, such as the files of one drop, are undone together

        Raises
        ------
        SeqStudioError
            If it does not fit the document or cannot be written: then nothing has changed.
        """
        self._do(edit, title, label_of(edit, batch=batch))
        return self.document

    @property
    def steps(self) -> int:
        """The number of applied steps, which can be undone."""
        return self._at

    @property
    def can_redo(self) -> bool:
        """Whether there is a step after this one, since `go_to` went back."""
        return self._journal.step(self._at + 1) is not None

    @property
    def redo_title(self) -> str:
        """The title of the step that `redo` applies; "" if there is none."""
        step = self._journal.step(self._at + 1)
        return step.title if step else ""

    def redo(self) -> Document:
        """Go on by one step; the change is on the disk when this returns.

        Raises
        ------
        SessionError
            If there is none, or it cannot be read.
        """
        return self.go_to(self._at + 1)

    @property
    def history(self) -> History:
        """The applied steps as the user's actions; one with a damaged label is left out."""
        if self._history is None:
            self._history = History()
            query = "SELECT number, title, label FROM step WHERE number <= ? ORDER BY number"
            for number, title, text in self._journal.read(query, self._at):
                if label := label_from(text):
                    self._history.add(number, str(title), label)
        return self._history

    @property
    def titles(self) -> tuple[tuple[int, str], ...]:
        """The number and the title of every step, those that were undone by `go_to` too."""
        return tuple(self._journal.read("SELECT number, title FROM step ORDER BY number"))

    def undo_in(self, shown: str) -> Entry:
        """Undo the last action that the user sees, as a step of its own.

        Parameters
        ----------
        shown : id of the clip or take that is shown, "" for none

        Raises
        ------
        SeqStudioError
            If there is none, or it cannot be read or written.
        """
        entry = self.history.undoable(shown)
        if entry is None:
            raise SessionError(f"{self.path}: nothing to undo, expected an edit of what is shown")
        inverses = self._inverses(entry.reversed_by)
        self._do(inverses, f"Undo: {entry.title}", Label(kind="undo", of=entry.number))
        return entry

    def redo_in(self, shown: str) -> Entry:
        """Redo the action that `undo_in` undid last of those that the user sees.

        Raises
        ------
        SeqStudioError
            If there is none, or it cannot be read or written.
        """
        entry = self.history.redoable(shown)
        if entry is None:
            raise SessionError(f"{self.path}: nothing to redo, expected an undone edit")
        inverses = self._inverses([entry.undone])
        self._do(inverses, f"Redo: {entry.title}", Label(kind="redo", of=entry.number))
        return entry

    def go_to(self, number: int) -> Document:
        """Return to the document after a step, 0 for the first; later steps can be redone.

        Raises
        ------
        SeqStudioError
            If a step between cannot be read, or the change cannot be written.
        """
        document = self.document
        for back in range(self._at, number, -1):
            step = self._step(back, "undo")
            document, _ = apply(document, unpack_edit(step.inverse, step.title))
        for on in range(self._at + 1, number + 1):
            step = self._step(on, "redo")
            document, _ = apply(document, unpack_edit(step.edit, step.title))
        return self._move(document, number)

    def _inverses(self, steps: list[int]) -> Edit:
        """Return the edit that takes steps back, from the last to the first."""
        found: list[Edit] = []
        document = self.document
        for number in reversed(steps):
            step = self._step(number, "undo")
            edit = fitted(unpack_edit(step.inverse, step.title), document)
            document, _ = apply(document, edit)
            found.append(edit)
        return found[0] if len(found) == 1 else CompoundEdit("", tuple(found))

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
        store_link(self._journal, link)

    def unlink_job(self, job: int) -> None:
        """Remove a job, once its results are imported or can no longer arrive."""
        remove_link(self._journal, job)

    @property
    def links(self) -> tuple[JobLink, ...]:
        """The linked jobs, oldest first; damaged rows are skipped."""
        return read_links(self._journal)

    def import_result(self, job: int, item: int, edit: Edit, title: str = "") -> bool:
        """Apply the edit with a job item's result, once; return False if it was applied before.

        It is not applied again after it was undone, nor in another process. The takes of a job
        are undone together, and are not undone while the user is elsewhere.

        Raises
        ------
        SeqStudioError
            As `do`.
        """
        known = self._journal.read(
            "SELECT 1 FROM imported_item WHERE job = ? AND item = ?", job, item
        )
        if not known:
            label = label_of(edit, kind="result", batch=f"job {job}")
            self._do(edit, title, label, imported=(job, item))
        return not known

    def _do(
        self, edit: Edit, title: str, label: Label, *, imported: tuple[int, int] | None = None
    ) -> None:
        history = self.history
        document, inverse = apply(self.document, edit)
        title = title or title_of(edit)
        step = Step(self._at + 1, title, label_text(label), pack(edit), pack(inverse))
        with self._journal.transaction() as connection:
            add_step(connection, step)
            if imported:
                connection.execute("INSERT INTO imported_item VALUES (?, ?)", imported)
            base = min(
                self._snapshot_step, self._at
            )  # later snapshots are deleted with their steps
            base = self._snapshot_if_due(connection, document, step.number, base)
        self.document, self._at, self._snapshot_step = document, step.number, base
        history.add(step.number, title, label)

    def _move(self, document: Document, at: int) -> Document:
        with self._journal.transaction() as connection:
            set_current_step(connection, at)
            base = self._snapshot_if_due(connection, document, at, self._snapshot_step)
        self.document, self._at, self._snapshot_step = document, at, base
        self._relink_moved()
        self._history = None
        return self.document

    def _relink_moved(self) -> None:
        """Find the files that were moved together with this one, and keep where they are now."""
        if found := find_beside(self.document, self.path.parent):
            self.document, _ = apply(self.document, relink(found))
            with self._journal.transaction() as connection:
                add_snapshot(connection, self._at, pack(self.document))
            self._snapshot_step = self._at

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


def untitled_folder(profile: Profile) -> Path:
    """Return the folder of the sessions that have no name yet."""
    return profile.home / "sessions"
