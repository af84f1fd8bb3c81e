import dataclasses
from typing import Any

import pytest
import torch
from letters_task import LettersBatch, LettersOptions, LettersTask
from torch.nn.functional import cross_entropy
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from seqstudio.contracts.data import Example, LossSum
from seqstudio.contracts.task import Preparation, TrainConfig
from seqstudio.core.devices import choose_device
from seqstudio.errors import TrainingError
from seqstudio.services.bundles import build_module
from seqstudio.services.train_step import StepResult, make_optimiser, train_step
from seqstudio.services.trained_weights import TrainedWeights

EXAMPLES = [
    Example(id=str(n), tokens=tuple(at % 5 for at in range(n, n + length)))
    for n, length in enumerate([2, 13, 5, 9, 1, 7])
]


@pytest.fixture
def preparation(task: LettersTask) -> Preparation:
    return task.prepare(EXAMPLES, LettersOptions(dropout=0.0))


def take_step(
    task: LettersTask, preparation: Preparation, slices: list[slice], config: TrainConfig
) -> tuple[StepResult, dict[str, torch.Tensor]]:
    """Take one step over these slices of the examples; return its result and the gradient."""
    module = build_module(preparation, seed=0, device="cpu")
    weights = TrainedWeights(module, config)
    optimiser = make_optimiser(weights.parameters(), config)
    batches = (task.collate(EXAMPLES[part], preparation, None) for part in slices)
    result = train_step(task, weights, optimiser, batches, config, step=1)
    return result, {n: p.grad.clone() for n, p in module.named_parameters() if p.grad is not None}


def test_accumulated_batches_equal_one_large_batch(
    task: LettersTask, preparation: Preparation
) -> None:
    config = TrainConfig(clip_norm=0.0)
    accumulated, accumulated_gradient = take_step(
        task, preparation, [slice(0, 2), slice(2, 6)], config
    )
    whole, whole_gradient = take_step(task, preparation, [slice(0, 6)], config)

    assert accumulated.count == whole.count == 37
    assert accumulated.loss == pytest.approx(whole.loss, rel=1e-6)
    assert_close(accumulated_gradient, whole_gradient, rtol=1e-4, atol=1e-6)


def test_the_loss_is_not_a_mean_of_means(task: LettersTask, preparation: Preparation) -> None:
    config = TrainConfig()
    whole, _ = take_step(task, preparation, [slice(0, 6)], config)
    means = [take_step(task, preparation, [slice(n, n + 1)], config)[0].loss for n in range(6)]

    assert abs(sum(means) / 6 - whole.loss) > 1e-3


def test_the_gradient_is_clipped_to_its_norm(task: LettersTask, preparation: Preparation) -> None:
    result, gradient = take_step(task, preparation, [slice(0, 6)], TrainConfig(clip_norm=0.01))

    assert result.gradient_norm > 0.01
    norm = torch.cat([part.flatten() for part in gradient.values()]).norm().item()
    assert norm == pytest.approx(0.01, rel=1e-3)


def test_dropout_masks_differ_from_step_to_step_and_repeat_with_the_seed(
    task: LettersTask,
) -> None:
    preparation = task.prepare(EXAMPLES, LettersOptions(dropout=0.5))

    def loss(step: int) -> float:
        module = build_module(preparation, seed=0, device="cpu")
        batch = task.collate(EXAMPLES, preparation, None)
        config = TrainConfig()
        weights = TrainedWeights(module, config)
        optimiser = make_optimiser(weights.parameters(), config)
        return train_step(task, weights, optimiser, [batch], config, step).loss

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)


class BrokenLoss(LettersTask):
    """A task whose loss is NaN or has an infinite gradient."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def loss(self, model: Any, batch: LettersBatch) -> LossSum:
        whole = super().loss(model, batch)
        if self.factor == 0.0:  # the square root of 0 is finite, its derivative is not
            return dataclasses.replace(whole, total=(whole.total * 0.0).sqrt())
        return dataclasses.replace(whole, total=whole.total * self.factor)


@pytest.mark.parametrize(
    ("factor", "text"), [(float("nan"), "loss=nan over 15"), (0.0, "gradient norm=nan")]
)
def test_a_non_finite_loss_names_step_and_items_and_keeps_the_weights(
    preparation: Preparation, factor: float, text: str
) -> None:
    task = BrokenLoss(factor)
    module = build_module(preparation, seed=0, device="cpu")
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    config = TrainConfig()
    weights = TrainedWeights(module, config)
    optimiser = make_optimiser(weights.parameters(), config)
    batch = task.collate(EXAMPLES[:2], preparation, None)
    with pytest.raises(TrainingError, match=rf"^step 7, 0, 1: {text}, expected finite"):
        train_step(task, weights, optimiser, [batch], config, step=7)

    assert_close(dict(module.state_dict()), before, rtol=0, atol=0)


class CountsOnDevice(LettersTask):
    """A task that leaves the number of terms and the parts of its loss on the device."""

    def loss(self, model: Any, batch: LettersBatch) -> LossSum:
        logits = model.decode(batch.tokens, batch.lengths)
        outside = torch.arange(batch.tokens.shape[1]) >= batch.lengths[:, None]
        tokens = batch.tokens.masked_fill(outside, -100)
        total = cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
        return LossSum(total, batch.lengths.sum(), {"all": total.detach()})


class HostReads(TorchDispatchMode):
    """Lists the operations that wait for a device, if there is one, to return a number."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function.overloadpacket.__name__ in ("_local_scalar_dense", "nonzero", "equal"):
            self.found.append(function.overloadpacket.__name__)
        return function(*args, **(kwargs or {}))


def test_a_step_with_its_counts_on_the_device_waits_for_it_once(preparation: Preparation) -> None:
    # AdamW reads its step counters, which are on the host whatever the device
    task, config = CountsOnDevice(), TrainConfig(accumulate=2, optimiser="sgd")
    module = build_module(preparation, seed=0, device="cpu")
    weights = TrainedWeights(module, config)
    optimiser = make_optimiser(weights.parameters(), config)
    batches = [task.collate(EXAMPLES[at : at + 3], preparation, None) for at in (0, 3)]
    with HostReads() as reads:
        result = train_step(task, weights, optimiser, batches, config, step=1)

    assert reads.found == []  # beside the one tolist(), which a CPU tensor does not dispatch
    assert result.count == 37
    assert result.parts == {"all": pytest.approx(result.loss)}


@pytest.mark.gpu
def test_on_a_gpu_steps_take_bf16_by_default_and_weights_stay_float32(
    task: LettersTask, preparation: Preparation
) -> None:
    losses: dict[str, float] = {}
    for device, precision in (("cpu", "fp32"), ("cuda", "fp32"), ("cuda", "auto")):
        config = TrainConfig(precision=precision)  # type: ignore[arg-type]  # one of its choices
        module = build_module(preparation, seed=0, device=choose_device(device))
        weights = TrainedWeights(module, config)
        optimiser = make_optimiser(weights.parameters(), config)
        batch = task.collate(EXAMPLES, preparation, None).to(device)
        assert batch.tokens.device.type == device
        result = train_step(task, weights, optimiser, [batch], config, step=1)
        losses[f"{device} {precision}"] = result.loss
        assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}

    assert losses["cuda fp32"] == pytest.approx(losses["cpu fp32"], rel=1e-5)
    assert losses["cuda auto"] == pytest.approx(losses["cpu fp32"], rel=2e-2)
