"""One optimiser step: sum the loss over batches, divide once, clip the gradient, update."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from seqstudio.contracts.data import Batch
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Task, TrainConfig
from seqstudio.core.dropout import reseed
from seqstudio.core.gradient_flow import gradient_flow, gradient_flow_verdict
from seqstudio.errors import TrainingError

MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of an optimiser step."""

    loss: float  # mean over `count` terms
    count: int
    gradient_norm: float  # before clipping
    parts: dict[str, float]  # named means


def make_optimiser(module: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Return a new optimiser. Weight decay applies to matrices, not to biases and gains."""
    matrices = [p for p in module.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in module.parameters() if p.requires_grad and p.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=MOMENTUM)
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def train_step(
    task: Task,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[Batch],
    config: TrainConfig,
    step: int,
) -> StepResult:
    """Update the weights once, with the gradient over all of `batches` as if they were one.

    Each batch adds the gradient of its summed loss; the total is divided once by the total count.
    Dropout masks are a function of (seed, step, index of the batch).

    Raises
    ------
    TrainingError
        If a loss or the gradient is not finite; the text has the step and the items. The weights
        are unchanged.
    """
    module.train()
    optimiser.zero_grad(set_to_none=True)
    total, count, ids = 0.0, 0, list[str]()
    parts: dict[str, float] = {}
    for index, batch in enumerate(batches):
        reseed(module, config.seed, step * config.accumulate + index)
        loss = task.loss(module, batch)
        value = float(loss.total.detach())
        if not abs(value) < float("inf") or loss.count < 1:
            raise _not_finite(step, batch.ids, f"loss={value:g} over {loss.count}")
        loss.total.backward()
        total, count = total + value, count + loss.count
        ids += batch.ids
        for name, part in loss.parts.items():
            parts[name] = parts.get(name, 0.0) + part
    norm = _divide_and_clip(module, count, config.clip_norm)
    if not norm < float("inf"):
        raise _not_finite(step, ids, f"gradient norm={norm:g}")
    optimiser.step()
    means = {name: part / count for name, part in parts.items()}
    return StepResult(total / count, count, norm, means)


def measure_gradient_flow(
    task: Task, module: nn.Module, batch: Batch, config: TrainConfig, step: int
) -> dict[str, Any]:
    """Return the gradient norms by layer and time lag on a batch, without changing the weights."""
    module.train()
    reseed(module, config.seed, step * config.accumulate)

    def loss() -> Tensor:
        result = task.loss(module, batch)
        return result.total / result.count

    flow = gradient_flow(module, loss)
    return {**to_plain(flow), "verdict": gradient_flow_verdict(flow)}


def _divide_and_clip(module: nn.Module, count: int, clip_norm: float) -> float:
    for parameter in module.parameters():
        if parameter.grad is not None:
            parameter.grad.div_(count)
    limit = clip_norm if clip_norm > 0 else float("inf")
    return clip_grad_norm_(module.parameters(), limit).item()


def _not_finite(step: int, ids: Iterable[str], what: str) -> TrainingError:
    return TrainingError(f"step {step}, {', '.join(ids)}: {what}, expected finite")
