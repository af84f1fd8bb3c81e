"""Takes as `.mid` files: for dragging out, for copying, and as inputs of jobs."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import os_errors_as, sha256_of
from seqstudio.session.document import Take

MAX_AGE_S = 30 * 24 * 3600.0  # of a scratch file, since it was last asked for
FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def midi_file(take: Take, profile: Profile) -> Path:
    """Write a take as edited to the profile's scratch folder, under its name; return the file.

    The same notes give the same file. Reads MIDI: call it on a thread where it may be long.

    Raises
    ------
    SeqStudioError
        If the take's MIDI cannot be read, or the file cannot be written.
    """
    return scratch_file(take.score.to_bytes(), take.name, profile)


def scratch_file(midi: bytes, name: str, profile: Profile) -> Path:
    """Write bytes to the profile's scratch folder, unless they are there; return the file.

    Raises
    ------
    SessionError
        If it cannot be written.
    """
    path = _scratch(profile) / sha256_of(midi)[:16] / f"{file_name(name)}.mid"
    with os_errors_as(SessionError, path):
        if not path.is_file() or path.read_bytes() != midi:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(midi)
        path.touch()
    return path


def without_scratch(text: str, profile: Profile) -> str:
    """Shorten paths of scratch files to the file names, which the user knows."""
    return re.sub(rf"{re.escape(str(_scratch(profile)))}[\\/][0-9a-f]+[\\/]", "", text)


def _scratch(profile: Profile) -> Path:
    return profile.home / "scratch"


def file_name(name: str) -> str:
    """Return a file stem for a name: characters that some system refuses become a dash.

    >>> file_name("Verse 2: loud/soft?"), file_name("...")
    ('Verse 2- loud-soft-', 'take')
    """
    return FORBIDDEN_IN_NAMES.sub("-", name).strip(" .")[:100] or "take"


def sweep_scratch(profile: Profile, *, now_s: float) -> None:
    """Remove old scratch files; those that cannot be removed stay.

    Parameters
    ----------
    profile : whose scratch folder
    now_s : seconds since 1970
    """
    for path in _scratch(profile).glob("*/*.mid"):
        with suppress(OSError):
            if now_s - path.stat().st_mtime > MAX_AGE_S:
                path.unlink()
                path.parent.rmdir()


def free_paths(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return a `.mid` path in a folder for each name: none exists, and no two are equal."""
    paths: list[Path] = []
    for name in names:
        stem, number = file_name(name), 1
        path = folder / f"{stem}.mid"
        while path in paths or path.exists():
            number += 1
            path = folder / f"{stem} {number}.mid"
        paths.append(path)
    return paths
