"""What becomes of the files and folders that a person opens or drops."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.media.subtitles import read_transcript
from seqstudio.services.bundle_files import REQUIRED
from seqstudio.session.document import Clip, Take, kind_of
from seqstudio.session.operations import AddClip, AddTake, Operation, Together
from seqstudio.session.session import SUFFIX

BROUGHT = ("audio", "midi", "transcript", "text")
PLUGINS, MODELS = "plugins", "models"  # pages that install
INSTALLED_BY: Mapping[str, str] = {".whl": PLUGINS, ".seqmodel": MODELS}


@dataclass(frozen=True, slots=True)
class Install:
    """A plugin or a model that a person brought, for the page that installs it."""

    page: str
    path: Path


def sort_out(paths: Iterable[Path]) -> list[Path | Install]:
    """List files as named, and those below folders that a session can hold, in order.

    What is to be installed comes last: it asks a question, and what is asked stays in front.
    """
    found: dict[Path, None] = {}
    installs: dict[Path, Install] = {}
    for path in paths:
        if page := installer_of(path):
            installs[path] = Install(page, path)
        elif not path.is_dir():
            found[path] = None
        elif below := _files_below(path):
            found.update(dict.fromkeys(below))
        elif any(path.glob("*.whl")):
            installs[path] = Install(PLUGINS, path)
    return [*found, *installs.values()]


def installer_of(path: Path) -> str:
    """Name the page that installs a wheel, a plugin's project or a model; "" for all else."""
    if page := INSTALLED_BY.get(path.suffix.lower()):
        return page
    if _is_plugin(path):
        return PLUGINS
    return MODELS if all((path / name).is_file() for name in REQUIRED) else ""


def belongs_elsewhere(path: Path) -> bool:
    """Whether a thing has its place whatever page is in front: a session, a plugin, a model."""
    return is_session(path) or bool(installer_of(path))


def _files_below(folder: Path) -> list[Path]:
    known = {suffix for kind in BROUGHT for suffix in SUFFIXES[kind]}
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in known and p.is_file())


def _is_plugin(folder: Path) -> bool:
    """Whether a folder's project names the studio's entry points, well or badly."""
    # 50 ms together, which would delay the first paint
    from seqstudio.host.catalogue.discovery import GROUP
    from seqstudio.host.store.pack import PROJECT

    try:
        return GROUP in (folder / PROJECT).read_text(encoding="utf-8", errors="replace")
    except OSError:  # it is no folder, or has no project
        return False


def is_session(path: Path) -> bool:
    """Whether a file is a session rather than something to bring into one."""
    return path.suffix == SUFFIX


def bring(path: Path) -> Operation:
    """Read one file; slow for large ones, so call it on a thread.

    A MIDI file becomes a clip and an accepted take of its notes; a transcript keeps its words.

    Raises
    ------
    SeqStudioError
        If the file cannot be read, or is of no known kind.
    """
    if not path.is_file():
        raise SessionError(f"{path}: no such file, expected audio, MIDI, a transcript or a session")
    kind = kind_of(path)
    clip = Clip.of(path, kind)
    if kind == "midi":
        take = Take.of(path.read_bytes(), path.stem, clip=clip.id, accepted=True)
        return Together(f"Open {path.name}", (AddClip(clip), AddTake(take)))
    if kind == "transcript":
        clip = replace(clip, transcript=read_transcript(path))
    return AddClip(clip)
