"""What a worker may do: the files it reads and writes, and whether it has network and processes."""

from dataclasses import dataclass
from typing import Literal

Layer = Literal["files", "calls", "limits"]

LAYERS: tuple[Layer, ...] = ("files", "calls", "limits")  # Landlock; seccomp; capabilities, rlimits
GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of one worker; whatever is not named here is refused."""

    read: tuple[str, ...] = ()  # files and folders, with all that is in them
    hidden: tuple[str, ...] = ()  # what stays refused inside those folders
    list_only: tuple[str, ...] = ()  # folders whose names may be read, but not their files
    write: tuple[str, ...] = ()  # folders
    compiled: str = ""  # folder of compiled code that outlives the worker: it runs what is there
    devices: tuple[str, ...] = ()  # patterns of the device files of GPUs that it may use
    network: bool = False
    processes: bool = False  # it may start programs
    ranks: bool = False  # the processes of a training, which reach each other by TCP
    layers: tuple[Layer, ...] = LAYERS  # those to use
    file_bytes: int = 2 * GIB  # size of the largest file that it may write
    open_files: int = 4096
    tasks: int = 1024  # processes and threads beyond those of the user now; root has no such limit
