"""Learning rate schedules as pure functions of the step and of the figures so far."""

import math
from collections.abc import Sequence

from seqstudio.contracts.task import TrainConfig

ONE_CYCLE_START = 1 / 25  # Smith 2018: the share of the top rate where a cycle begins
ONE_CYCLE_RISE = 0.3
PLATEAU_PATIENCE = 2  # evaluations without a better figure before the rate falls
PLATEAU_FACTOR = 0.5


def learning_rate(
    config: TrainConfig, step: int, total: int, figures: Sequence[float] = ()
) -> float:
    """Give the learning rate of one step.

    Parameters
    ----------
    step : from 1 to `total`
    total : all steps of the run
    figures : the monitored figure of every evaluation so far, oldest first

    References
    ----------
    cosine: Loshchilov and Hutter 2017, "SGDR", without restarts. onecycle: Smith and Topin 2018,
    "Super-convergence".

    >>> config = TrainConfig(schedule="cosine", warmup=0.5, learning_rate=1.0)
    >>> [round(learning_rate(config, step, 4), 2) for step in (1, 2, 3, 4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    if config.schedule == "onecycle":
        return config.learning_rate * _one_cycle((step - 1) / max(1, total - 1))
    warm = round(config.warmup * total)
    if step <= warm:
        return config.learning_rate * step / warm
    if config.schedule == "cosine":
        done = (step - warm - 1) / max(1, total - warm)
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if config.schedule == "plateau":
        return config.learning_rate * PLATEAU_FACTOR ** plateaus(figures)
    return config.learning_rate


def _one_cycle(done: float) -> float:
    if done < ONE_CYCLE_RISE:
        rise = 0.5 * (1 - math.cos(math.pi * done / ONE_CYCLE_RISE))
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * rise
    fall = (done - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE)
    return 0.5 * (1 + math.cos(math.pi * fall)) + 1e-4


def plateaus(figures: Sequence[float]) -> int:
    """Count how often the figures stood still for `PLATEAU_PATIENCE` evaluations.

    >>> plateaus([5.0, 4.0, 4.1, 4.2, 4.3, 4.4])
    2
    """
    best, waited, count = math.inf, 0, 0
    for figure in figures:
        waited = 0 if figure < best else waited + 1
        best = min(best, figure)
        if waited == PLATEAU_PATIENCE:
            count, waited = count + 1, 0
    return count


def evaluations_since_best(figures: Sequence[float]) -> int:
    """Count the evaluations after the best one; 0 where there is none yet.

    >>> evaluations_since_best([5.0, 4.0, 4.0, 4.2])
    2
    """
    return len(figures) - 1 - figures.index(min(figures)) if figures else 0
