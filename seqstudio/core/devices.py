"""What differs by device: where a model runs, and which kernel multiplies a few rows."""

import torch
from torch import Tensor

from seqstudio.errors import ConfigError


def choose_device(name: str) -> str:
    """Turn `auto`, `cpu`, `cuda`, `cuda:N` or `mps` into a device that is there.

    Raises
    ------
    ConfigError
        If the device is not on this machine, or is no device's name.
    """
    there = ["cpu"]
    if torch.cuda.is_available():
        there += ["cuda", *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        there.append("mps")
    if name == "auto":
        return "cuda" if "cuda" in there else there[-1]
    if name not in there:
        raise ConfigError(f"device={name!r}, expected auto or one of {', '.join(there)}")
    return name


class Product:
    """Computes x @ weight.T + bias for a few rows; on a CPU a row never depends on its neighbours.

    A BLAS takes other kernels for one row than for many, and for two or three again others, whose
    last bits differ. So on a CPU each row is multiplied alone: by the kernel that is fastest for a
    lone take, and for K takes at K times its cost.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self.weight = weight.t().contiguous()
        self.bias = bias[None].contiguous()
        self.alone = weight.device.type == "cpu"

    def __call__(self, rows: Tensor) -> Tensor:
        """Multiply (R, K) rows: (R, N)."""
        if rows.shape[0] == 1 or not self.alone:  # `len` of a tensor would cost 0.4 us
            return torch.addmm(self.bias, rows, self.weight)
        return torch.cat([torch.addmm(self.bias, row, self.weight) for row in rows.split(1)])
