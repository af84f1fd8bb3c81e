"""What the supervisor allows a worker before it ends its item."""

import json
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are in seconds; the memory limit is shared by the workers of one job."""

    start_s: float = 120.0  # from the start of a worker until it is ready
    silence_s: float = 1800.0  # without any message while an item runs
    cancel_s: float = 2.0  # from a cancel until the worker is killed
    save_s: float = 20.0  # the same where a training saves its checkpoint first
    memory_share: float = 0.8  # of the machine's memory

    def __post_init__(self) -> None:
        for name in ("start_s", "silence_s", "cancel_s", "save_s"):
            if not (value := getattr(self, name)) > 0:
                raise ConfigError(f"{name}={value}, expected more than 0")
        if not 0 < self.memory_share <= 1:
            raise ConfigError(f"memory_share={self.memory_share}, expected 0 < memory_share <= 1")


def read_limits(path: Path) -> Limits:
    """Read limits from a JSON file; the defaults hold where there is none.

    Raises
    ------
    ConfigError
        If the file is not JSON, or names an unknown limit or a value out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Limits()
    try:
        table = json.loads(text)
    except ValueError as bad:
        raise ConfigError(f"{path}: {bad}, expected JSON") from bad
    return from_plain(Limits, table, str(path))
