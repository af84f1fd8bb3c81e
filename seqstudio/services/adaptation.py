"""Adapting a loaded model to a few examples, for as long as it is in memory."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.data import Example
from seqstudio.contracts.task import Task, TrainConfig
from seqstudio.core.dropout import without_dropout
from seqstudio.services.bundles import LoadedBundle
from seqstudio.services.train_step import make_optimiser, train_step
from seqstudio.services.trained_weights import TrainedWeights


def adapted(
    model: LoadedBundle,
    task: Task,
    examples: Sequence[Example],
    config: AdaptConfig,
    check: Callable[[], None] = lambda: None,
) -> LoadedBundle:
    """Return a model with other weights; see `AdaptConfig`.

    Parameters
    ----------
    model : stays as it is
    examples : each is a step of each pass
    check : called before each step; may raise

    Raises
    ------
    TrainingError
        If a loss or a gradient is not finite.
    """
    module = copy.deepcopy(model.module)
    without_dropout(module)
    settings = TrainConfig(
        learning_rate=config.learning_rate, weight_decay=0.0, clip_norm=1.0, precision="fp32"
    )
    weights = TrainedWeights(module, settings)
    trained = weights.parameters()
    base = [parameter.detach().clone() for parameter in trained]
    optimiser = make_optimiser(trained, settings)
    for step, example in enumerate(list(examples) * config.passes, start=1):
        check()
        batch = task.collate([example], model.preparation, None).to(model.device)
        train_step(task, weights, optimiser, [batch], settings, step)
        with torch.no_grad():
            for parameter, own in zip(trained, base, strict=True):
                parameter.lerp_(own, config.decay)
    return replace(model, module=module.eval())
