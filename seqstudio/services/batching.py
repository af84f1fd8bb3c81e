"""The order of examples in training: a pure function of the seed and the epoch."""

from collections.abc import Sequence

import numpy as np

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.task import TrainConfig


def batch_count(examples: int, batch_size: int) -> int:
    """Return the number of batches in an epoch; the last one may be smaller."""
    return -(-examples // batch_size)


def steps_per_epoch(examples: int, config: TrainConfig) -> int:
    """Return the number of optimiser steps in an epoch; the last may have fewer batches."""
    return -(-batch_count(examples, config.batch_size) // config.accumulate)


def plan_epoch(
    lengths: Sequence[int], config: TrainConfig, epoch: int
) -> list[list[tuple[int, ...]]]:
    """Return the batches of one epoch, shuffled, with examples of similar length together.

    Examples are shuffled, cut into buckets of `bucket * batch_size`, sorted by length inside each
    bucket and cut into batches; the batches are shuffled and grouped by `accumulate`.

    Returns
    -------
    The batches of each optimiser step. A batch is a tuple of indices into `lengths`; every index
    appears once.

    >>> config = TrainConfig(batch_size=2, bucket=2, accumulate=1)
    >>> sorted(index for step in plan_epoch([3, 1, 2], config, 0) for b in step for index in b)
    [0, 1, 2]
    """
    generator = np.random.default_rng(stable_seed(config.seed, "order", epoch))
    order = generator.permutation(len(lengths)).tolist()
    size = config.batch_size
    batches: list[tuple[int, ...]] = []
    for start in range(0, len(order), size * config.bucket):
        bucket = order[start : start + size * config.bucket]
        if config.bucket > 1:
            bucket.sort(key=lambda index: lengths[index])
        batches += [tuple(bucket[at : at + size]) for at in range(0, len(bucket), size)]
    shuffled = [batches[at] for at in generator.permutation(len(batches))]
    groups = range(0, len(shuffled), config.accumulate)
    return [shuffled[at : at + config.accumulate] for at in groups]
