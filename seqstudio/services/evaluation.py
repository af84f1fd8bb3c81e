"""Measuring a model on examples, and reporting the metrics pooled over the set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqstudio.contracts.data import Example, Ledger, Measurement, pool
from seqstudio.contracts.formats import Metric
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.recogniser import LoadedRecogniser, MeasuresRecognisers
from seqstudio.contracts.task import Task
from seqstudio.errors import ModelError

RESAMPLES = 1000
PERCENTILES = tuple(range(0, 101, 5))
FEWEST = 20  # items of which percentiles say anything


def evaluate(task: Task, loaded: LoadedModel, examples: Sequence[Example]) -> Iterator[Measurement]:
    """Measure examples one by one, decoding exactly as the task's operation does.

    Raises
    ------
    ModelError
        If the model is for another task.
    """
    if loaded.task != task.name:
        raise ModelError(f"{loaded.name}: a model of task {loaded.task}, expected {task.name}")
    yield from task.measure(loaded, examples)


def evaluate_recogniser(
    task: Task, recogniser: LoadedRecogniser, examples: Sequence[Example]
) -> Iterator[Measurement]:
    """Measure a recogniser from outside on examples of a task.

    Raises
    ------
    ModelError
        If the task measures its own models only.
    """
    if not isinstance(task, MeasuresRecognisers):
        name = f"recogniser {recogniser.name!r}"
        raise ModelError(f"{name}: {task.name} measures no recognisers, expected one of its models")
    yield from task.measure_recogniser(recogniser, examples)


def report(
    measurements: Sequence[Measurement],
    task: Task,
    *,
    ledger: Ledger | None = None,
    metrics: Sequence[Metric] = (),
    interval: bool = True,
) -> dict[str, Any]:
    """Return a report of JSON values on what was measured.

    Returns
    -------
    Each pooled metric under its name; `items`, the number of measurements; `refused`, the inputs
    that could not be read, with reasons; `details`, the metrics and details of every item; and with
    `interval`, the bootstrapped 95 % bounds of the task's monitor as `NAME_low` and `NAME_high`.
    """
    values: dict[str, Any] = dict(pool(list(measurements)))
    if interval and len(measurements) > 1:
        # A recogniser from outside lacks what needs probabilities.
        monitor = task.monitor if task.monitor in values else next(iter(values), task.monitor)
        low, high = bootstrap_interval(measurements, monitor)
        values |= {f"{monitor}_low": low, f"{monitor}_high": high}
    for metric in metrics:
        if metric.task == task.name:
            values |= metric.compute(task, list(measurements))
    refused = dict(ledger.refused) if ledger else {}
    refused |= {one.id: one.refused for one in measurements if one.refused}
    return {
        **values,
        "items": len(measurements),
        "refused": [{"id": name, "reason": reason} for name, reason in refused.items()],
        "details": [_detail(one) for one in measurements],
    }


def _detail(one: Measurement) -> dict[str, Any]:
    ratios = {name: top / bottom for name, (top, bottom) in one.sums.items() if bottom}
    return {"id": one.id, **ratios, **to_plain(one.detail)}


def bootstrap_interval(measurements: Sequence[Measurement], metric: str) -> tuple[float, float]:
    """Return 95 % bounds of a pooled metric by resampling items with a fixed seed.

    Source: Efron and Tibshirani 1993, "An introduction to the bootstrap", percentile method.
    """
    return _bounds(_resampled(measurements, metric))


def paired_interval(
    before: Sequence[Measurement], after: Sequence[Measurement], metric: str
) -> tuple[float, float]:
    """Return 95 % bounds of how much higher a pooled metric is after than before.

    Parameters
    ----------
    before, after : of the same items in the same order; each draw takes the same items of both
    """
    return _bounds(_resampled(after, metric) - _resampled(before, metric))


def _resampled(measurements: Sequence[Measurement], metric: str) -> NDArray[np.float64]:
    """Return a pooled metric of `RESAMPLES` draws of the items: the same ones for equal lengths."""
    pairs = np.array([one.sums.get(metric, (0.0, 0.0)) for one in measurements], dtype=np.float64)
    generator = np.random.default_rng(0)
    ratios = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        top, bottom = pairs[generator.integers(len(pairs), size=len(pairs))].sum(axis=0)
        ratios[number] = top / bottom if bottom else 0.0
    return ratios


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def percentiles(measurements: Sequence[Measurement], metric: str) -> tuple[float, ...]:
    """Return percentiles 0, 5, ..., 100 of a metric over items, or none of too few items."""
    pairs = (one.sums.get(metric, (0.0, 0.0)) for one in measurements)
    values = [top / bottom for top, bottom in pairs if bottom]
    if len(values) < FEWEST:
        return ()
    return tuple(float(f"{value:.4g}") for value in np.percentile(values, PERCENTILES))


def metrics_of(table: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics in a report.

    >>> metrics_of({"wer": 0.1, "items": 3, "refused": [], "details": []})
    {'wer': 0.1}
    """
    return {name: value for name, value in table.items() if isinstance(value, float)}
