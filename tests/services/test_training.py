import dataclasses
import itertools
import math
import re
import resource
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from letters_task import LettersTask, write_letters

from seqstudio.contracts.data import Example, Ledger, Measurement
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.task import Preparation
from seqstudio.errors import TrainingError
from seqstudio.services.bundle_files import inspect_bundle, verify_files
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Evaluated, Event, Finished, Preview, Saved, TrainingStep
from seqstudio.services.model_card import ModelCard
from seqstudio.services.runs import open_run
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

Train = Callable[..., list[Event]]


@pytest.fixture
def train(task: LettersTask, letters: Path) -> Train:
    """Return a function that trains in a run folder, for at most `steps` steps."""

    def train_run(
        run: str, *settings: str, steps: int = 1000, resume: bool = False, data: Path = letters
    ) -> list[Event]:
        job = TrainJob(data=data, run=letters.parent / run, settings=settings, resume=resume)
        calls = itertools.count(1)
        context = PluginContext(plugin="letters", plugin_version="1.0")
        return list(run_train_job(job, task, context, stop=lambda: next(calls) >= steps))

    return train_run


def losses(events: Sequence[Event]) -> list[TrainingStep]:
    return [event for event in events if isinstance(event, TrainingStep)]


def of(kind: type, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def test_training_improves_the_model(finished_run: Path) -> None:
    events = list(open_run(finished_run).events())
    evaluated = [event for event in events if isinstance(event, Evaluated)]

    assert evaluated[2].value < evaluated[0].value - 0.1
    assert [event.step for event in losses(events)] == list(range(1, 16))
    assert losses(events)[-1].fraction == 1.0
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "epochs"
    assert open_run(finished_run).spec.command.startswith("seqstudio train letters.lines")


@pytest.mark.medium
def test_a_run_resumed_within_an_epoch_has_the_same_curve(train: Train) -> None:
    settings = ("accumulate=2", "batch_size=2", "epochs=4")
    reference = train("reference", *settings)
    cut = train("cut", *settings, steps=3) + train("cut", *settings, steps=4, resume=True)
    assert isinstance(cut[-1], Finished)
    assert cut[-1].reason == "stopped"
    cut += train("cut", *settings, resume=True)

    assert losses(cut) == losses(reference)
    assert of(Evaluated, cut) == of(Evaluated, reference)


@pytest.mark.medium
def test_the_results_do_not_depend_on_the_save_interval(train: Train) -> None:
    rarely = train("rarely", "save_every_s=1000")
    always = train("always", "save_every_s=0.0")

    assert len(of(Saved, always)) > len(of(Saved, rarely)) == 3
    assert losses(always) == losses(rarely)


def test_the_log_is_truncated_to_the_checkpoint(train: Train, letters: Path) -> None:
    train("run", steps=3)
    run = open_run(letters.parent / "run")
    beyond = TrainingStep(
        step=99, epoch=9, loss=1.0, count=1, learning_rate=1, gradient_norm=1, fraction=1
    )
    run.append(beyond)
    train("run", resume=True)

    assert [event.step for event in losses(list(run.events()))] == list(range(1, 16))


def test_the_metrics_of_a_run_equal_those_of_evaluate(
    task: LettersTask, finished_run: Path
) -> None:
    data = finished_run.parent / "letters.txt"
    loaded = load_bundle(finished_run / "model", task)
    valid = choose_split(read_examples(task, data, Ledger()), "dev")
    found = report(list(evaluate(task, loaded, valid)), task)
    finished = open_run(finished_run).finished()

    assert finished is not None
    assert found["nll_per_token"] == finished.value
    card = inspect_bundle(finished_run / "model").card
    assert (card.metrics[0].value, card.metrics[0].split, card.metrics[0].items) == (
        finished.value,
        "valid",
        4,
    )


def test_the_model_is_a_complete_bundle_from_the_first_step(
    task: LettersTask, letters: Path
) -> None:
    job = TrainJob(data=letters, run=letters.parent / "run", settings=("epochs=1",))
    remarks = []
    for _ in run_train_job(job, task, PluginContext()):
        remarks.append(verify_files(job.run / "model").card.remarks)

    assert remarks[0] == ("not evaluated yet",)
    assert remarks[-1] == ()


class Scripted(LettersTask):
    """A task whose evaluations return these values, one after another."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = iter(values)

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        yield Measurement(id="all", sums={self.monitor: (next(self.values), 1.0)})


def scripted(
    letters: Path, values: Sequence[float], *settings: str
) -> tuple[list[Event], ModelCard]:
    job = TrainJob(data=letters, run=letters.parent / "run", settings=("batch_size=20", *settings))
    events = list(run_train_job(job, Scripted(values), PluginContext()))
    return events, inspect_bundle(job.run / "model").card


def test_the_best_model_is_kept(letters: Path) -> None:
    events, card = scripted(letters, [3.0, 1.0, 2.0], "epochs=3", "average=1")

    assert [event.best for event in events if isinstance(event, Evaluated)] == [True, True, False]
    assert (card.metrics[0].value, card.steps) == (1.0, 2)
    assert isinstance(events[-1], Finished)
    assert (events[-1].value, events[-1].best_step) == (1.0, 2)


@pytest.mark.parametrize(
    ("value", "summary", "averaged"),
    [
        (1.5, r"2\.0000 at step 3, 1\.5000 as the average of the 2 best checkpoints, which is", 2),
        (2.5, r"2\.0000 at step 3, which is kept: no average is better", 1),
    ],
)
def test_the_average_is_kept_only_if_it_is_better(
    letters: Path, value: float, summary: str, averaged: int
) -> None:
    events, card = scripted(letters, [4.0, 3.0, 2.0, value], "epochs=3", "average=2")
    finished = events[-1]

    assert isinstance(finished, Finished)
    assert re.search(summary, finished.summary)
    assert finished.value == card.metrics[0].value == min(2.0, value)
    assert finished.averaged == card.averaged == averaged


def test_patience_ends_a_run_without_improvement(letters: Path) -> None:
    events, _ = scripted(letters, [3.0, 2.0, 2.1, 2.5, 0.0], "epochs=9", "patience=2", "average=1")
    finished = events[-1]

    assert isinstance(finished, Finished)
    assert (finished.reason, finished.epoch, finished.best_step) == ("patience", 4, 2)


def test_previews_are_written_to_files(finished_run: Path) -> None:
    events = open_run(finished_run).events()
    previews = [event for event in events if isinstance(event, Preview)]

    assert [preview.step for preview in previews] == [0, 10]
    for preview in previews:
        assert len(preview.text) == 8
        assert (finished_run / preview.files[0]).read_text() == preview.text


def test_a_callback_receives_every_event_and_can_stop(task: LettersTask, letters: Path) -> None:
    class Impatient:
        name = "impatient"
        received: list[object] = []  # noqa: RUF012 (one instance)

        def on_event(self, event: object) -> bool:
            self.received.append(event)
            return len(self.received) == 2

    job = TrainJob(data=letters, run=letters.parent / "run")
    context = PluginContext(callbacks=[Impatient()])
    events = list(run_train_job(job, task, context))

    assert Impatient.received == events
    assert [type(event) for event in events] == [TrainingStep, TrainingStep, Saved, Finished]


@pytest.mark.medium
def test_measuring_the_gradient_flow_changes_nothing(train: Train, letters: Path) -> None:
    plain = losses(train("plain"))
    shown = losses(train("shown", "gradient_flow_every=4"))

    assert [bool(event.gradient_flow) for event in shown] == [n % 4 == 0 for n in range(1, 16)]
    assert [dataclasses.replace(event, gradient_flow={}) for event in shown] == plain
    drawn = sorted(path.name for path in (letters.parent / "shown" / "previews").glob("*.png"))
    assert drawn == [f"gradient-flow-{step:06d}.png" for step in (4, 8, 12)]


def test_an_existing_folder_is_refused(train: Train, letters: Path) -> None:
    (letters.parent / "run").mkdir()
    (letters.parent / "run" / "notes.txt").touch()
    with pytest.raises(TrainingError, match=r"run is not empty, expected a new folder, or"):
        train("run")


def test_resuming_a_finished_run_is_refused(train: Train) -> None:
    train("run", "epochs=1")
    text = r"run is finished: best valid nll_per_token 1\.\d+ at step 5; nothing to resume"
    with pytest.raises(TrainingError, match=text):
        train("run", "epochs=1", resume=True)


def test_resuming_with_other_settings_or_data_is_refused(train: Train, letters: Path) -> None:
    train("run", steps=2)
    with pytest.raises(TrainingError, match=r"run: epochs is 9, expected 3 as at the start"):
        train("run", "epochs=9", resume=True)
    with pytest.raises(TrainingError, match=r"run: hidden is 9, expected 12 as at the start"):
        train("run", "hidden=9", resume=True)
    write_letters(letters, lines=30)
    with pytest.raises(TrainingError, match=r"data_sha256 is .* as at the start"):
        train("run", resume=True)


def test_what_is_to_be_judged_does_not_go_on_unjudged(
    train: Train, task: LettersTask, letters: Path
) -> None:
    job = TrainJob(data=letters, run=letters.parent / "run", settings=("epochs=2",), apart=0.2)
    context = PluginContext(plugin="letters", plugin_version="1.0")
    list(run_train_job(job, task, context, stop=lambda: True))
    text = rf"run learns from corrections, .* with seqstudio letters learn {letters} --run .*/run "
    with pytest.raises(TrainingError, match=text + "--resume"):
        train("run", resume=True)
    train("plain", steps=2)
    plain = dataclasses.replace(job, run=letters.parent / "plain", resume=True, settings=())
    with pytest.raises(TrainingError, match=r"plain is a plain training: .*train letters"):
        list(run_train_job(plain, task, context))


def test_resuming_without_settings_uses_those_of_the_run(train: Train) -> None:
    train("run", "epochs=2", "hidden=7", steps=2)

    assert losses(train("run", resume=True))[-1].step == 10


def test_a_run_stopped_in_an_evaluation_resumes_exactly(
    task: LettersTask, letters: Path, train: Train
) -> None:
    reference = train("reference", "epochs=2")
    calls = itertools.count(1)  # 5 steps, then 4 valid examples: the seventh is a measurement
    job = TrainJob(data=letters, run=letters.parent / "cut", settings=("epochs=2",))
    cut = list(run_train_job(job, task, PluginContext(), stop=lambda: next(calls) >= 7))
    assert [type(event) for event in cut[-3:]] == [TrainingStep, Saved, Finished]

    cut += train("cut", resume=True)
    assert losses(cut) == losses(reference)
    assert of(Evaluated, cut) == of(Evaluated, reference)


@pytest.mark.medium
def test_a_full_disk_is_one_sentence_and_loses_nothing(train: Train, letters: Path) -> None:
    reference = losses(train("reference"))
    train("run", steps=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, limits[1]))  # less than a checkpoint
    try:
        text = r"^.*/run: File too large, expected .* with free space"
        with pytest.raises(TrainingError, match=text):
            train("run", resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    train("run", resume=True)

    assert losses(list(open_run(letters.parent / "run").events())) == reference


def test_a_run_folder_that_cannot_be_created_is_one_sentence(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"letters\.txt/run: Not a directory, expected"):
        train("letters.txt/run")


def test_resuming_a_folder_that_is_not_a_run_is_refused(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"nowhere: no run\.json, expected the folder"):
        train("nowhere", resume=True)


def test_the_card_has_the_rule_of_a_held_out_valid_split(train: Train, letters: Path) -> None:
    data = write_letters(letters.parent / "unsplit.txt", splits=False)
    events = train("run", "valid_share=0.25", "epochs=1", data=data)
    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]

    assert evaluated.items == 6
    assert inspect_bundle(letters.parent / "run" / "model").card.held_out == {"share": 0.25}


def test_an_infinite_metric_ends_the_run_with_its_step(letters: Path) -> None:
    with pytest.raises(TrainingError, match=r"^step 1: valid nll_per_token=inf, expected finite"):
        scripted(letters, [math.inf])


NONE_USABLE = (
    r"no training example is usable "
    r"\(4 used, 20 refused, first letters.txt:1: too long, expected less\)$"
)


class NothingUsable(LettersTask):
    """A task that refuses all examples before training."""

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        for example in examples:
            ledger.refuse(example.id, "too long, expected less")
        return []


def test_no_usable_example_is_one_sentence(letters: Path) -> None:
    job = TrainJob(data=letters, run=letters.parent / "run")
    with pytest.raises(TrainingError, match=NONE_USABLE):
        list(run_train_job(job, NothingUsable(), PluginContext()))


def test_the_ledger_is_in_the_run_folder(task: LettersTask, letters: Path) -> None:
    letters.write_text(letters.read_text() + "train\tab1\n")
    job = TrainJob(data=letters, run=letters.parent / "run", settings=("epochs=1",))
    list(run_train_job(job, task, PluginContext()))

    assert '"letters.txt:25": "a digit' in (job.run / "ledger.json").read_text()
