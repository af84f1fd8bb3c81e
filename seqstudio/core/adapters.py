"""Low-rank adapters: a few weights that are trained beside those of a model, which do not change.

An adapter's tensors are stored beside those that replace tensors of the model: `merge` adds them.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from seqstudio.errors import ConfigError

DOWN, UP = ".lowrank_down", ".lowrank_up"


def merge(base: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add an adapter to the weights of its base.

    Parameters
    ----------
    base : the weights of the base, by name; {} for weights that are complete
    stored : `NAME.lowrank_up` (M, R) and `NAME.lowrank_down` (R, N), whose product is added to
        the (M, N) matrix NAME of the base; any other tensor replaces that of the base

    Raises
    ------
    ConfigError
        If a factor has no matrix or no other factor, or their shapes do not fit.
    """
    merged = {**base, **{name: t for name, t in stored.items() if not name.endswith((DOWN, UP))}}
    for name in sorted({name.removesuffix(DOWN).removesuffix(UP) for name in stored} - set(merged)):
        raise ConfigError(f"tensor {name}: a low-rank factor of nothing, expected a matrix of it")
    for name, up in stored.items():
        if name.endswith(UP):
            matrix = name.removesuffix(UP)
            merged[matrix] = _add_product(matrix, merged[matrix], up, stored.get(matrix + DOWN))
    return merged


def _add_product(name: str, matrix: Tensor, up: Tensor, down: Tensor | None) -> Tensor:
    found = (tuple(up.shape), None if down is None else tuple(down.shape))
    fits = down is not None and up.ndim == down.ndim == 2 and up.shape[1] == down.shape[0]
    if down is None or not fits or matrix.shape != (up.shape[0], down.shape[1]):
        shape = tuple(matrix.shape)
        raise ConfigError(f"tensor {name}: low-rank factors {found}, expected a product of {shape}")
    return matrix.float() + up.float() @ down.float()


class LowRank:
    """Trains matrices W as W + up @ down, with W fixed (Hu et al. 2021, "LoRA", section 4.1).

    The module computes with the sums, so that it needs no change, whatever its layers are. After a
    backward pass the gradients of the sums are turned into those of the factors, which are exact.

    Parameters
    ----------
    module : its parameters `names` are matrices; they become the sums
    names : which matrices
    rank : columns of `up`
    seed : of `down`, which is random; `up` is zero, so that at first nothing is added
    """

    def __init__(self, module: nn.Module, names: Iterable[str], rank: int, seed: int) -> None:
        parameters = dict(module.named_parameters())
        generator = torch.Generator().manual_seed(seed)
        self._sums = {name: parameters[name] for name in names}
        self._fixed = {name: matrix.detach().clone() for name, matrix in self._sums.items()}
        self.factors: dict[str, nn.Parameter] = {}
        for name, matrix in self._fixed.items():
            rows, columns = matrix.shape
            down = torch.empty(rank, columns).uniform_(-1, 1, generator=generator) / columns**0.5
            self.factors[name + DOWN] = nn.Parameter(down.to(matrix.device))
            self.factors[name + UP] = nn.Parameter(matrix.new_zeros(rows, rank))

    @torch.no_grad()
    def pull_gradients(self) -> None:
        """Set the gradients of the factors from those of the sums, which are cleared."""
        for name, total in self._sums.items():
            if (gradient := total.grad) is not None:
                up, down = self.factors[name + UP], self.factors[name + DOWN]
                up.grad, down.grad = gradient @ down.t(), up.t() @ gradient
                total.grad = None

    @torch.no_grad()
    def write(self) -> None:
        """Compute the sums from the factors, into the module."""
        for name, total in self._sums.items():
            up, down = self.factors[name + UP], self.factors[name + DOWN]
            total.copy_(self._fixed[name] + up @ down)
