from collections.abc import Mapping
from pathlib import Path

import pytest
from letters_task import LettersTask

from seqstudio.contracts.data import Ledger, Measurement
from seqstudio.contracts.task import Task
from seqstudio.errors import ModelError
from seqstudio.services.bundles import load_bundle
from seqstudio.services.evaluation import (
    bootstrap_interval,
    evaluate,
    metrics_of,
    percentiles,
    report,
)

SUMS = [(3.0, 2.0), (1.0, 8.0)]
MEASUREMENTS = [
    Measurement(id=str(n), sums={"nll_per_token": sums}, detail={"errors": n})
    for n, sums in enumerate(SUMS)
]


def test_metrics_are_pooled_over_all_items(task: LettersTask) -> None:
    found = report(MEASUREMENTS, task)

    assert found["nll_per_token"] == 4.0 / 10.0
    assert found["items"] == 2
    assert found["details"][1] == {"id": "1", "nll_per_token": 0.125, "errors": 1}


def test_an_unreadable_input_is_listed_and_counted(task: LettersTask) -> None:
    ledger = Ledger()
    ledger.refuse("a.txt:3", "a digit")
    unreadable = Measurement(id="2", sums={"nll_per_token": (6.0, 2.0)}, refused="not audio")
    found = report([*MEASUREMENTS, unreadable], task, ledger=ledger)

    assert found["nll_per_token"] == 10.0 / 12.0
    assert found["refused"] == [
        {"id": "a.txt:3", "reason": "a digit"},
        {"id": "2", "reason": "not audio"},
    ]


def test_the_interval_contains_the_metric_and_is_deterministic() -> None:
    measurements = [
        Measurement(id=str(n), sums={"m": (float(n % 4), 2.0 + n % 3)}) for n in range(200)
    ]
    low, high = bootstrap_interval(measurements, "m")

    assert low < sum(n % 4 for n in range(200)) / sum(2 + n % 3 for n in range(200)) < high
    assert high - low < 0.15
    assert bootstrap_interval(measurements, "m") == (low, high)


def test_percentiles_are_those_of_the_items_that_were_measured() -> None:
    measured = [Measurement(id=str(n), sums={"m": (2.0 * n, 2.0)}) for n in range(101)]
    refused = Measurement(id="x", sums={"m": (0.0, 0.0)}, refused="not audio")

    assert percentiles([*measured, refused], "m") == tuple(range(0, 101, 5))
    assert percentiles(measured[:19], "m") == ()


def test_one_item_has_no_interval(task: LettersTask) -> None:
    assert "nll_per_token_low" not in report(MEASUREMENTS[:1], task)


class Longest:
    """A metric of a plugin."""

    name = "longest"
    task = "letters.lines"

    def compute(self, task: Task, measurements: list[Measurement]) -> Mapping[str, float]:
        return {"longest": max(one.sums["nll_per_token"][1] for one in measurements)}


def test_a_report_includes_the_metrics_of_plugins(task: LettersTask) -> None:
    found = report(MEASUREMENTS, task, metrics=[Longest()], interval=False)

    assert metrics_of(found) == {"nll_per_token": 0.4, "longest": 8.0}


def test_a_model_of_another_task_is_refused(bundle: Path, task: LettersTask) -> None:
    class Other(LettersTask):
        name = "other.task"

    loaded = load_bundle(bundle, task)
    text = r"a model of task letters\.lines, expected other\.task"
    with pytest.raises(ModelError, match=text):
        list(evaluate(Other(), loaded, []))
