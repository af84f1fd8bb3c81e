"""Why a file cannot be read: also that a worker is confined, which the system does not say."""

import os

CONFINED = (
    "closed to this worker, which runs a plugin from outside and reads only the files and folders "
    "that the job names: put it into one of these"
)


def why_unreadable(error: OSError) -> str:
    """Return why a file cannot be read, to put into an error message after its path.

    The permissions of a file that confinement refuses would let it be read: `access` asks for
    these alone.

    >>> why_unreadable(FileNotFoundError(2, "No such file or directory", "song.wav"))
    'No such file or directory'
    """
    name = error.filename
    if isinstance(error, PermissionError) and name is not None and os.access(name, os.R_OK):
        return CONFINED
    return error.strerror or str(error)
