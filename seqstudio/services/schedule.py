"""Learning rate schedules: pure functions of the step and of the evaluations so far."""

import math
from collections.abc import Sequence

from seqstudio.contracts.task import TrainConfig

ONE_CYCLE_START = 1 / 25  # of the highest rate, as in Smith 2018
ONE_CYCLE_RISE = 0.3  # of all steps
PLATEAU_PATIENCE = 2  # evaluations without improvement before the rate is reduced
PLATEAU_FACTOR = 0.5


def learning_rate(
    config: TrainConfig, step: int, total: int, improved: Sequence[bool] = ()
) -> float:
    """Return the learning rate of one step.

    Parameters
    ----------
    step : from 1 to `total`
    total : planned steps of the run
    improved : whether each evaluation so far was the best until then, oldest first

    References
    ----------
    cosine: Loshchilov and Hutter 2017, "SGDR", without restarts. onecycle: Smith and Topin 2018,
    "Super-convergence". noam: Vaswani et al. 2017, "Attention is all you need", eq. 3, scaled so
    that it peaks at `learning_rate`. With `swa` the rate stays where it is when averaging starts
    (Izmailov et al. 2018).

    >>> config = TrainConfig(schedule="cosine", warmup=0.5, learning_rate=1.0)
    >>> [round(learning_rate(config, step, 4), 2) for step in (1, 2, 3, 4)]
    [0.5, 1.0, 1.0, 0.5]
    """
    if config.swa > 0:
        step = min(step, total * swa_start(config) // config.epochs + 1)
    if config.schedule == "onecycle":
        return config.learning_rate * _one_cycle((step - 1) / max(1, total - 1))
    warm = round(config.warmup * total)
    if step <= warm:
        return config.learning_rate * step / warm
    if config.schedule == "cosine":
        done = (step - warm - 1) / max(1, total - warm)
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if config.schedule == "plateau":
        return config.learning_rate * PLATEAU_FACTOR ** plateaus(improved)
    if config.schedule == "noam":
        return float(config.learning_rate * (max(1, warm) / step) ** 0.5)
    return config.learning_rate


def _one_cycle(done: float) -> float:
    if done < ONE_CYCLE_RISE:
        rise = 0.5 * (1 - math.cos(math.pi * done / ONE_CYCLE_RISE))
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * rise
    fall = (done - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE)
    return 0.5 * (1 + math.cos(math.pi * fall)) + 1e-4


def swa_start(config: TrainConfig) -> int:
    """Return the first epoch, from 0, whose weights stochastic weight averaging includes.

    >>> swa_start(TrainConfig(epochs=8, swa=0.25))
    6
    """
    return config.epochs - max(1, round(config.swa * config.epochs))


def plateaus(improved: Sequence[bool]) -> int:
    """Count how often there was no improvement for `PLATEAU_PATIENCE` evaluations.

    >>> plateaus([True, True, False, False, False, False])
    2
    """
    waited, count = 0, 0
    for better in improved:
        waited = 0 if better else waited + 1
        if waited == PLATEAU_PATIENCE:
            count, waited = count + 1, 0
    return count


def evaluations_since_best(improved: Sequence[bool]) -> int:
    """Return the number of evaluations after the best one; 0 if there are none.

    >>> evaluations_since_best([True, True, False, False])
    2
    """
    return next((n for n, better in enumerate(reversed(improved)) if better), 0)
