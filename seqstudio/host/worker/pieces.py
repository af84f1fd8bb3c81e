"""What an item has finished of its work, kept on disk for an interrupted item to go on from."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class PieceFile:
    """Finished pieces of one item: one JSON value a line. Implements `contracts.kept.Pieces`.

    Parameters
    ----------
    path : the file; None keeps nothing
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.kept: tuple[Any, ...] = tuple(_whole_lines(path)) if path else ()
        self._end = path.stat().st_size if path and path.exists() else 0

    def keep(self, value: Any) -> None:
        """Store one more piece; it is on the disk when this returns.

        Once another attempt at the item writes to the file, this one stores nothing more: theirs
        are the same pieces, and each must be there once.
        """
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            if file.tell() != self._end:
                self._path = None
                return
            file.write(json.dumps(value).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self._end = file.tell()


def _whole_lines(path: Path) -> Iterator[Any]:
    """Yield the pieces, and cut off a line that a killed process left unfinished."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    good = 0
    with contextlib.suppress(ValueError):
        for line in content.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            yield json.loads(line)
            good += len(line)
    if good < len(content):
        os.truncate(path, good)
