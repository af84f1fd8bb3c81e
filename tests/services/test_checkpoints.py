from pathlib import Path

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from seqstudio.errors import TrainingError
from seqstudio.services.averaging import average_weights
from seqstudio.services.checkpoints import (
    FILES,
    TrainProgress,
    load_newest,
    restore_optimiser,
    save_checkpoint,
)
from seqstudio.services.kept_weights import KeptWeights, Score, delete_unused_weights, keep_best


def train_linear(name: str, steps: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Train a small layer for some steps; return it with its optimiser."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Linear(3, 2)
    optimiser: torch.optim.Optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    if name == "sgd":
        optimiser = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        step(module, optimiser, generator)
    return module, optimiser


def step(module: nn.Module, optimiser: torch.optim.Optimizer, generator: torch.Generator) -> None:
    optimiser.zero_grad()
    module(torch.randn(4, 3, generator=generator)).square().sum().backward()
    optimiser.step()


@pytest.mark.parametrize("name", ["adamw", "sgd"])
@pytest.mark.parametrize("steps", [0, 3])
def test_weights_and_optimiser_continue_exactly_after_loading(
    tmp_path: Path, name: str, steps: int
) -> None:
    module, optimiser = train_linear(name, steps)
    progress = TrainProgress(
        step=3,
        improved=(True, True),
        kept=(KeptWeights(step=2, score=Score(value=1.5, loss=0.1), file="f"),),
    )
    save_checkpoint(tmp_path, progress, module.state_dict(), optimiser)
    checkpoint = load_newest(tmp_path)
    assert checkpoint is not None
    assert checkpoint.progress == progress

    restored, restored_optimiser = train_linear(name, 1)
    restored.load_state_dict(dict(checkpoint.weights))
    restore_optimiser(restored_optimiser, checkpoint.optimiser, "here")
    step(module, optimiser, torch.Generator().manual_seed(5))
    step(restored, restored_optimiser, torch.Generator().manual_seed(5))
    assert_close(dict(restored.state_dict()), dict(module.state_dict()), rtol=0, atol=0)


def test_the_two_newest_are_kept(tmp_path: Path) -> None:
    module, optimiser = train_linear("sgd", 1)
    for number in range(4):
        save_checkpoint(tmp_path, TrainProgress(step=number), module.state_dict(), optimiser)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["000003", "000004"]


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_a_damaged_checkpoint_is_skipped_for_the_previous_one(
    tmp_path: Path, name: str, damage: str
) -> None:
    module, optimiser = train_linear("adamw", 1)
    weights = module.state_dict()
    for number in (1, 2):
        newest = save_checkpoint(tmp_path, TrainProgress(step=number), weights, optimiser)
    path = newest / name
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-3])
    else:
        path.unlink()
    checkpoint = load_newest(tmp_path)

    assert checkpoint is not None
    assert checkpoint.progress.step == 1


def test_loading_without_a_checkpoint_returns_none(tmp_path: Path) -> None:
    assert load_newest(tmp_path) is None


def test_a_state_of_other_parameters_is_refused() -> None:
    _, optimiser = train_linear("adamw", 1)
    with pytest.raises(TrainingError, match=r"^here: state of parameter 7, expected 0 to 1$"):
        restore_optimiser(optimiser, {7: {}}, "here")


def test_weights_are_averaged_and_integers_are_not() -> None:
    states = [{"w": torch.tensor([n, -n]), "n": torch.tensor([7])} for n in (1.0, 2.0, 6.0)]

    assert_close(average_weights(states), {"w": torch.tensor([3.0, -3.0]), "n": torch.tensor([7])})


def test_the_best_weights_are_kept_and_ties_go_to_the_earlier(tmp_path: Path) -> None:
    kept: tuple[KeptWeights, ...] = ()
    for step_number, value in enumerate([3.0, 1.0, 2.0, 1.0], start=1):
        state = {"w": torch.tensor([float(step_number)])}
        kept = keep_best(kept, step_number, Score(value=value), 2, state, tmp_path)
    assert [one.step for one in kept] == [2, 4]

    delete_unused_weights(tmp_path, {one.file for one in kept})
    assert len(list(tmp_path.iterdir())) == 2
