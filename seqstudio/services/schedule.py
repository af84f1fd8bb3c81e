"""Learning rate schedules: pure functions of the step and of the monitored values so far."""

import math
from collections.abc import Sequence

from seqstudio.contracts.task import TrainConfig

ONE_CYCLE_START = 1 / 25  # of the highest rate, as in Smith 2018
ONE_CYCLE_RISE = 0.3  # of all steps
PLATEAU_PATIENCE = 2  # evaluations without improvement before the rate is reduced
PLATEAU_FACTOR = 0.5


def learning_rate(
    config: TrainConfig, step: int, total: int, monitored: Sequence[float] = ()
) -> float:
    """Return the learning rate of one step.

    Parameters
    ----------
    step : from 1 to `total`
    total : planned steps of the run
    monitored : the monitored metric at every evaluation so far, oldest first

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
        return config.learning_rate * PLATEAU_FACTOR ** plateaus(monitored)
    return config.learning_rate


def _one_cycle(done: float) -> float:
    if done < ONE_CYCLE_RISE:
        rise = 0.5 * (1 - math.cos(math.pi * done / ONE_CYCLE_RISE))
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * rise
    fall = (done - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE)
    return 0.5 * (1 + math.cos(math.pi * fall)) + 1e-4


def plateaus(monitored: Sequence[float]) -> int:
    """Count how often there was no improvement for `PLATEAU_PATIENCE` evaluations.

    >>> plateaus([5.0, 4.0, 4.1, 4.2, 4.3, 4.4])
    2
    """
    best, waited, count = math.inf, 0, 0
    for value in monitored:
        waited = 0 if value < best else waited + 1
        best = min(best, value)
        if waited == PLATEAU_PATIENCE:
            count, waited = count + 1, 0
    return count


def evaluations_since_best(monitored: Sequence[float]) -> int:
    """Return the number of evaluations after the best one; 0 if there are none.

    >>> evaluations_since_best([5.0, 4.0, 4.0, 4.2])
    2
    """
    return len(monitored) - 1 - monitored.index(min(monitored)) if monitored else 0
