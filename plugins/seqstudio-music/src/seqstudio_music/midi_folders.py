"""Folders of MIDI files, with or without a `manifest.tsv` that lists their splits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Ledger, canonical_split

SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi", ".mxl", ".musicxml", ".abc")
MANIFEST = "manifest.tsv"


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A MIDI file: its name in the ledger, its path, and its split ("" for none)."""

    name: str
    path: Path
    split: str = ""


def midi_files(source: Path, ledger: Ledger) -> Iterator[MidiFile]:
    """Yield MIDI files and list each in `ledger` as used.

    A listed file that is missing, and a file of a folder that is no music, is refused there by
    name; files and folders whose names begin with a dot are passed over.

    Parameters
    ----------
    source : a MIDI file; a folder with `manifest.tsv` (columns `split` and `path` among others, no
        quoting); or any other folder, which is searched recursively and has no splits

    Raises
    ------
    DataError
        If `source` is none of these.
    """
    if source.is_file() and source.suffix.lower() in SUFFIXES:
        ledger.use(source.name)
        yield MidiFile(source.name, source)
    elif (source / MANIFEST).is_file():
        yield from _read_manifest(source, ledger)
    elif source.is_dir():
        yield from _search(source, ledger)
    else:
        raise DataError(f"{source}: not a MIDI file or a folder, expected one of them")


def _read_manifest(folder: Path, ledger: Ledger) -> Iterator[MidiFile]:
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t") if lines else []
    if not {"split", "path"} <= set(header):
        raise DataError(f"{folder / MANIFEST}:1: columns {header}, expected split and path")
    split_at, path_at = header.index("split"), header.index("path")
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) <= max(split_at, path_at):
            ledger.refuse(f"{MANIFEST}:{number}", f"{len(cells)} cells, expected {len(header)}")
            continue
        name = cells[path_at]
        if not (folder / name).is_file():
            ledger.refuse(name, f"listed in {MANIFEST}:{number}, expected a file there")
            continue
        ledger.use(name)
        yield MidiFile(name, folder / name, canonical_split(cells[split_at]))


def _search(folder: Path, ledger: Ledger) -> Iterator[MidiFile]:
    every = [path for path in sorted(folder.rglob("*")) if _is_shown(path.relative_to(folder))]
    paths = [path for path in every if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise DataError(f"{folder}: no music, expected files that end in {', '.join(SUFFIXES)}")
    for path in every:
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in SUFFIXES:
            ledger.use(name)
            yield MidiFile(name, path)
        elif path.is_file():
            ledger.refuse(name, f"not music by its name, expected {', '.join(SUFFIXES)}")


def _is_shown(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)
