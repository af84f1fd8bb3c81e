"""Trainings that start from another model: all of its weights, or an adapter of it."""

import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from letters_task import LettersTask, write_letters
from safetensors.torch import load_file
from torch.testing import assert_close

from seqstudio.contracts.data import Ledger
from seqstudio.errors import ConfigError, ModelError, TrainingError
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Evaluated, Event, Finished, Started, TrainingStep
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

Train = Callable[..., list[Event]]
LARGE = ("hidden=96", "epochs=1")
ADAPTERS = [("lowrank", "adapter_rank=1"), ("bias", "adapter_rank=1")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a model large enough that an adapter is small beside it; tests must not change it."""
    folder = tmp_path_factory.mktemp("base")
    job = TrainJob(data=write_letters(folder / "letters.txt"), run=folder / "base", settings=LARGE)
    for _ in run_train_job(job, LettersTask(), PluginContext()):
        pass
    return (folder / "base" / "model").resolve()


@pytest.fixture
def train(letters: Path, base: Path) -> Train:
    """Return a function that trains from the base, for at most `steps` steps."""

    def train_run(
        run: str, *settings: str, steps: int = 1000, resume: bool = False, start: Path | None = base
    ) -> list[Event]:
        job = TrainJob(
            data=letters,
            run=letters.parent / run,
            settings=settings,
            resume=resume,
            base=start,
            base_name="letters-base" if start else "",
        )
        calls = itertools.count(1)
        stop = lambda: next(calls) >= steps  # noqa: E731 (as a parameter it would have this form)
        return list(run_train_job(job, LettersTask(), PluginContext(), stop=stop))

    return train_run


def curve(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, TrainingStep | Evaluated)]


def values(events: Sequence[Event]) -> list[float]:
    return [event.value for event in events if isinstance(event, Evaluated)]


def test_a_training_starts_from_the_weights_and_the_size_of_its_base(
    train: Train, base: Path, letters: Path
) -> None:
    train("run", "epochs=1", "learning_rate=1e-9")  # changes nothing that half precision shows
    found = inspect_bundle(letters.parent / "run" / "model")

    weights = load_file(letters.parent / "run" / "model" / "weights.safetensors")
    assert_close(weights, load_file(base / "weights.safetensors"), rtol=0, atol=0)
    assert found.config.base is None
    assert found.card.options["hidden"] == 96
    identity = ("letters-base", inspect_bundle(base).sha256)
    assert (found.card.base, found.card.base_sha256) == identity
    assert "--from letters-base" in found.card.command


def test_averages_of_the_weights_before_and_after_are_tried_and_kept_if_better(
    train: Train, base: Path, letters: Path
) -> None:
    events = train("run", "epochs=1", "learning_rate=5.0", "average_base=3")  # spoils the weights
    spoilt, *mixed = values(events)
    found = load_file(letters.parent / "run" / "model" / "weights.safetensors")
    before = load_file(base / "weights.safetensors")
    name = "decoder.body.layers.1.rnn.weight_hh_l0"

    assert len(mixed) == 3
    assert min(mixed) < spoilt
    assert inspect_bundle(letters.parent / "run" / "model").card.average == "base"
    assert not torch.equal(found[name], before[name])


def test_a_new_vocabulary_starts_fresh_and_the_run_says_which_modules(
    train: Train, base: Path, letters: Path
) -> None:
    letters.write_text(letters.read_text() + "train\tabcdefg\n")
    started = train("run", "epochs=1", "learning_rate=1e-9")[0]
    assert isinstance(started, Started)
    assert started.fresh == ("decoder.embedding", "decoder.output")
    assert started.summary.endswith("they do not fit: decoder.embedding, decoder.output")
    run = json.loads((letters.parent / "run" / "run.json").read_text())
    assert run["base"] == {"name": "letters-base", "sha256": inspect_bundle(base).sha256}
    assert run["fresh"] == list(started.fresh)
    assert inspect_bundle(letters.parent / "run" / "model").card.fresh == started.fresh

    own = load_file(letters.parent / "run" / "model" / "weights.safetensors")
    name = "decoder.body.layers.1.rnn.weight_hh_l0"
    assert torch.equal(own[name], load_file(base / "weights.safetensors")[name])
    assert own["decoder.output.weight"].shape[0] == 7


def test_a_run_without_a_base_has_no_such_event(letters: Path, train: Train) -> None:
    assert isinstance(train("run", steps=1, start=None)[0], TrainingStep)


class OtherTask(LettersTask):
    name = "letters.other"


def test_a_base_of_another_task_is_refused(letters: Path, base: Path) -> None:
    job = TrainJob(data=letters, run=letters.parent / "run", base=base)
    with pytest.raises(ModelError, match=r"of task letters\.lines, expected .*letters\.other"):
        list(run_train_job(job, OtherTask(), PluginContext()))


def test_a_base_of_which_nothing_fits_is_refused(train: Train, letters: Path) -> None:
    letters.write_text("train\tabcdefgh\n" * 8 + "valid\tab\n")
    with pytest.raises(TrainingError, match=r"^--from letters-base: 0 of \d+ tensors fit"):
        train("run", "hidden=7")


def test_a_resumed_run_checks_its_base(train: Train, letters: Path, bundle: Path) -> None:
    train("run", "epochs=2", steps=3)
    with pytest.raises(TrainingError, match=r"run: base is [0-9a-f]{64}, expected [0-9a-f]{64}"):
        train("run", "epochs=2", "hidden=96", resume=True, start=bundle)


@pytest.mark.medium
@pytest.mark.parametrize("settings", [(), *[(f"adapter={a}", rank) for a, rank in ADAPTERS]])
def test_a_run_resumes_exactly_when_its_base_is_gone(
    train: Train, letters: Path, base: Path, settings: tuple[str, ...]
) -> None:
    settings = ("epochs=3", "ema=0.5", *settings)
    whole = train("whole", *settings)
    moved = letters.parent / "moved"
    shutil.copytree(base, moved)
    cut = train("cut", *settings, steps=1, start=moved)
    shutil.rmtree(moved)
    for checkpoint in (letters.parent / "cut" / "checkpoints").iterdir():
        shutil.rmtree(checkpoint)  # as if it had been killed before the first
    cut = train("cut", steps=7, resume=True, start=None) + train("cut", resume=True, start=None)

    assert curve(cut) == curve(whole)
    models = [letters.parent / run / "model" / "weights.safetensors" for run in ("whole", "cut")]
    assert models[0].read_bytes() == models[1].read_bytes()


@pytest.mark.medium
@pytest.mark.parametrize(("adapter", "rank"), ADAPTERS)
def test_an_adapter_learns_is_small_and_leaves_its_base_unchanged(
    train: Train, letters: Path, base: Path, adapter: str, rank: str
) -> None:
    rows = [line.split("\t") for line in letters.read_text().splitlines()]
    monotone = [f"{split}\t{'a' * len(text)}" for split, text in rows]
    letters.write_text("\n".join(["train\tabcde", *monotone]) + "\n")
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    events = train("run", f"adapter={adapter}", rank, "epochs=8", "learning_rate=0.05")
    own = inspect_bundle(letters.parent / "run" / "model")

    assert values(events)[-1] < values(events)[0] - 0.2
    assert own.size < 0.1 * inspect_bundle(base).size
    assert own.config.base is not None
    assert own.config.base.sha256 == inspect_bundle(base).sha256
    assert own.card.parameters == inspect_bundle(base).parameters
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


@pytest.mark.parametrize(("adapter", "rank"), ADAPTERS)
def test_an_adapter_measures_what_its_run_measured(
    train: Train, letters: Path, base: Path, adapter: str, rank: str
) -> None:
    events = train("run", f"adapter={adapter}", rank, "epochs=2")
    task = LettersTask()
    loaded = load_bundle(letters.parent / "run" / "model", task, base=base)
    valid = choose_split(read_examples(task, letters, Ledger()), "dev")
    found = report(list(evaluate(task, loaded, valid)), task)

    assert isinstance(events[-1], Finished)
    assert found["nll_per_token"] == events[-1].value


def test_an_adapter_may_have_a_new_vocabulary(train: Train, letters: Path, base: Path) -> None:
    letters.write_text(letters.read_text() + "train\tabcdefg\n")
    train("run", "adapter=lowrank", "epochs=1")
    loaded = load_bundle(letters.parent / "run" / "model", LettersTask(), base=base)

    assert loaded.module.decoder.output.out_features == 7
    assert loaded.settings.letters == "abcdefg"


def test_an_adapter_without_a_base_is_refused(train: Train) -> None:
    with pytest.raises(ConfigError, match=r"^adapter=bias without --from, expected a model to"):
        train("run", "adapter=bias", start=None)


def test_an_adapter_of_a_missing_or_another_model_is_refused(
    train: Train, letters: Path, bundle: Path
) -> None:
    train("run", "adapter=bias", "epochs=1")
    model = letters.parent / "run" / "model"
    with pytest.raises(ModelError, match=r"an adapter of 'letters-base' \([0-9a-f]{12}\), exp"):
        load_bundle(model, LettersTask())
    with pytest.raises(ModelError, match=r"base .* has SHA-256 .*, expected .* \(letters-base\)"):
        load_bundle(model, LettersTask(), base=bundle)
    with pytest.raises(ModelError, match=r"an adapter of letters-base, expected a whole model"):
        train("other", start=model)
