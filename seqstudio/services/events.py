"""What a training says while it runs: frozen dataclasses that become lines of JSON. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One optimiser step: `loss` is the mean over all `count` things of the step."""

    step: int  # from 1
    epoch: int  # from 0
    loss: float
    count: int
    learning_rate: float
    gradient_norm: float  # before clipping
    fraction: float  # of all planned steps
    parts: Mapping[str, float] = field(default_factory=dict)  # named means
    flow: Mapping[str, Any] = field(default_factory=dict)  # gradient norms by layer and time lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The valid split was measured, through the model as it would be saved."""

    step: int
    epoch: int
    monitor: str
    value: float  # of the monitor; lower is better
    best: bool  # the best so far, now in the run's `model`
    figures: Mapping[str, float]
    items: int
    averaged: int = 1  # checkpoints averaged into what was measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the model does now, with the same seed and examples at every stage."""

    step: int
    epoch: int
    text: str
    files: tuple[str, ...] = ()  # inside the run folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A checkpoint is on the disk: a killed run goes on from here."""

    step: int
    epoch: int
    path: str  # inside the run folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The training is over, or stopped where it can be resumed."""

    step: int
    epoch: int
    reason: Literal["epochs", "patience", "stopped"]
    monitor: str
    value: float | None  # of the model that is kept; None before the first evaluation
    best_step: int
    averaged: int  # checkpoints in the model that is kept
    minutes: float  # of training, resumed stretches included
    note: str  # one line for people


Event = Step | Evaluated | Preview | Saved | Finished

KINDS: Mapping[str, type[Event]] = {
    "step": Step,
    "evaluated": Evaluated,
    "preview": Preview,
    "saved": Saved,
    "finished": Finished,
}


def event_to_plain(event: Event) -> dict[str, Any]:
    """Turn an event into JSON values; its kind is under `event`.

    >>> event_to_plain(Saved(step=3, epoch=0, path="checkpoints/000001"))
    {'event': 'saved', 'step': 3, 'epoch': 0, 'path': 'checkpoints/000001'}
    """
    names = {kind: name for name, kind in KINDS.items()}
    return {"event": names[type(event)], **to_plain(event)}


def event_from_plain(value: Mapping[str, Any], where: str) -> Event:
    """Read an event back.

    Raises
    ------
    DataError
        If its kind is unknown, or its fields are not those of the kind.
    """
    fields = dict(value)
    name = fields.pop("event", None)
    if name not in KINDS:
        raise DataError(f"{where}: event {name!r}, expected one of {', '.join(KINDS)}")
    return from_plain(KINDS[name], fields, where, error=DataError)
