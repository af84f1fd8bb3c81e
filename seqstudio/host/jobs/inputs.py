"""Input files of a job: files and folders that the user named, grouped into items."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import STREAMS, OperationEntry, Port
from seqstudio.errors import JobError
from seqstudio.host.text_format import printable

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "audio": (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"),
    "midi": (".mid", ".midi", ".smf", ".kar", ".rmi"),
    "text": (".txt",),
    "transcript": (".json",),
    "table": (".tsv", ".csv"),
    "model": (".seqmodel",),
}


@dataclass(frozen=True, slots=True)
class InputGroup:
    """The inputs that one run of the operation gets, and the path of its outputs under `--out`."""

    inputs: Mapping[str, tuple[Path, ...]]
    name: str  # as the user knows it: the given path, or one below the given folder
    path: Path  # relative, with suffix: mirrored under `--out`


def group_inputs(
    entry: OperationEntry, inputs: Mapping[str, tuple[Path, ...]], *, recursive: bool
) -> list[InputGroup]:
    """Return the input groups of a job: one for each file of a batch, otherwise a single one.

    A named file is accepted whatever its suffix, and even if it is missing: its item then fails.
    In a folder, the files with a suffix of the input's kind are used.

    Raises
    ------
    JobError
        If an input is unknown, missing or given too often, or a folder holds no file of the kind,
        or is given where one file is expected.
    """
    _check_names(entry, inputs)
    batched = next((port for port in entry.inputs if port.many), None)
    if entry.runs != "batch" or batched is None:
        found = {
            port.name: tuple(
                path
                for given in inputs.get(port.name, ())
                for path, _ in _find_files(given, port, recursive=recursive)
            )
            for port in entry.inputs
        }
        first = next((paths[0] for paths in found.values() if paths), None)
        path = Path(first.name) if first else Path(entry.name)
        return [InputGroup(found, printable(str(first or entry.name)), path)]
    shared = {name: paths for name, paths in inputs.items() if name != batched.name}
    pairs = [
        pair
        for given in inputs[batched.name]
        for pair in _find_files(given, batched, recursive=recursive)
    ]
    unique = dict.fromkeys(pairs)
    return [
        InputGroup({**shared, batched.name: (path,)}, printable(str(path)), relative)
        for path, relative in _distinct_paths(unique)
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


def _find_files(given: Path, port: Port, *, recursive: bool) -> Iterator[tuple[Path, Path]]:
    """Yield each file with its path relative to the given folder; a given file's is its name."""
    if not given.is_dir() or port.kind == "model":
        yield given, Path(given.name)
        return
    if not port.many:
        raise JobError(f"{given}: a folder, expected one {port.kind} file")
    suffixes = SUFFIXES.get(port.kind, ())
    candidates = sorted(given.rglob("*") if recursive else given.glob("*"))
    found = [path for path in candidates if path.suffix.lower() in suffixes and not path.is_dir()]
    if not found:
        below = "" if recursive else " (--recursive looks into its folders too)"
        expected = ", ".join(suffixes) or "a file"
        raise JobError(f"{given}: no {port.kind} in this folder, expected {expected}{below}")
    for path in found:
        yield path, path.relative_to(given)


def _distinct_paths(pairs: Iterable[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """Replace relative paths that occur more than once by the whole path of their file."""
    listed = list(pairs)
    counts = Counter(relative for _, relative in listed)
    return [
        (path, relative if counts[relative] == 1 else Path(*path.absolute().parts[1:]))
        for path, relative in listed
    ]
