"""Decide how files and folders that the user opens or drops are handled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.media.subtitles import read_transcript
from seqstudio.services.bundle_files import REQUIRED
from seqstudio.session.document import Clip, Take, kind_of
from seqstudio.session.edits import AddClip, AddTake, CompoundEdit, Edit
from seqstudio.session.session import SUFFIX

SESSION_KINDS = ("audio", "midi", "transcript", "text", "table")  # that a session can hold
SESSION_SUFFIXES = frozenset(suffix for kind in SESSION_KINDS for suffix in SUFFIXES[kind])
PLUGINS, MODELS = "plugins", "models"  # pages that install
INSTALLED_BY: Mapping[str, str] = {
    ".whl": PLUGINS,
    ".seqplugin": PLUGINS,
    ".seqmodel": MODELS,
}


@dataclass(frozen=True, slots=True)
class InstallRequest:
    """A plugin or a model to install, and the page that installs it."""

    page: str
    path: Path


def expand_paths(paths: Iterable[Path]) -> list[Path | InstallRequest]:
    """List the named files, and the files below named folders that a session can hold, in order.

    Install requests come last: each asks a question, which then stays in front.
    """
    found: dict[Path, None] = {}
    installs: dict[Path, InstallRequest] = {}
    for path in paths:
        if page := install_page(path):
            installs[path] = InstallRequest(page, path)
        elif not path.is_dir():
            found[path] = None
        elif below := _files_below(path):
            found.update(dict.fromkeys(below))
        elif any(path.glob("*.whl")):
            installs[path] = InstallRequest(PLUGINS, path)
    return [*found, *installs.values()]


def install_page(path: Path) -> str:
    """Return the page that installs a wheel, a plugin's project or a model; "" for other paths."""
    if page := INSTALLED_BY.get(path.suffix.lower()):
        return page
    if _is_plugin(path):
        return PLUGINS
    return MODELS if all((path / name).is_file() for name in REQUIRED) else ""


def is_session_or_install(path: Path) -> bool:
    """Whether a path is a session, a plugin or a model: handled alike on every page."""
    return is_session(path) or bool(install_page(path))


def can_import(path: Path) -> bool:
    """Whether a file's suffix is of a kind that a session can hold."""
    return path.suffix.lower() in SESSION_SUFFIXES


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if can_import(path) and path.is_file())


def _is_plugin(folder: Path) -> bool:
    """Whether a folder's project names the studio's entry points, in valid TOML or not."""
    # 50 ms together, which would delay the first paint
    from seqstudio.contracts.manifest import ENTRY_POINT_GROUP
    from seqstudio.host.store.project_wheel import PROJECT

    try:
        text = (folder / PROJECT).read_text(encoding="utf-8", errors="replace")
    except OSError:  # it is no folder, or has no project
        return False
    return ENTRY_POINT_GROUP in text


def is_session(path: Path) -> bool:
    """Whether a file is a session rather than something to import into one."""
    return path.suffix == SUFFIX


def import_file(path: Path) -> Edit:
    """Read one file; slow for large ones, so call it on a thread.

    A MIDI file becomes a clip and an accepted take of its notes; a transcript keeps its words.

    Raises
    ------
    SeqStudioError
        If the file cannot be read, or its kind is unknown.
    """
    if not path.is_file():
        raise SessionError(f"{path}: no such file, expected audio, MIDI, a transcript or a session")
    kind = kind_of(path)
    clip = Clip.of(path, kind)
    if kind == "midi":
        take = Take.of(path.read_bytes(), path.stem, clip=clip.id, accepted=True)
        return CompoundEdit(f"Open {path.name}", (AddClip(clip), AddTake(take)))
    if kind == "transcript":
        clip = replace(clip, transcript=read_transcript(path))
    return AddClip(clip)
