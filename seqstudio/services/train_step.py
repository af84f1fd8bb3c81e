"""One optimiser step: sum the loss over batches, divide once, clip the gradient, update."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from seqstudio.contracts.data import Batch, LossSum
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Task, TrainConfig
from seqstudio.core.devices import autocast
from seqstudio.core.dropout import Share, reseed
from seqstudio.core.gradient_flow import gradient_flow, gradient_flow_verdict
from seqstudio.core.weight_noise import weight_noise
from seqstudio.errors import TrainingError
from seqstudio.services.communicator import ALONE, Communicator
from seqstudio.services.trained_weights import TrainedWeights

MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of an optimiser step."""

    loss: float  # mean over `count` terms
    count: int
    gradient_norm: float  # before clipping
    parts: dict[str, float]  # named means


@dataclass(slots=True)
class GradientSums:
    """What some batches add up to, beside the gradients in the module; tensors stay on its device.

    Gradients, totals and counts are sums, so those of several processes can be added too.
    """

    totals: list[Tensor] = field(default_factory=list)  # () float, of each batch
    counts: list[int | Tensor] = field(default_factory=list)  # terms in each
    ids: list[tuple[str, ...]] = field(default_factory=list)
    parts: dict[str, float | Tensor] = field(default_factory=dict)  # named sums

    def add(self, batch: Batch, loss: LossSum) -> None:
        """Add the loss of one batch."""
        self.totals.append(loss.total.detach())
        self.counts.append(loss.count)
        self.ids.append(batch.ids)
        for name, part in loss.parts.items():
            self.parts[name] = self.parts.get(name, 0.0) + part


def make_optimiser(
    parameters: Iterable[nn.Parameter], config: TrainConfig
) -> torch.optim.Optimizer:
    """Return a new optimiser. Weight decay applies to matrices, not to biases and gains."""
    trained = list(parameters)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=MOMENTUM)
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)


def train_step(
    task: Task,
    weights: TrainedWeights,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[Batch | None],
    config: TrainConfig,
    step: int,
    processes: Communicator = ALONE,
    rows: Iterable[int] = repeat(0),
) -> StepResult:
    """Update the weights once, with the gradient over all of `batches` as if they were one.

    Each batch adds the gradient of its summed loss; the total is divided once by the total count,
    over all processes. `batches` holds this process's share of each, None where it has none, and
    `rows` the size of each whole batch, which a process alone need not know.

    Raises
    ------
    TrainingError
        If a loss or the gradient is not finite; the text has the step and the items. The weights
        are unchanged.
    """
    weights.module.train()
    weights.module.zero_grad(set_to_none=True)
    optimiser.zero_grad(set_to_none=True)  # an adapter's parameters are not the module's
    shares = map(processes.share, rows)
    sums = add_gradients(task, weights.module, zip(batches, shares, strict=False), config, step)
    if weights.adapter:
        weights.adapter.pull_gradients()
    processes.sum_gradients(weights.parameters())
    count = processes.sum(sum(sums.counts))
    norm = _divide_and_clip(weights.parameters(), count, config.clip_norm)
    result = _read_result(sums, norm, step, processes)
    optimiser.step()
    if weights.adapter:
        weights.adapter.write()
    return result


def add_gradients(
    task: Task,
    module: nn.Module,
    batches: Iterable[tuple[Batch | None, Share | None]],
    config: TrainConfig,
    step: int,
) -> GradientSums:
    """Add the gradient of each batch's summed loss to the module; nothing waits for the device.

    Dropout masks are a function of (seed, step, index of the batch, row), however the rows of a
    batch are shared; weight noise is one of (seed, step, index of the batch).
    """
    sums = GradientSums()
    device = next(module.parameters()).device
    for index, (batch, share) in enumerate(batches):
        if batch is None:
            continue
        number = step * config.accumulate + index
        reseed(module, config.seed, number, share)
        with weight_noise(module, config.weight_noise, seed=config.seed, step=number):
            with autocast(device, config.precision):
                loss = task.loss(module, batch)
            loss.total.backward()
        sums.add(batch, loss)
    return sums


def measure_gradient_flow(
    task: Task,
    module: nn.Module,
    batch: Batch,
    config: TrainConfig,
    step: int,
    share: Share | None = None,
) -> dict[str, Any]:
    """Return the gradient norms by layer and time lag on a batch, without changing the weights.

    Of several processes the first measures its share of the batch.
    """
    module.train()
    reseed(module, config.seed, step * config.accumulate, share)

    def loss() -> Tensor:
        result = task.loss(module, batch)
        return result.total / result.count

    flow = gradient_flow(module, loss)
    return {**to_plain(flow), "verdict": gradient_flow_verdict(flow)}


def _divide_and_clip(
    parameters: Sequence[nn.Parameter], count: int | Tensor, clip_norm: float
) -> Tensor:
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.div_(count)
    limit = clip_norm if clip_norm > 0 else float("inf")
    return clip_grad_norm_(parameters, limit)


def _read_result(
    sums: GradientSums, norm: Tensor, step: int, processes: Communicator
) -> StepResult:
    """Read the step's numbers, in the only transfer from the device, and check those of all."""
    size = len(sums.totals)
    read = _to_host([*sums.totals, *sums.counts, norm, *sums.parts.values()])
    batches = list(zip(read[:size], read[size : 2 * size], sums.ids, strict=True))
    parts = dict(zip(sums.parts, read[2 * size + 1 :], strict=True))
    all_batches, all_parts = zip(*processes.exchange((batches, parts)), strict=True)
    return _checked_result(list(chain(*all_batches)), all_parts, read[2 * size], step)


def _checked_result(
    batches: Sequence[tuple[float, float, Sequence[str]]],
    parts: Iterable[Mapping[str, float]],
    norm: float,
    step: int,
) -> StepResult:
    """Return the result of a step over (total, count, ids) of each batch of each process."""
    totals, counts, ids = zip(*batches, strict=True)
    for total, batch_count, batch_ids in batches:
        if not abs(total) < float("inf"):
            raise _not_finite(step, batch_ids, f"loss={total:g} over {batch_count:g}")
    if (count := sum(counts)) < 1:
        raise _not_finite(step, chain(*ids), f"loss={sum(totals):g} over {count:g}")
    if not norm < float("inf"):
        raise _not_finite(step, chain(*ids), f"gradient norm={norm:g}")
    summed: dict[str, float] = {}
    for name, part in chain(*(one.items() for one in parts)):
        summed[name] = summed.get(name, 0.0) + part
    means = {name: part / count for name, part in summed.items()}
    return StepResult(sum(totals) / count, int(count), norm, means)


def _to_host(values: Sequence[float | Tensor]) -> list[float]:
    """Return numbers on the host, copying all that are on a device at once."""
    tensors = [value.detach().float() for value in values if isinstance(value, Tensor)]
    copied = iter(torch.stack(tensors).tolist() if tensors else [])
    return [next(copied) if isinstance(value, Tensor) else float(value) for value in values]


def _not_finite(step: int, ids: Iterable[str], what: str) -> TrainingError:
    return TrainingError(f"step {step}, {', '.join(ids)}: {what}, expected finite")
