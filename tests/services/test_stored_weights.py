"""The weights that a run still has, and models of them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from letters_task import LettersTask
from safetensors.torch import load_file

from seqstudio.contracts.data import Example, Measurement
from seqstudio.contracts.job import LoadedModel
from seqstudio.errors import TrainingError
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.events import Evaluated
from seqstudio.services.model_writer import write_stored
from seqstudio.services.runs import Run, open_run
from seqstudio.services.stored_weights import find_weights, stored_weights
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


class Worse(LettersTask):
    """A task whose first evaluation is the best one."""

    def __init__(self) -> None:
        self.value = 0.0

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        self.value += 1
        yield Measurement(id="all", sums={self.monitor: (self.value, 1.0)})


def trained(letters: Path, *settings: str) -> Run:
    """Train four epochs of one step each, of which the first is the best."""
    run = letters.parent / "run"
    settings = ("batch_size=20", "epochs=4", *settings)
    job = TrainJob(data=letters, run=run, settings=settings)
    for _ in run_train_job(job, Worse(), PluginContext()):
        pass
    return open_run(run)


def keep(run: Run, step: int) -> Path:
    """Make a bundle of the weights of a step."""
    task = LettersTask()
    target = run.folder.parent / f"step-{step}"
    preparation = load_bundle(run.model, task).preparation
    card = inspect_bundle(run.model).card
    write_stored(target, run, find_weights(run, step), task, preparation, card)
    return target


def test_a_run_has_the_newest_and_the_best_weights_and_those_it_was_asked_to_keep(
    letters: Path,
) -> None:
    run = trained(letters, "keep_every=2")
    found = stored_weights(run)

    assert [(one.title, one.path.parent.name) for one in found] == [
        ("epoch 1, step 1", "kept"),
        ("epoch 2, step 2", "epochs"),
        ("epoch 3, step 3", "000003"),
        ("epoch 4, step 4", "epochs"),
    ]
    with pytest.raises(TrainingError, match=r"run: no weights of step 9, expected one of: epoch 1"):
        find_weights(run, 9)


@pytest.mark.parametrize("ema", [0, 0.9])
def test_a_model_of_stored_weights_is_the_one_that_was_measured_at_its_step(
    letters: Path, ema: float
) -> None:
    run = trained(letters, f"ema={ema}")
    events = [e for e in run.events() if isinstance(e, Evaluated)]
    kept = inspect_bundle(keep(run, 3))  # of a checkpoint

    assert kept.card.steps == 3
    assert kept.card.metrics[0].value == events[2].value
    assert kept.card.average == ("ema" if ema else "")
    assert (
        load_bundle(kept.path, LettersTask()).settings
        == load_bundle(run.model, LettersTask()).settings
    )


def test_a_model_of_the_best_step_has_the_weights_of_the_runs_model(letters: Path) -> None:
    run = trained(letters, "keep_every=1")
    best = inspect_bundle(run.model).card.steps
    kept = keep(run, best)
    mine, theirs = (load_file(path / "weights.safetensors") for path in (kept, run.model))

    assert all(mine[name].equal(theirs[name]) for name in mine | theirs)
    cards = [json.loads((path / "card.json").read_text()) for path in (kept, run.model)]
    assert cards[0] == cards[1]


def test_weights_of_a_step_that_a_kill_undid_are_not_listed(letters: Path) -> None:
    run = trained(letters, "keep_every=1")
    lines = run.events_path.read_text().splitlines(keepends=True)
    undone = next(at for at, line in enumerate(lines) if '"step": 4' in line)
    run.events_path.write_text("".join(lines[:undone]))

    assert [one.step for one in stored_weights(run)] == [1, 2, 3]
