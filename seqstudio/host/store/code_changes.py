"""What changed in a plugin's files since the version in use, for the consent sheet."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from seqstudio.host.store.archive import open_archive
from seqstudio.host.store.wheel import Wheel

MAX_LINES = 200  # of the difference that is shown
MAX_TEXT_BYTES = 2**18  # of a file whose difference is shown
MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class CodeChanges:
    """The files that differ from those in use, and the lines in them that do."""

    summary: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def code_changes(wheels: Sequence[Wheel], old: Mapping[str, str], library: Path) -> CodeChanges:
    """Compare wheels with an installed version.

    Parameters
    ----------
    wheels : the plugin and what is installed with it
    old : sha256 of the installed files, by path
    library : the folder that holds them
    """
    before = {name: sha for name, sha in old.items() if _counts(name)}
    after = {name: sha for one in wheels for name, sha in one.hashes.items() if _counts(name)}
    groups = {
        "changed": sorted(n for n in before.keys() & after.keys() if before[n] != after[n]),
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
    }
    summary = tuple(_summary(how, names) for how, names in groups.items() if names)
    texts = _texts(wheels, {*groups["changed"], *groups["added"]})
    lines = islice(_lines(groups, texts, library), MAX_LINES + 1)
    shown = tuple(lines)
    if len(shown) > MAX_LINES:
        shown = (*shown[:MAX_LINES], "... and more")
    return CodeChanges(summary, shown)


def _counts(name: str) -> bool:
    """Whether a file is code or data: its metadata are on the sheet, its bytecode follows it."""
    return ".dist-info/" not in name and "__pycache__/" not in name


def _summary(how: str, names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    listed = ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"code: {len(names)} file{'' if len(names) == 1 else 's'} {how}: {listed}"


def _texts(wheels: Sequence[Wheel], names: set[str]) -> dict[str, list[str]]:
    """Read the new files that are text and not too long."""
    texts = {}
    for wheel in wheels:
        with open_archive(wheel.source) as archive:
            for name in sorted(names & wheel.hashes.keys()):
                if archive.sizes[name] <= MAX_TEXT_BYTES:
                    texts[name] = _split(archive.read(name, MAX_TEXT_BYTES))
    return texts


def _lines(
    groups: Mapping[str, Sequence[str]], texts: Mapping[str, list[str]], library: Path
) -> Iterator[str]:
    for name in [name for names in groups.values() for name in names]:
        path = library / name
        small = path.is_file() and path.stat().st_size <= MAX_TEXT_BYTES
        old = _split(path.read_bytes()) if small else []
        new = texts.get(name, [])
        if old or new:
            files = f"installed/{name}", f"new/{name}"
            yield from difflib.unified_diff(old, new, *files, n=1, lineterm="")


def _split(data: bytes) -> list[str]:
    try:
        return data.decode().splitlines()
    except UnicodeDecodeError:  # not text
        return []
