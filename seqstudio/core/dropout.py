"""Dropout without a random stream: a mask is a function of seed, step and layer."""

import torch
from torch import Tensor, nn

from seqstudio.contracts.data import stable_seed
from seqstudio.errors import TrainingError


class Dropout(nn.Module):
    """Variational dropout: one mask a sequence, the same at every step (Gal and Ghahramani 2016).

    The mask depends only on the seed that `reseed` set, so that a resumed run repeats it.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.seed: int | None = None

    def forward(self, frames: Tensor) -> Tensor:
        """Drop features of (B, T, F) frames in training mode; return them unchanged otherwise.

        Raises
        ------
        TrainingError
            If the model is in training mode and `reseed` was never called.
        """
        if not self.training or self.rate == 0.0:
            return frames
        if self.seed is None:
            raise TrainingError("dropout has no seed, expected reseed(model, seed, step) first")
        generator = torch.Generator().manual_seed(self.seed)
        shape = (frames.shape[0], 1, frames.shape[2])
        kept = torch.rand(shape, generator=generator) >= self.rate
        return frames * (kept / (1.0 - self.rate)).to(frames)


def reseed(model: nn.Module, seed: int, step: int) -> None:
    """Set the seeds of the dropout masks; call it before every forward pass of training.

    Parameters
    ----------
    model : any module; its `Dropout` layers are numbered in the order of `modules()`
    seed : the run's seed
    step : a number that is different for each pass
    """
    layers = (module for module in model.modules() if isinstance(module, Dropout))
    for number, layer in enumerate(layers):
        layer.seed = stable_seed(seed, step, number)
