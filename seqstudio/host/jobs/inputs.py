"""From what a person named to the items of a job: files found, folders walked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import STREAMS, OperationEntry, Port
from seqstudio.errors import JobError
from seqstudio.host.text_format import readable

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "audio": (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"),
    "midi": (".mid", ".midi", ".smf"),
    "text": (".txt",),
    "transcript": (".json",),
    "table": (".tsv", ".csv"),
    "model": (".seqmodel",),
}


@dataclass(frozen=True, slots=True)
class Group:
    """What one feed works on: its inputs, and the place of its outputs under `--out`."""

    inputs: Mapping[str, tuple[Path, ...]]
    name: str  # as a person knows it: the path they gave, or one below the folder they gave
    place: Path  # relative, with suffix: mirrored under `--out`


def groups(
    entry: OperationEntry, inputs: Mapping[str, tuple[Path, ...]], *, recursive: bool
) -> list[Group]:
    """Make the groups of a job: for a batch one for each file, otherwise one in all.

    A named file is taken whatever its suffix, and even if it is not there: that is the item's own
    fault to report. In a folder, the files with a suffix of the input's kind are taken.

    Raises
    ------
    JobError
        If an input is unknown, missing or too many, or a folder holds no file of the kind, or
        stands where one file is wanted.
    """
    _check_names(entry, inputs)
    batched = next((port for port in entry.inputs if port.many), None)
    if entry.runs != "batch" or batched is None:
        found = {
            port.name: tuple(
                path
                for given in inputs.get(port.name, ())
                for path, _ in _files(given, port, recursive=recursive)
            )
            for port in entry.inputs
        }
        first = next((paths[0] for paths in found.values() if paths), None)
        place = Path(first.name) if first else Path(entry.name)
        return [Group(found, readable(str(first or entry.name)), place)]
    shared = {name: paths for name, paths in inputs.items() if name != batched.name}
    pairs = [
        pair
        for given in inputs[batched.name]
        for pair in _files(given, batched, recursive=recursive)
    ]
    unique = dict.fromkeys(pairs)
    return [
        Group({**shared, batched.name: (path,)}, readable(str(path)), place)
        for path, place in _placed(unique)
    ]


def _check_names(entry: OperationEntry, inputs: Mapping[str, tuple[Path, ...]]) -> None:
    known = {port.name: port for port in entry.inputs}
    for name in inputs:
        if name not in known:
            names = ", ".join(known) or "none"
            raise JobError(f"{entry.name}: no input {name!r}, expected one of: {names}")
    for port in entry.inputs:
        count = len(inputs.get(port.name, ()))
        if port.kind in STREAMS:
            if count:
                raise JobError(f"{entry.name}: {port.name} is fed while it runs, expected no file")
            continue
        if count == 0 and not port.optional:
            raise JobError(f"{entry.name}: no {port.name} given, expected a file")
        if count > 1 and not port.many:
            raise JobError(f"{entry.name}: {count} files as {port.name}, expected one")


def _files(given: Path, port: Port, *, recursive: bool) -> Iterator[tuple[Path, Path]]:
    """Give (file, place) of what was named; a file's place is its name, until names clash."""
    if not given.is_dir() or port.kind == "model":
        yield given, Path(given.name)
        return
    if not port.many:
        raise JobError(f"{given}: a folder, expected one {port.kind} file")
    suffixes = SUFFIXES.get(port.kind, ())
    every = sorted(given.rglob("*") if recursive else given.glob("*"))
    found = [path for path in every if path.suffix.lower() in suffixes and not path.is_dir()]
    if not found:
        below = "" if recursive else " (--recursive looks into its folders too)"
        expected = ", ".join(suffixes) or "a file"
        raise JobError(f"{given}: no {port.kind} in this folder, expected {expected}{below}")
    for path in found:
        yield path, path.relative_to(given)


def _placed(pairs: Iterable[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """Tell apart the places of files that have the same name in different folders."""
    listed = list(pairs)
    taken: dict[Path, int] = {}
    for _, place in listed:
        taken[place] = taken.get(place, 0) + 1
    result = []
    for path, place in listed:
        whole = path.absolute()
        result.append((path, place if taken[place] == 1 else Path(*whole.parts[1:])))
    return result
