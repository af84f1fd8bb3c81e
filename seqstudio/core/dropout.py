"""Dropout without a random stream: a mask is a function of seed, step and layer."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqstudio.contracts.data import stable_seed
from seqstudio.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Share:
    """The rows of a batch that one of several processes computes: every `size`-th from `rank`.

    >>> Share(rank=1, size=2, rows=5).select(torch.arange(5))
    tensor([1, 3])
    """

    rank: int
    size: int
    rows: int  # of the whole batch

    def select(self, whole: Tensor) -> Tensor:
        """Return this share's rows of a tensor over the whole batch."""
        return whole[self.rank :: self.size]


class Seeded(nn.Module):
    """A module that draws random numbers in training: functions of what `reseed` set."""

    def __init__(self) -> None:
        super().__init__()
        self.seed: int | None = None  # of this module in this pass
        self.step = 0  # the number of the pass
        self.share: Share | None = None  # None: all rows of the batch

    def draw(self, kernel: Callable[..., Tensor], rows: int, *shape: int) -> Tensor:
        """Draw (rows, *shape) numbers for the rows of a batch, the same however it is shared.

        Parameters
        ----------
        kernel : torch.rand or torch.randn
        rows : of the batch that this process computes

        Raises
        ------
        TrainingError
            If `reseed` was never called, or the batch is shared and has not one row an example.
        """
        if self.seed is None:
            name = type(self).__name__.lower()
            raise TrainingError(f"{name} has no seed, expected reseed(model, seed, step) first")
        generator = torch.Generator().manual_seed(self.seed)
        if self.share is None:
            return kernel(rows, *shape, generator=generator)
        drawn = self.share.select(kernel(self.share.rows, *shape, generator=generator))
        if len(drawn) != rows:
            name = type(self).__name__
            raise TrainingError(
                f"{name}: {rows} rows, expected {len(drawn)}, one for each example of this process"
            )
        return drawn


class Dropout(Seeded):
    """Variational dropout: one mask a sequence, the same at every step (Gal and Ghahramani 2016).

    The mask depends only on the seed that `reseed` set, so that a resumed run repeats it.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, frames: Tensor) -> Tensor:
        """Drop features of (B, T, F) frames in training mode; return them unchanged otherwise.

        Raises
        ------
        TrainingError
            If the model is in training mode and `reseed` was never called.
        """
        if not self.training or self.rate == 0.0:
            return frames
        kept = self.draw(torch.rand, frames.shape[0], 1, frames.shape[2]) >= self.rate
        return frames * (kept / (1.0 - self.rate)).to(frames)


def optional_dropout(rate: float) -> nn.Module:
    """Return dropout at this rate, or nothing that needs a seed if it is 0."""
    return Dropout(rate) if rate else nn.Identity()


def without_dropout(model: nn.Module) -> None:
    """Switch off all dropout of a model, in training mode too."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.rate = 0.0


def reseed(model: nn.Module, seed: int, step: int, share: Share | None = None) -> None:
    """Set the seeds of all `Seeded` modules; call it before every forward pass of training.

    Parameters
    ----------
    model : any module; its `Seeded` modules are numbered in the order of `modules()`
    seed : the run's seed
    step : the number of the pass, different for each
    share : the rows of the batch that this process computes; None for all
    """
    layers = (module for module in model.modules() if isinstance(module, Seeded))
    for number, layer in enumerate(layers):
        layer.seed = stable_seed(seed, step, number)
        layer.step = step
        layer.share = share
