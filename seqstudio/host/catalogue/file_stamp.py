"""File stamps: modification time and size, which show whether a file has changed.

The catalogue's cache and the cache of bundles hold stamps. This module is on the path of `--help`,
so it imports only what the interpreter has loaded already.
"""

import os

FileStamp = list[int] | None  # modification time in ns, size in bytes; None if there is no file


def file_stamp(path: str) -> FileStamp:
    """Return the stamp of a file or folder."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib would cost 8 ms of the 60 that --help may take
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]
