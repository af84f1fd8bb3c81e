"""Limits on a worker's time and memory; a worker that exceeds one is killed and its item fails."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError
from seqstudio.host.confinement.policy import GIB, LAYERS, Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What workers may use: time, the share of memory of a job's workers together, and sizes."""

    start_timeout_s: float = 120.0  # from the start of a worker until it is ready
    message_timeout_s: float = 1800.0  # between two messages while an item runs
    cancel_timeout_s: float = 5.0  # from a cancel request until it is killed; a part may be left
    save_timeout_s: float = 20.0  # the same for a training job, which saves a checkpoint first
    memory_share: float = 0.8  # of the machine's memory
    tasks: int = 1024  # processes and threads of one worker
    file_bytes: int = 2 * GIB  # size of the largest file that a worker may write
    log_bytes: int = 64 * 2**20  # size of the log of a job
    cache_bytes: int = 4 * GIB  # of what each plugin keeps for later jobs; 0 keeps nothing
    confine: tuple[Layer, ...] = LAYERS  # layers of confinement that are used, where there are any

    def __post_init__(self) -> None:
        for name in (
            *("start_timeout_s", "message_timeout_s", "cancel_timeout_s", "save_timeout_s"),
            *("tasks", "file_bytes", "log_bytes"),
        ):
            if not (value := getattr(self, name)) > 0:
                raise ConfigError(f"{name}={value}, expected more than 0")
        if self.cache_bytes < 0:
            raise ConfigError(f"cache_bytes={self.cache_bytes}, expected 0 or more")
        if not 0 < self.memory_share <= 1:
            raise ConfigError(f"memory_share={self.memory_share}, expected 0 < memory_share <= 1")

    def at_priority(self, nice: int) -> "Limits":
        """Return the limits of workers whose priority is lowered by `nice`.

        Each level leaves a process 1.25 times less of a busy machine (sched(7)): what is slow for
        that reason does not hang.
        """
        factor = 1.25**nice
        return replace(
            self,
            start_timeout_s=self.start_timeout_s * factor,
            message_timeout_s=self.message_timeout_s * factor,
            save_timeout_s=self.save_timeout_s * factor,
        )


def read_limits(path: Path) -> Limits:
    """Read limits from a JSON file, or return the defaults if the file does not exist.

    Raises
    ------
    ConfigError
        If the file is not JSON, or has an unknown limit or a value out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Limits()
    try:
        table = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}, expected JSON") from error
    return from_plain(Limits, table, str(path))
