"""A model's card: where it comes from, how to make it again, and how good it is. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMetric:
    """One measured figure, with what it was measured on."""

    name: str
    value: float
    split: str
    items: int
    low: float | None = None  # bounds of the 95 % bootstrap interval over items
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a person should know before using a model. Stored as `card.json`."""

    name: str = ""
    title: str = ""
    description: str = ""
    task: str
    data: str = ""  # the name of the source
    data_sha256: str = ""  # over the source's files
    held_out: Mapping[str, float] = field(default_factory=dict)  # groups or share, by hash
    preset: str = ""
    settings: tuple[str, ...] = ()
    command: str = ""  # makes this model again
    train: Mapping[str, Any] = field(default_factory=dict)  # the whole TrainConfig
    options: Mapping[str, Any] = field(default_factory=dict)  # the task's own
    seeds: tuple[int, ...] = ()
    steps: int = 0
    averaged: int = 1  # checkpoints averaged into the weights
    parameters: int = 0
    training_minutes: float = 0.0
    machine: str = ""
    torch: str = ""
    licence: str = ""
    source: str = ""  # of the data: who made it, where it is from
    remarks: tuple[str, ...] = ()
    metrics: tuple[CardMetric, ...] = ()
