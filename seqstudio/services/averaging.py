"""Averages of the weights of a training: over steps, over its last epochs, over its best epochs."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

from seqstudio.contracts.task import TrainConfig
from seqstudio.services.schedule import swa_start

SEPARATOR = "/"


def average_weights(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Average weights in double precision; integer tensors are taken from the first state.

    >>> mean = average_weights([{"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])}])
    >>> mean["w"]
    tensor([1.5000])
    """
    first = states[0]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in first.items()
    }


def mix_weights(
    trained: Mapping[str, Tensor], base: Mapping[str, Tensor], base_share: float
) -> dict[str, Tensor]:
    """Average weights after a training with those before it, where there are any.

    The average often keeps what the base knew and gains what it learned: Wortsman et al. 2022,
    "Robust fine-tuning of zero-shot models".

    >>> mix_weights({"w": torch.tensor([2.0])}, {"w": torch.tensor([1.0])}, 0.25)["w"]
    tensor([1.7500])
    """
    return {
        name: tensor.lerp(base[name].to(tensor.dtype), base_share)
        if name in base and tensor.is_floating_point()
        else tensor
        for name, tensor in trained.items()
    }


class RunningAverages:
    """The averages that a training carries along, as its configuration asks for.

    `ema` is an exponential moving average over steps, whose decay rises to the configured one as
    (1 + step) / (10 + step), so that it soon forgets the first weights. `swa` is the mean over the
    ends of the last epochs (Izmailov et al. 2018, "Averaging weights leads to wider optima").

    Parameters
    ----------
    config : of the training
    weights : the tensors in training, by name; they are not changed
    """

    def __init__(self, config: TrainConfig, weights: Mapping[str, Tensor]) -> None:
        self._config = config
        self._weights = weights
        self.ema = self._copy() if config.ema > 0 else {}
        self.swa = self._copy() if config.swa > 0 else {}

    def _copy(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self._weights.items()}

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Update the average over steps. `step` is from 1."""
        if self.ema:
            decay = min(self._config.ema, (1 + step) / (10 + step))
            update = get_ema_multi_avg_fn(decay)
            update(*self._pairs(self.ema), None)

    @torch.no_grad()
    def after_epoch(self, epoch: int) -> None:
        """Update the average over epochs. `epoch` is from 0."""
        start = swa_start(self._config)
        if self.swa and epoch >= start:
            update = get_swa_multi_avg_fn()
            update(*self._pairs(self.swa), epoch - start)

    def _pairs(self, average: Mapping[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        names = [name for name, tensor in average.items() if tensor.is_floating_point()]
        return [average[name] for name in names], [self._weights[name].detach() for name in names]

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint stores: every tensor as `ema/NAME` or `swa/NAME`."""
        both = {"ema": self.ema, "swa": self.swa}
        return {f"{k}{SEPARATOR}{name}": t for k, one in both.items() for name, t in one.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Continue from a state."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
