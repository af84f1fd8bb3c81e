"""Weight noise: training on weights that are moved at random, as a regulariser.

Jim, Giles and Horne 1996, "An analysis of noise in recurrent neural networks"; Graves 2011,
"Practical variational inference for neural networks"; Graves et al. 2013, "Speech recognition with
deep recurrent neural networks", where it was the regulariser.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from seqstudio.contracts.data import stable_seed


@contextmanager
def weight_noise(model: nn.Module, deviation: float, *, seed: int, step: int) -> Iterator[None]:
    """Add Gaussian noise to the weights while the context is open, then restore them exactly.

    The gradient is that at the moved weights, so the context holds the forward pass and the
    backward one. Matrices are moved, biases and gains are not.

    Parameters
    ----------
    model : any module
    deviation : standard deviation of the noise; 0 adds none
    seed, step : the noise is a function of both and of the number of the weight, on one kind of
        device
    """
    matrices = [one for one in model.parameters() if one.requires_grad and one.ndim > 1]
    weights = matrices if deviation > 0 else []
    kept = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for number, weight in enumerate(weights):
            generator = torch.Generator(device=weight.device)
            generator.manual_seed(stable_seed(seed, step, "weight noise", number))
            weight.add_(torch.empty_like(weight).normal_(0.0, deviation, generator=generator))
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, before in zip(weights, kept, strict=True):
                weight.copy_(before)
