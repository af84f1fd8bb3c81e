"""Measures a model on examples: figures pooled over the set, items, refusals."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqstudio.contracts.data import Example, Ledger, Measured, pool
from seqstudio.contracts.formats import Metric
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Task
from seqstudio.errors import ModelError

RESAMPLES = 1000


def evaluate(task: Task, loaded: LoadedModel, examples: Sequence[Example]) -> Iterator[Measured]:
    """Measure examples one after another, decoding exactly as the task's operation does.

    Raises
    ------
    ModelError
        If the model is of another task.
    """
    if loaded.task != task.name:
        raise ModelError(f"{loaded.name}: a model of task {loaded.task}, expected {task.name}")
    yield from task.measure(loaded, examples)


def report(
    measured: Sequence[Measured],
    task: Task,
    *,
    ledger: Ledger | None = None,
    metrics: Sequence[Metric] = (),
    interval: bool = True,
) -> dict[str, Any]:
    """Pool what was measured into flat JSON values.

    Returns
    -------
    Each metric by its name; `items`, how many were measured; `refused`, those that could not be
    read, with reasons; `details`, the sums and findings of every item; and with `interval`, the
    bootstrapped 95 % bounds of the task's own monitor as `NAME_low` and `NAME_high`.
    """
    figures: dict[str, Any] = dict(pool(list(measured)))
    if interval and len(measured) > 1:
        low, high = bootstrap(measured, task.monitor)
        figures |= {f"{task.monitor}_low": low, f"{task.monitor}_high": high}
    for metric in metrics:
        if metric.task == task.name:
            figures |= metric.compute(task, list(measured))
    refused = dict(ledger.refused) if ledger else {}
    refused |= {one.id: one.refused for one in measured if one.refused}
    return {
        **figures,
        "items": len(measured),
        "refused": [{"id": name, "reason": reason} for name, reason in refused.items()],
        "details": [_detail(one) for one in measured],
    }


def _detail(one: Measured) -> dict[str, Any]:
    ratios = {name: top / bottom for name, (top, bottom) in one.sums.items() if bottom}
    return {"id": one.id, **ratios, **to_plain(one.detail)}


def bootstrap(measured: Sequence[Measured], metric: str) -> tuple[float, float]:
    """Give 95 % bounds of a pooled metric by resampling items, with a fixed seed.

    Efron and Tibshirani 1993, "An introduction to the bootstrap", the percentile method.
    """
    pairs = np.array([one.sums.get(metric, (0.0, 0.0)) for one in measured], dtype=np.float64)
    generator = np.random.default_rng(0)
    ratios = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        top, bottom = pairs[generator.integers(len(pairs), size=len(pairs))].sum(axis=0)
        ratios[number] = top / bottom if bottom else 0.0
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(low), float(high)


def figures_of(table: Mapping[str, Any]) -> dict[str, float]:
    """Pick the metrics out of a report.

    >>> figures_of({"wer": 0.1, "items": 3, "refused": [], "details": []})
    {'wer': 0.1}
    """
    return {name: value for name, value in table.items() if isinstance(value, float)}
