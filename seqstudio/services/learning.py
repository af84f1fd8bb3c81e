"""Learning from corrections: a training that is kept only if what was held out agrees. Torch-free.

The part that judges is seen by nothing else: neither the training nor the choice of its weights.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Example, Measurement, pool
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preset, Task, tie_break_of
from seqstudio.errors import ConfigError, DataError, TrainingError
from seqstudio.services.atomic_files import json_bytes, write_atomic
from seqstudio.services.evaluation import bootstrap_interval, paired_interval
from seqstudio.services.judgement import (
    JUDGEMENT,
    VERDICT,
    Estimate,
    Judgement,
    read_judgement,
)
from seqstudio.services.runs import Run

LEAST = 2  # items that can be resampled
GENTLER = 5.0  # a trained model takes smaller steps than random weights


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnArguments:
    """The arguments of `seqstudio PLUGIN learn DATA --model MODEL --run DIR`."""

    data: Path
    run: Path
    settings: tuple[str, ...] = ()
    resume: bool = False
    importer: str = ""  # PLUGIN.NAME; "" chooses one
    share: float = 0.2  # of the data that is held out to judge by
    minutes: float = 0.0  # after which training stops; 0: when it is done

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError(f"share={self.share}, expected more than 0 and less than 1")
        if self.minutes < 0:
            raise ConfigError(f"minutes={self.minutes}, expected 0 or more")


def gentle_settings(preset: Preset, settings: Sequence[str]) -> tuple[str, ...]:
    """Return settings for a model that knows something already; those of the user come first."""
    rate = preset.train.learning_rate / GENTLER
    usual = {
        "epochs": "20",
        "learning_rate": f"{rate:g}",
        "warmup": "0.1",
        "patience": "5",
        "average": "3",
        "average_base": "3",
        "valid_share": "0.1",
        "preview_every": "0",
    }
    given = {text.partition("=")[0].strip() for text in settings}
    return (*settings, *(f"{name}={text}" for name, text in usual.items() if name not in given))


def check_apart(apart: Sequence[Example], total: int, where: Path) -> None:
    """Raise DataError if too few items are held out to judge by."""
    if len(apart) < LEAST:
        raise DataError(
            f"{where}: {len(apart)} of {total} items held out to judge by, expected at least "
            f"{LEAST}; correct more recordings, or hold out a larger share"
        )


def judge(
    task: Task, before: Sequence[Measurement], after: Sequence[Measurement], *, total: int
) -> Judgement:
    """Compare measurements of the same items, by errors if the task has them, else by its monitor.

    Parameters
    ----------
    total : items of the data, those held out among them
    """
    metric = tie_break_of(task) or task.monitor
    values = [pool(list(measured))[metric] for measured in (before, after)]
    estimates = [
        Estimate(value, *bootstrap_interval(measured, metric))
        for value, measured in zip(values, (before, after), strict=True)
    ]
    change = Estimate(values[1] - values[0], *paired_interval(before, after, metric))
    return Judgement(
        metric=metric,
        items=len(before),
        total=total,
        before=estimates[0],
        after=estimates[1],
        difference=change,
    )


def settle(run: Run, judgement: Judgement) -> Mapping[str, Any]:
    """Keep the run's model or put the one that it started from in its place; record and return why.

    The model comes first: a process that dies between the two judges again, and comes to the same.
    """
    if not judgement.kept:
        with run.new_model(0) as folder:
            shutil.copytree(run.base, folder, dirs_exist_ok=True)
    verdict = {name: getattr(judgement, name) for name in VERDICT}
    table = {**to_plain(judgement), **verdict}
    write_atomic(run.folder / JUDGEMENT, json_bytes(table))
    return table


def check_not_judged(run: Run) -> None:
    """Raise TrainingError if the training of a run has been judged already."""
    if judgement := read_judgement(run.folder):
        kept = "kept" if judgement.kept else "not kept"
        raise TrainingError(f"{run.folder} is finished: its weights are {kept}; nothing to resume")
