"""What differs between devices: where a model runs, and which kernel multiplies a few rows."""

import torch
from torch import Tensor

from seqstudio.errors import ConfigError


def choose_device(name: str) -> str:
    """Turn `auto`, `cpu`, `cuda`, `cuda:N` or `mps` into a device of this machine.

    Raises
    ------
    ConfigError
        If this machine has no such device.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if name == "auto":
        return "cuda" if "cuda" in available else available[-1]
    if name not in available:
        raise ConfigError(f"device={name!r}, expected auto or one of {', '.join(available)}")
    return name


class RowwiseLinear:
    """Computes x @ weight.T + bias for a few rows; on a CPU no row depends on the others.

    A BLAS uses different kernels for one row, for two or three and for many, and their last bits
    differ. So on a CPU each row is multiplied alone: this kernel is the fastest for a single take,
    and K takes cost K times as much.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight = weight.t().contiguous()
        self.bias = bias[None].contiguous()
        self.row_by_row = weight.device.type == "cpu"

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (R, K) rows to (R, N)."""
        if rows.shape[0] == 1 or not self.row_by_row:  # `len` of a tensor would cost 0.4 us
            return torch.addmm(self.bias, rows, self.weight)
        return torch.cat([torch.addmm(self.bias, row, self.weight) for row in rows.split(1)])
