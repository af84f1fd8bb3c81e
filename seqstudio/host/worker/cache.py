"""Costly intermediate values of operations, kept for later jobs within a budget of bytes."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from seqstudio.services.atomic_files import create_file, new_temporary, sha256_of

SCAN_EVERY = 64  # values stored until the folder is measured again: other workers write in it too
LEFT_SHARE = 0.9  # of the budget, after the oldest values were removed


class FileCache:
    """A folder of values by key; those that were not used for longest are removed first.

    Implements `contracts.kept.Cache`. A value that a killed process wrote is whole or absent.

    Parameters
    ----------
    folder : of one plugin; None keeps nothing
    budget_bytes : of all its values; 0 keeps nothing
    """

    def __init__(self, folder: Path | None, budget_bytes: int) -> None:
        self._folder = folder if budget_bytes else None
        self._budget_bytes = budget_bytes
        self._stored = 0

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, and note that it was used; None if there is none."""
        if self._folder is None:
            return None
        path = self._path(key)
        try:
            value = path.read_bytes()
            os.utime(path)
        except OSError:  # it is not there, or another worker has just removed it
            return None
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep a value; one that the disk does not take is left out, with a line in the log."""
        if self._folder is None or len(value) > self._budget_bytes:
            return
        path = self._path(key)
        temporary = new_temporary(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with create_file(temporary) as file:
                file.write(value)
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            sys.stderr.write(f"{path}: not kept: {error.strerror}\n")
            return
        self._stored += 1
        if self._stored % SCAN_EVERY == 1:
            self._evict()

    def _path(self, key: str) -> Path:
        name = sha256_of(key.encode())
        return Path(self._folder or "") / name[:2] / name

    def _evict(self) -> None:
        """Remove the values that were used longest ago, if all together pass the budget."""
        found = sorted(self._files())
        total = sum(size for _, size, _ in found)
        if total <= self._budget_bytes:
            return
        for _, size, path in found:
            if total <= LEFT_SHARE * self._budget_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            total -= size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each file was used last, its size, and its path."""
        for path in Path(self._folder or "").glob("*/*"):
            with contextlib.suppress(OSError):  # removed by another worker
                facts = path.stat()
                yield facts.st_mtime, facts.st_size, path
