"""Input files of a job: files and folders that the user named, grouped into items."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seqstudio.contracts.manifest import STREAMS, OperationEntry, Port
from seqstudio.errors import JobError
from seqstudio.host.jobs.outputs import TEMPORARY_PREFIX
from seqstudio.host.text_format import printable
from seqstudio.media.audio_suffixes import AUDIO_SUFFIXES

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "audio": AUDIO_SUFFIXES,
    "midi": (".mid", ".midi", ".smf", ".kar", ".rmi", ".mxl", ".musicxml", ".abc"),
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


@dataclass(frozen=True, slots=True)
class FoundInputs:
    """The input groups of a job, and what was found in its folders beside them, one line each."""

    groups: tuple[InputGroup, ...]
    notes: tuple[str, ...] = ()


def group_inputs(
    entry: OperationEntry, inputs: Mapping[str, tuple[Path, ...]], *, recursive: bool
) -> FoundInputs:
    """Find the input groups of a job: one for each file of a batch, otherwise a single one.

    A named file is accepted whatever its suffix, and even if it is missing: its item then fails.
    In a folder, the files with a suffix of the input's kind are used, and the others are counted.

    Raises
    ------
    JobError
        If an input is unknown, missing or given too often, or a folder holds no file of the kind,
        or is given where one file is expected.
    """
    _check_names(entry, inputs)
    batched = next((port for port in entry.inputs if port.many), None)
    search = _Search(recursive=recursive)
    if entry.runs != "batch" or batched is None:
        found = {
            port.name: tuple(
                path for given in inputs.get(port.name, ()) for path, _ in search.files(given, port)
            )
            for port in entry.inputs
        }
        every = [path for paths in found.values() for path in paths]
        first = every[0] if every else Path(entry.name)
        others = f" and {len(every) - 1} more" if len(every) > 1 else ""
        group = InputGroup(found, printable(f"{first}{others}"), Path(first.name))
        return FoundInputs((group,), tuple(search.notes))
    shared = {name: paths for name, paths in inputs.items() if name != batched.name}
    pairs = [pair for given in inputs[batched.name] for pair in search.files(given, batched)]
    unique = dict.fromkeys(pairs)
    groups = [
        InputGroup({**shared, batched.name: (path,)}, printable(str(path)), relative)
        for path, relative in _distinct_paths(unique)
    ]
    return FoundInputs(tuple(groups), tuple(search.notes))


def files_now(
    entry: OperationEntry, inputs: Mapping[str, tuple[Path, ...]], *, recursive: bool
) -> list[Path]:
    """Return the files that a batch finds in its folders now; folders may be empty, or be gone."""
    ports = [port for port in entry.inputs if port.many]
    search = _Search(recursive=recursive)
    return [
        path
        for port in ports
        for folder in inputs.get(port.name, ())
        for path in search.matching(folder, port)
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


@dataclass(slots=True)
class _Search:
    """Looks for files of a kind, and notes what else is in their folders."""

    recursive: bool
    notes: list[str] = field(default_factory=list)

    def files(self, given: Path, port: Port) -> list[tuple[Path, Path]]:
        """Return each file with its path relative to the given folder; a file's is its name."""
        if not given.is_dir() or port.kind in ("model", "data"):
            return [(given, Path(given.name))]
        if not port.many:
            raise JobError(f"{given}: a folder, expected one {port.kind} file")
        suffixes = SUFFIXES.get(port.kind, ())
        if not (found := self.matching(given, port)):
            below = "" if self.recursive else " (--recursive looks into its folders too)"
            expected = ", ".join(suffixes[:12]) or "a file"
            raise JobError(f"{given}: no {port.kind} in this folder, expected {expected}{below}")
        return [(path, path.relative_to(given)) for path in found]

    def matching(self, folder: Path, port: Port) -> list[Path]:
        """Return the files of a folder that have a suffix of the port's kind, in order."""
        suffixes = SUFFIXES.get(port.kind, ())
        every = self._list(folder)
        others = Counter(path.suffix.lower() or "no suffix" for path in every)
        for suffix in suffixes:
            del others[suffix]
        if others:
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common())
            self.notes.append(f"{folder}: not {port.kind}, by suffix: {kinds}")
        return [path for path in every if path.suffix.lower() in suffixes]

    def _list(self, given: Path) -> list[Path]:
        """List the files of a folder, in order; what cannot be listed is noted."""
        found: list[Path] = []

        def on_error(error: OSError) -> None:
            self.notes.append(f"{error.filename}: not looked into: {error.strerror}")

        for folder, folders, names in os.walk(given, onerror=on_error):
            names = [name for name in names if not name.startswith(TEMPORARY_PREFIX)]
            found += [Path(folder, name) for name in names]
            if not self.recursive:
                if folders:
                    below = f"{len(folders)} folder{'' if len(folders) == 1 else 's'}"
                    self.notes.append(f"{given}: {below} not looked into; --recursive does")
                break
        return sorted(found)


def _distinct_paths(pairs: Iterable[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """Replace relative paths that occur more than once by the whole path of their file."""
    listed = list(pairs)
    counts = Counter(relative for _, relative in listed)
    return [
        (path, relative if counts[relative] == 1 else Path(*path.absolute().parts[1:]))
        for path, relative in listed
    ]
