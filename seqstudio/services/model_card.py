"""A model card: where a model comes from, how to train it again, how good it is. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMetric:
    """The value of one metric, and the data it was measured on."""

    name: str
    value: float
    split: str
    items: int  # number measured
    low: float | None = None  # bounds of the 95 % bootstrap interval over items
    high: float | None = None
    percentiles: tuple[float, ...] = ()  # of the monitor, 0, 5, ..., 100 over the items


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a user should know about a model. Stored as `card.json`."""

    name: str = ""
    title: str = ""
    description: str = ""
    task: str
    data: str = ""  # the name of the source
    data_sha256: str = ""  # over the source's files
    held_out: Mapping[str, float] = field(default_factory=dict)  # rule of the valid split
    preset: str = ""
    settings: tuple[str, ...] = ()
    command: str = ""  # that trains this model
    train: Mapping[str, Any] = field(default_factory=dict)  # all fields of TrainConfig
    options: Mapping[str, Any] = field(default_factory=dict)  # all options of the task
    seeds: tuple[int, ...] = ()
    steps: int = 0
    averaged: int = 1  # sets of weights averaged into these
    average: str = ""  # kind of average: best, last, swa or ema; "" for none
    base: str = ""  # name of the model whose weights the training started from
    base_sha256: str = ""
    fresh: tuple[str, ...] = ()  # modules that started without weights of the base
    parameters: int = 0
    training_minutes: float = 0.0
    machine: str = ""
    torch: str = ""
    licence: str = ""
    source: str = ""  # of the data: author and origin
    tuning: str = ""  # command that chose how it decodes; "" for none
    remarks: tuple[str, ...] = ()
    metrics: tuple[CardMetric, ...] = ()
