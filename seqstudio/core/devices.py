"""What differs by device: where a model runs, and which kernel multiplies a few rows."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from seqstudio.errors import ConfigError

PROBED_ROWS = 16
Multiply = Callable[[Tensor], Tensor]


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
    """Computes x @ weight.T + bias for a few rows; a row never depends on its neighbours.

    A BLAS takes other kernels for one row, or for two or three, than for many, and their last
    bits differ. oneDNN on weights packed in advance does not, and is also faster from two rows
    on; elsewhere rows are added until their number no longer matters.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        packs = weight.device.type == "cpu" and weight.dtype == torch.float32
        packs = packs and torch.backends.mkldnn.is_available()
        self.multiply = packed_multiply(weight, bias) if packs else plain_multiply(weight, bias)
        on_host = weight.device.type == "cpu"
        self.least = least_rows(*weight.shape, weight.dtype, packs=packs) if on_host else 1

    def __call__(self, rows: Tensor) -> Tensor:
        """Multiply (R, K) rows: (R, N)."""
        missing = self.least - len(rows)
        if missing <= 0:
            return self.multiply(rows)
        filled = torch.cat([rows, rows.new_zeros(missing, rows.shape[1])])
        return self.multiply(filled)[: len(rows)]


def packed_multiply(weight: Tensor, bias: Tensor) -> Multiply:
    """Give oneDNN's product with weights laid out in advance for a few rows."""
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), PROBED_ROWS)
    linear = torch.ops.mkldnn._linear_pointwise.default
    offset = bias.contiguous()
    return lambda rows: linear(rows, packed, offset, "none", [], "")


def plain_multiply(weight: Tensor, bias: Tensor) -> Multiply:
    """Give torch's own product."""
    turned = weight.t().contiguous()
    return lambda rows: torch.addmm(bias, rows, turned)


@functools.cache
def least_rows(outputs: int, inputs: int, dtype: torch.dtype, *, packs: bool) -> int:
    """Find the fewest rows from which on a row's bits no longer depend on their number.

    Measured on this machine, once for each shape, because it depends on the BLAS and the CPU.
    """
    generator = torch.Generator().manual_seed(0)
    draw = functools.partial(torch.randn, generator=generator, dtype=dtype)
    weight, bias, rows = draw(outputs, inputs), draw(outputs), draw(PROBED_ROWS, inputs)
    multiply = packed_multiply(weight, bias) if packs else plain_multiply(weight, bias)
    full = multiply(rows)
    for count in range(PROBED_ROWS - 1, 0, -1):
        if not torch.equal(multiply(rows[:count].contiguous()), full[:count]):
            return count + 1
    return 1
