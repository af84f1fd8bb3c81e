"""Averages of weights, and the schedules and settings that go with them."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from letters_task import LettersTask
from safetensors.torch import load_file
from torch import Tensor
from torch.testing import assert_close

from seqstudio.contracts.data import Example, Measurement
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.task import TrainConfig
from seqstudio.services.averaging import RunningAverages, average_weights
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.checkpoints import load_newest
from seqstudio.services.events import Evaluated, Event, Finished, TrainingStep
from seqstudio.services.schedule import learning_rate
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


class Scripted(LettersTask):
    """A task whose evaluations return these values, and which keeps the weights it measured."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = iter(values)
        self.measured: list[dict[str, Tensor]] = []

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        state = model.module.state_dict()
        self.measured.append({name: tensor.clone() for name, tensor in state.items()})
        yield Measurement(id="all", sums={self.monitor: (next(self.values, 9.0), 1.0)})


def trained(letters: Path, task: LettersTask, *settings: str, run: str = "run") -> list[Event]:
    job = TrainJob(data=letters, run=letters.parent / run, settings=("batch_size=20", *settings))
    return list(run_train_job(job, task, PluginContext()))


def averages(events: Sequence[Event]) -> list[tuple[str, int, bool]]:
    return [
        (event.average, event.averaged, event.best)
        for event in events
        if isinstance(event, Evaluated) and event.averaged > 1
    ]


def test_averages_of_two_to_all_of_the_best_are_tried_and_the_best_one_is_kept(
    letters: Path,
) -> None:
    task = Scripted([4.0, 3.0, 2.0, 2.5, 1.5, 1.8, 1.9])
    events = trained(letters, task, "epochs=4", "average=4")
    card = inspect_bundle(letters.parent / "run" / "model").card

    assert averages(events) == [("best", 2, True), ("best", 3, False), ("best", 4, False)]
    assert (card.average, card.averaged, card.metrics[0].value) == ("best", 2, 1.5)
    two = average_weights([task.measured[2], task.measured[3]])
    assert_close(task.measured[4], two, rtol=0, atol=1e-3)  # of unrounded weights


def test_the_last_epochs_are_averaged(letters: Path) -> None:
    task = Scripted([1.0, 2.0, 3.0, 4.0, 0.5])
    events = trained(letters, task, "epochs=4", "average=1", "average_last=3")
    card = inspect_bundle(letters.parent / "run" / "model").card

    assert averages(events) == [("last", 3, True)]
    assert (card.average, card.averaged) == ("last", 3)
    assert_close(task.measured[4], average_weights(task.measured[1:4]), rtol=0, atol=1e-3)
    assert "as the average of the last 3 epochs, which is kept" in finished(events).summary


def finished(events: Sequence[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_stochastic_weight_averaging_is_the_mean_over_late_epochs_at_a_constant_rate(
    letters: Path,
) -> None:
    task = Scripted([1.0] * 4 + [0.5])
    events = trained(letters, task, "epochs=4", "average=1", "swa=0.5", "warmup=0", "patience=0")

    rates = [event.learning_rate for event in events if isinstance(event, TrainingStep)]
    assert rates[0] > rates[1] > rates[2] == rates[3]
    assert averages(events) == [("swa", 2, True)]
    assert_close(task.measured[-1], average_weights(task.measured[2:4]), rtol=0, atol=1e-3)


def test_the_moving_average_is_what_is_measured_and_kept(letters: Path) -> None:
    task = Scripted([3.0, 2.0, 1.0])
    trained(letters, task, "epochs=3", "average=1", "ema=0.5")
    checkpoint = load_newest(letters.parent / "run" / "checkpoints")
    assert checkpoint is not None
    weights = load_file(letters.parent / "run" / "model" / "weights.safetensors")
    name = "decoder.output.bias"

    assert_close(weights[name].float(), checkpoint.averages[f"ema/{name}"].half().float())
    assert not torch.equal(checkpoint.averages[f"ema/{name}"], checkpoint.weights[name])
    assert inspect_bundle(letters.parent / "run" / "model").card.average == "ema"


def test_the_moving_average_follows_its_recurrence() -> None:
    weight = torch.zeros(1)
    running = RunningAverages(TrainConfig(ema=0.5), {"w": weight})
    expected = 0.0
    for step in range(1, 30):
        weight += 1.0
        running.after_step(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step

    assert running.ema["w"].item() == pytest.approx(expected, rel=1e-6)


def test_noam_rises_to_the_learning_rate_and_falls_as_the_root_of_the_step() -> None:
    config = TrainConfig(schedule="noam", warmup=0.1, learning_rate=0.3)
    curve = [learning_rate(config, step, 1000) for step in range(1, 1001)]

    assert curve.index(max(curve)) == 99
    assert max(curve) == pytest.approx(0.3)
    assert curve[399] == pytest.approx(0.3 * math.sqrt(100 / 400))
    assert curve[49] == pytest.approx(0.15)


OPTIONS = ("ema=0.9", "swa=0.5", "average_last=2", "average=3", "schedule=noam", "precision=bf16")


@pytest.mark.medium
def test_a_run_with_every_average_resumes_exactly(letters: Path, task: LettersTask) -> None:
    settings = ("epochs=4", "batch_size=4", *OPTIONS)

    def train_part(run: str, steps: int = 1000, *, resume: bool = False) -> list[Event]:
        job = TrainJob(data=letters, run=letters.parent / run, settings=settings, resume=resume)
        calls = itertools.count(1)
        return list(run_train_job(job, task, PluginContext(), stop=lambda: next(calls) >= steps))

    whole = train_part("whole")
    cut = train_part("cut", 3) + train_part("cut", 12, resume=True)
    cut += train_part("cut", 6, resume=True) + train_part("cut", resume=True)

    def curve(events: Sequence[Event]) -> list[Event]:
        return [event for event in events if isinstance(event, TrainingStep | Evaluated)]

    assert curve(cut) == curve(whole)
    assert finished(cut).summary == finished(whole).summary
    models = [letters.parent / run / "model" / "weights.safetensors" for run in ("whole", "cut")]
    assert models[0].read_bytes() == models[1].read_bytes()


@pytest.mark.medium
def test_bf16_trains_to_a_close_loss_with_float32_weights(letters: Path) -> None:
    losses = {}
    for precision in ("fp32", "bf16", "auto"):
        events = trained(
            letters,
            LettersTask(),
            "epochs=12",
            f"precision={precision}",
            "learning_rate=0.05",
            run=precision,
        )
        losses[precision] = [e.value for e in events if isinstance(e, Evaluated)][-1]
    checkpoint = load_newest(letters.parent / "bf16" / "checkpoints")

    assert losses["fp32"] < 1.3
    assert losses["bf16"] == pytest.approx(losses["fp32"], abs=0.05)
    assert losses["bf16"] != losses["fp32"]
    assert losses["auto"] == losses["fp32"]  # on a CPU
    assert checkpoint is not None
    assert {tensor.dtype for tensor in checkpoint.weights.values()} == {torch.float32}
