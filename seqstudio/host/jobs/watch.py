"""Watch folders for inputs that have arrived: a file that still grows is waited for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.jobs.inputs import files_now

SETTLED_S = 10.0  # a file that has not changed for so long is complete


@dataclass(slots=True)
class FolderWatch:
    """Finds the files that have come to the folders of a batch and are complete.

    Parameters
    ----------
    entry : the operation
    inputs : its inputs; those of the batch are folders
    recursive : folders in them too
    is_ours : whether a file is a result of an earlier job
    """

    entry: OperationEntry
    inputs: Mapping[str, tuple[Path, ...]]
    recursive: bool
    is_ours: Callable[[Path], bool]
    _seen: dict[Path, tuple[FileStamp, float]] = field(default_factory=dict)  # since when it is so
    _taken: dict[Path, FileStamp] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for port in self.entry.inputs:
            for path in self.inputs.get(port.name, ()) if port.many else ():
                if not path.is_dir():
                    raise JobError(f"{path}: not a folder, expected one to watch")

    def ready(self, now_s: float) -> tuple[Path, ...]:
        """Return the complete files that were not returned before, or that changed since.

        Parameters
        ----------
        now_s : seconds on a clock that only grows
        """
        found = []
        for path in files_now(self.entry, self.inputs, recursive=self.recursive):
            stamp = file_stamp(str(path))
            if stamp is None or self._taken.get(path) == stamp:
                continue
            before, since_s = self._seen.get(path, (None, now_s))
            if before != stamp:
                since_s = now_s
            self._seen[path] = stamp, since_s
            if now_s - since_s >= SETTLED_S:
                self._taken[path] = stamp
                del self._seen[path]
                if not self.is_ours(path):
                    found.append(path)
        return tuple(found)
