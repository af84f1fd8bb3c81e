"""The events of a training: frozen dataclasses, stored as lines of JSON. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import DataError

AverageKind = Literal["", "best", "last", "base", "swa", "ema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChosen:
    """No preset was asked for, and the task chose the one that suits the data."""

    preset: str
    summary: str  # one line for the user


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A training starts from the weights of another model."""

    base: str
    base_sha256: str
    fresh: tuple[str, ...]  # modules that the base lacks, or has in another shape
    summary: str  # one line for the user


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """An optimiser step was done; `loss` is the mean over all `count` terms of the step."""

    step: int  # from 1
    epoch: int  # from 0
    loss: float
    count: int
    learning_rate: float
    gradient_norm: float  # before clipping
    fraction: float  # of the planned steps
    parts: Mapping[str, float] = field(default_factory=dict)  # named means
    # gradient norms by layer and time lag, if they were measured
    gradient_flow: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The valid split was measured, with the weights as a bundle stores them."""

    step: int
    epoch: int
    monitor: str
    value: float  # of the monitor; lower is better
    best: bool  # whether it is the best so far; if so, it is the run's `model`
    metrics: Mapping[str, float]
    items: int
    percentiles: tuple[float, ...] = ()  # of the monitor over the items, as on a model card
    averaged: int = 1  # sets of weights averaged into those that were measured
    average: AverageKind = ""  # what kind of average these are; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A sample of the model's output, always with the same seed and examples."""

    step: int
    epoch: int
    text: str
    files: tuple[str, ...] = ()  # inside the run folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A checkpoint was written; a killed run resumes from the newest one."""

    step: int
    epoch: int
    path: str  # inside the run folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The training is complete, or was stopped and can be resumed."""

    step: int
    epoch: int
    reason: Literal["epochs", "patience", "stopped"]
    monitor: str
    value: float | None  # of the final model; None if it was not evaluated
    best_step: int
    averaged: int  # sets of weights averaged into the final model
    average: AverageKind = ""  # what kind of average it is; "" for none
    minutes: float  # of training, over all resumed runs
    processes: tuple[int, ...] = (1,)  # that trained together: at the start, and after each change
    stopped_by: str = ""  # the callback that ended it, if one did
    summary: str  # one line for the user


Event = PresetChosen | Started | TrainingStep | Evaluated | Preview | Saved | Finished

KINDS: Mapping[str, type[Event]] = {
    "preset": PresetChosen,
    "started": Started,
    "step": TrainingStep,
    "evaluated": Evaluated,
    "preview": Preview,
    "saved": Saved,
    "finished": Finished,
}


def average_text(kind: AverageKind, count: int) -> str:
    """Describe an average of `count` sets of weights.

    >>> average_text("last", 3)
    'the average of the last 3 epochs'
    """
    return {
        "": "one checkpoint",
        "best": f"the average of the {count} best checkpoints",
        "last": f"the average of the last {count} epochs",
        "base": "an average of the weights before and after the training",
        "swa": f"the stochastic weight average of {count} epochs",
        "ema": "a moving average",
    }[kind]


def event_to_plain(event: Event) -> dict[str, Any]:
    """Convert an event to JSON values, with its kind under `event`.

    >>> event_to_plain(Saved(step=3, epoch=0, path="checkpoints/000001"))
    {'event': 'saved', 'step': 3, 'epoch': 0, 'path': 'checkpoints/000001'}
    """
    names = {kind: name for name, kind in KINDS.items()}
    return {"event": names[type(event)], **to_plain(event)}


def event_from_plain(value: Mapping[str, Any], where: str) -> Event:
    """Convert JSON values to an event.

    Raises
    ------
    DataError
        If its kind is unknown, or its fields do not match the kind.
    """
    fields = dict(value)
    name = fields.pop("event", None)
    if name not in KINDS:
        raise DataError(f"{where}: event {name!r}, expected one of {', '.join(KINDS)}")
    return from_plain(KINDS[name], fields, where, error=DataError)
