"""Limits on a worker's time and memory; a worker that exceeds one is killed and its item fails."""

import json
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Timeouts in seconds, and the share of memory that the workers of one job may use together."""

    start_timeout_s: float = 120.0  # from the start of a worker until it is ready
    message_timeout_s: float = 1800.0  # between two messages while an item runs
    cancel_timeout_s: float = 2.0  # from a cancel request until the worker is killed
    save_timeout_s: float = 20.0  # the same for a training job, which saves a checkpoint first
    memory_share: float = 0.8  # of the machine's memory

    def __post_init__(self) -> None:
        for name in ("start_timeout_s", "message_timeout_s", "cancel_timeout_s", "save_timeout_s"):
            if not (value := getattr(self, name)) > 0:
                raise ConfigError(f"{name}={value}, expected more than 0")
        if not 0 < self.memory_share <= 1:
            raise ConfigError(f"memory_share={self.memory_share}, expected 0 < memory_share <= 1")


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
