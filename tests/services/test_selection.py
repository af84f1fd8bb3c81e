"""Which checkpoint of a training is kept."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from letters_task import LettersTask

from seqstudio.contracts.data import Example, Measurement
from seqstudio.contracts.job import LoadedModel
from seqstudio.errors import TrainingError
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.events import Evaluated, Event, Finished
from seqstudio.services.kept_weights import KeptWeights, Score, break_ties
from seqstudio.services.model_card import ModelCard
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


class Recogniser(LettersTask):
    """A task whose evaluations return these error rates of words and characters, in order."""

    monitor = "wer"

    def __init__(self, rates: Sequence[tuple[float, float]], tie_break: str = "") -> None:
        self.rates = iter(rates)
        self.tie_break = tie_break

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        wer, cer = next(self.rates)
        yield Measurement(id="all", sums={"wer": (wer, 1.0), "cer": (cer, 1.0)})


def trained(letters: Path, task: LettersTask, *settings: str) -> tuple[list[Event], ModelCard]:
    job = TrainJob(
        data=letters,
        run=letters.parent / "run",
        settings=("batch_size=20", "schedule=constant", "average=1", *settings),
    )
    events = list(run_train_job(job, task, PluginContext()))
    return events, inspect_bundle(job.run / "model").card


def best(events: Sequence[Event]) -> list[bool]:
    return [event.best for event in events if isinstance(event, Evaluated)]


def end(events: Sequence[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_while_words_are_all_wrong_the_model_with_fewest_wrong_characters_is_kept(
    letters: Path,
) -> None:
    rates = [(1.0, cer) for cer in (0.94, 0.9, 0.81, 0.7, 0.55, 0.32, 0.33, 0.4)]
    events, card = trained(letters, Recogniser(rates, "cer"), "epochs=8", "patience=3")

    assert best(events) == [True] * 6 + [False] * 2
    assert end(events).best_step == card.steps == 6
    assert end(events).reason == "epochs"


def test_fewer_wrong_words_count_more_than_fewer_wrong_characters(letters: Path) -> None:
    rates = [(1.0, 0.3), (0.9, 0.6), (1.0, 0.1)]
    events, _ = trained(letters, Recogniser(rates, "cer"), "epochs=3")

    assert best(events) == [True, True, False]


def test_ties_of_a_task_with_one_metric_are_broken_by_the_loss(letters: Path) -> None:
    events, card = trained(letters, Recogniser([(1.0, 0.0)] * 4), "epochs=4")

    assert best(events) == [True] * 4  # a constant rate of this size lowers the loss every time
    assert card.steps == 4
    kept = sorted((letters.parent / "run" / "kept").iterdir())
    assert kept[-1].name == "00000004.safetensors"


def test_patience_waits_while_the_tie_break_improves(letters: Path) -> None:
    rates = [(1.0, cer) for cer in (0.9, 0.8, 0.7, 0.6, 0.61, 0.62)]
    events, _ = trained(letters, Recogniser(rates, "cer"), "epochs=9", "patience=2")

    assert (end(events).reason, end(events).epoch) == ("patience", 6)


def test_equal_losses_go_to_the_earlier_step(letters: Path) -> None:
    events, _ = trained(
        letters, Recogniser([(1.0, 0.5)] * 3, "cer"), "epochs=3", "learning_rate=1e-9"
    )

    assert end(events).best_step == 1  # the weights change less than their half precision


def test_the_loss_is_measured_only_for_equal_scores(tmp_path: Path) -> None:
    kept = (KeptWeights(step=1, score=Score(value=1.0), file="none"),)

    def never(state: object) -> float:
        raise AssertionError("measured")

    assert break_ties(kept, Score(value=0.5), {}, tmp_path, never) == (kept, Score(value=0.5))


def test_a_tie_break_that_is_not_measured_is_named(letters: Path) -> None:
    with pytest.raises(TrainingError, match=r"^step 1: valid bleu=nan, expected finite"):
        trained(letters, Recogniser([(1.0, 1.0)], "bleu"))
