"""The events of a running job, as frozen dataclasses, in the order in which they occur."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStarted:
    """A worker has started an item: a file of a batch, or a take."""

    item: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemProgress:
    """The progress of an item, 0 to 1; `event` is a training event from `event_to_plain`."""

    item: int
    fraction: float
    message: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the user should know: a plugin was left out, or had a say in the result."""

    text: str
    left_out: str = ""  # id of the plugin that the job goes on without, in whole or in part


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialText:
    """Provisional output, which is never stored."""

    item: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDone:
    """An item is finished and stored; `skipped` if an earlier job had finished it already."""

    item: int
    name: str
    outputs: tuple[Path, ...] = ()
    summary: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""  # the model that was loaded for it
    skipped: bool = False
    kept: tuple[Path, ...] = ()  # backups of the files that the outputs replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailed:
    """An item failed, with the reason; none of its outputs were written.

    `fixable` tells whether the user can do something about it, or it is a bug or a crash.
    """

    item: int
    name: str
    reason: str
    fixable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFinished:
    """The last event. `value` is the result of evaluate or verify, or how a training ended.

    `reason` says why the job failed as a whole; "" if it did not.
    """

    state: JobState
    done: int = 0
    failed: int = 0
    value: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


JobEvent = ItemStarted | ItemProgress | Notice | PartialText | ItemDone | ItemFailed | JobFinished
