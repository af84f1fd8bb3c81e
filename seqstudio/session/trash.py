"""Discarded sessions: kept in a folder of the profile, from which they can be restored."""

import os
from contextlib import suppress
from pathlib import Path

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.session.files import SIDE_FILE_SUFFIXES, remove, side_file
from seqstudio.session.peek import peek
from seqstudio.session.session import SUFFIX, Session, untitled_folder

KEPT_DAYS = 30
DAY_S = 86400.0


def trashed(profile: Profile) -> tuple[Path, ...]:
    """Return the discarded sessions, the one discarded last first."""
    found = [path for path in _trash(profile).glob(f"*{SUFFIX}") if path.is_file()]
    return tuple(sorted(found, key=lambda path: path.stat().st_mtime, reverse=True))


def discard(path: Path, profile: Profile) -> Path | None:
    """Move an untitled session to the trash, also one that cannot be read any more.

    Returns
    -------
    where it is now; None if it was discarded in another window

    Raises
    ------
    SessionError
        If a process has it open, or it is a saved session.
    """
    try:
        with Session.open(path) as session:
            if not session.is_untitled:
                raise SessionError(f"{path}: a saved session, expected an untitled one")
    except SeqStudioError:
        if not path.exists():
            return None
        if peek(path) is not None:  # readable, so another process has it open
            raise
    if not path.exists():  # without any step, closing it has removed it
        return None
    return _move(path, _trash(profile))


def restore(path: Path, profile: Profile) -> Path:
    """Move a session from the trash back to the untitled ones; return where it is now.

    Raises
    ------
    SessionError
        If it is gone, or cannot be moved.
    """
    return _move(path, untitled_folder(profile))


def delete(path: Path) -> None:
    """Remove a session from the trash for good."""
    remove(path)


def sweep(profile: Profile, *, now_s: float) -> None:
    """Remove what was discarded more than `KEPT_DAYS` days before `now_s`, in s since 1970."""
    for path in trashed(profile):
        with suppress(FileNotFoundError):
            if now_s - path.stat().st_mtime > KEPT_DAYS * DAY_S:
                remove(path)


def _trash(profile: Profile) -> Path:
    return profile.home / "trash"


def _move(path: Path, folder: Path) -> Path:
    """Move a session with its side files; its time becomes that of the move."""
    target = folder / path.name
    with os_errors_as(SessionError, path):
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(path)
        for end in SIDE_FILE_SUFFIXES:
            if (side := side_file(path, end)).exists():
                side.replace(side_file(target, end))
        path.replace(target)
    return target
