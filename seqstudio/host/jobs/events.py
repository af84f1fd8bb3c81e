"""What a job tells whoever watches it. Frozen dataclasses, in the order in which things happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStarted:
    """A worker took up an item: a file of a batch, or a take."""

    item: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemProgress:
    """How far an item is, 0 to 1; `event` is a training event, as `event_to_plain` gave it."""

    item: int
    fraction: float
    note: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialText:
    """Provisional output, never stored."""

    item: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDone:
    """An item is finished and recorded; `skipped` where that had been so before this job."""

    item: int
    name: str
    outputs: tuple[Path, ...] = ()
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""  # the model that was loaded for it
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailed:
    """An item was refused or failed, and why; nothing of it was written."""

    item: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """The last event. `value` is what evaluate or verify found, or how a training ended.

    `reason` is why the job ended where no single item is to blame.
    """

    state: State
    done: int = 0
    failed: int = 0
    value: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


JobEvent = ItemStarted | ItemProgress | PartialText | ItemDone | ItemFailed | JobFinished
