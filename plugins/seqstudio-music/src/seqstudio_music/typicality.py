"""How usual a piece is to a model: its nats beside those of the pieces held out from training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from seqstudio.api import DataError, Ledger, LoadedModel, Task
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.data import Piece, VoiceExample
from seqstudio_music.voices.task import VoicesTask

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name: task for task in (VoicesTask(), DrumsTask(), RollsTask())}
)
LONGEST = 4096  # steps; longer pieces are not measured, which would take seconds
UNLIKE = 99.0  # the percentile from which a piece is unlike what the model knows


@dataclass(frozen=True, slots=True)
class Typicality:
    """The nats of a piece, and its place among the pieces held out from training."""

    model: str
    task: str
    nats: float  # per sixteenth or frame, as the task measures them
    percentile: float | None  # how many per cent of the held-out pieces have fewer

    @property
    def text(self) -> str:
        """Both in words, and what helps if the piece is unlike what the model knows."""
        found = f"{self.nats:.2f} nats a step"
        if self.percentile is None:
            return found
        share = f"{self.percentile:.0f} % of" if self.percentile < 100 else "all"
        found += f", more than {share} the pieces held out from {self.model}"
        if self.percentile < UNLIKE:
            return found
        return (
            f"{found}: it knows other music, and ten minutes of training on such pieces help "
            f"(seqstudio train {self.task} FOLDER --run RUN --from {self.model})"
        )

    @property
    def details(self) -> dict[str, float]:
        """Both as the details of a result."""
        details = {"nats_per_step": self.nats}
        return details if self.percentile is None else {**details, "percentile": self.percentile}


def typicality(model: LoadedModel, path: Path) -> Typicality | None:
    """Measure a piece as the model's task does; None if the task refuses it or it is too long."""
    examples = examples_of(model, path)
    return _measured(model, TASKS[model.task], examples) if examples else None


def typicality_of_piece(model: LoadedModel, piece: Piece) -> Typicality | None:
    """Measure a piece in voices that was read already; None if it is too long."""
    example = VoiceExample(id="", where="", piece=piece, size=len(piece.values))
    return _measured(model, VoicesTask(), [example])


def _measured(model: LoadedModel, task: Task, examples: Sequence[Any]) -> Typicality | None:
    if len(examples) != 1 or task.length(examples[0]) > LONGEST:
        return None
    nats, steps = total_nats(model, examples)
    if not steps:
        return None
    return Typicality(model.name, task.name, nats / steps, model.percentile_of(nats / steps))


def examples_of(model: LoadedModel, path: Path) -> list[Any]:
    """Return what a model's task reads in a file; nothing if it refuses it, or is not one here."""
    task, ledger = TASKS.get(model.task), Ledger()
    if task is None:  # a composer of another kind of model
        return []
    try:
        return task.preflight(list(task.read(path, ledger)), model.preparation, ledger)
    except DataError:
        return []


def total_nats(model: LoadedModel, examples: Sequence[Any]) -> tuple[float, float]:
    """Return the nats of examples, as the model's task measures them, and their steps."""
    task = TASKS[model.task]
    sums = [one.sums[task.monitor] for one in task.measure(model, examples)]
    return sum(nats for nats, _ in sums), sum(steps for _, steps in sums)
