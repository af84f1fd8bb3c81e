"""A loaded model adapted to examples: it knows them better, and the one it comes from stays."""

from dataclasses import replace

import pytest
from letters_task import LettersOptions, LettersTask

from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.data import Example
from seqstudio.contracts.job import Cancelled
from seqstudio.errors import ConfigError
from seqstudio.services.adaptation import adapted
from seqstudio.services.bundles import LoadedBundle, build_module

SEGMENTS = [Example(id=str(n), tokens=(0, 3, 1, 3) * 4) for n in range(3)]
CONFIG = AdaptConfig(passes=4, learning_rate=0.02, decay=0.0)


@pytest.fixture
def model(task: LettersTask) -> LoadedBundle:
    """An untrained model with dropout."""
    preparation = task.prepare([Example(id="a", tokens=tuple(range(5)))], LettersOptions())
    return LoadedBundle(
        name="letters",
        task=task.name,
        sha256="0" * 64,
        device="cpu",
        module=build_module(preparation, seed=3, device="cpu").eval(),
        settings=preparation.settings,
        preparation=preparation,
    )


def nats(task: LettersTask, model: LoadedBundle) -> float:
    (measured,) = task.measure(model, SEGMENTS[:1])
    total, count = measured.sums[task.monitor]
    return total / count


def distance(model: LoadedBundle, other: LoadedBundle) -> float:
    pairs = zip(model.module.parameters(), other.module.parameters(), strict=True)
    return sum(float((one - two).detach().norm()) for one, two in pairs)


def test_an_adapted_model_knows_its_examples_and_the_other_one_stays(
    task: LettersTask, model: LoadedBundle
) -> None:
    before = nats(task, model)
    other = adapted(model, task, SEGMENTS, CONFIG)

    assert nats(task, other) < before - 0.5
    assert nats(task, model) == before
    assert (other.name, other.sha256) == (model.name, model.sha256)
    assert not other.module.training


def test_adapting_twice_gives_the_same_weights(task: LettersTask, model: LoadedBundle) -> None:
    one, other = (adapted(model, task, SEGMENTS, CONFIG) for _ in range(2))

    assert distance(one, other) == 0
    assert distance(one, model) > 0


def test_decay_holds_the_weights_near_those_of_the_model(
    task: LettersTask, model: LoadedBundle
) -> None:
    free = adapted(model, task, SEGMENTS, CONFIG)
    held = adapted(model, task, SEGMENTS, replace(CONFIG, decay=0.5))

    assert 0 < distance(held, model) < distance(free, model) / 2


def test_adapting_can_be_cancelled(task: LettersTask, model: LoadedBundle) -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        adapted(model, task, SEGMENTS, CONFIG, cancel)


@pytest.mark.parametrize(
    ("field", "value"), [("passes", 0), ("learning_rate", 0.0), ("decay", 1.0)]
)
def test_a_bad_setting_is_named_with_its_value(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}={value}, expected"):
        AdaptConfig(**{field: value})


def test_dropout_is_off_while_a_model_is_adapted(task: LettersTask, model: LoadedBundle) -> None:
    preparation = task.prepare(
        [Example(id="a", tokens=tuple(range(5)))], LettersOptions(dropout=0.0)
    )
    module = build_module(preparation, seed=3, device="cpu").eval()
    module.load_state_dict(model.module.state_dict())
    without = adapted(replace(model, module=module), task, SEGMENTS, CONFIG)

    assert distance(adapted(model, task, SEGMENTS, CONFIG), without) == 0
