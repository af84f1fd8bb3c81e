"""What differs between devices: where a model runs, and which kernels are the fastest there."""

import torch
from torch import Tensor

from seqstudio.errors import ConfigError


def choose_device(name: str, *, stepping: bool = False) -> str:
    """Turn `auto`, `cpu`, `cuda`, `cuda:N` or `mps` into a device of this machine.

    `auto` never chooses `mps`: torch has neither float64 nor the kernels of the CTC and transducer
    losses there, so that not every model runs on it. It can be named. For CUDA
    `keep_float32_exact` is called.

    Parameters
    ----------
    stepping : for what draws token after token, `auto` is the CPU. There a step of a few rows is as
        fast as its weights are read. On a GPU it is some twenty launches, and each token is copied
        to the host; a captured graph would save the launches, and takes its place here when it is
        measured to be faster.

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
        name = "cuda" if "cuda" in available and not stepping else "cpu"
    if name not in available:
        raise ConfigError(f"device={name!r}, expected auto or one of {', '.join(available)}")
    if name.startswith("cuda"):
        keep_float32_exact()
    return name


def keep_float32_exact() -> None:
    """Turn TF32 off in this process; torch has it on in cuDNN, and so in recurrent layers.

    Float32 results then agree with those of a CPU to about 1e-5. What may be less exact, the
    products of a training, runs in bfloat16, which is faster than TF32 (see `autocast`).
    """
    # not `fp32_precision`: torch's `cudnn.flags`, which `gradient_flow` uses, fails after it
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False  # of convolutions and recurrent layers


def require_kernel(what: str, device: torch.device) -> None:
    """Raise ConfigError on `mps`, which lacks the kernels of some losses.

    >>> require_kernel("CTC loss", torch.device("mps"))
    Traceback (most recent call last):
    ...
    seqstudio.errors.ConfigError: CTC loss on device='mps', expected cpu or cuda
    """
    if device.type == "mps":
        raise ConfigError(f"{what} on device={device.type!r}, expected cpu or cuda")


def at_least_float32(values: Tensor) -> Tensor:
    """Convert half precision to float32, for what would lose too much; keep other types."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def to_host(*lengths: Tensor) -> tuple[Tensor, ...]:
    """Return (B,) integer tensors on the CPU; those of one device are copied in one transfer."""
    if len({one.device for one in lengths}) > 1:
        return tuple(one.cpu() for one in lengths)
    return lengths if lengths[0].device.type == "cpu" else tuple(torch.stack(lengths).cpu())


def prefers_scans(device: torch.device) -> bool:
    """Return whether a linear recurrence is faster as a parallel scan than as a loop over time.

    On a CPU the loop is 1.2 to 4 times as fast over batches, slower only for one short sequence;
    elsewhere each of its steps would be a launch.
    """
    return device.type != "cpu"


def prefers_packing(device: torch.device) -> bool:
    """Return whether both directions of a layer run at once over packed frames, in cuDNN.

    On a CPU packing takes more than twice as long as a padded layer for each direction.
    """
    return device.type == "cuda" and torch.backends.cudnn.enabled


def runs_bfloat16_lstm(device: torch.device) -> bool:
    """Return whether torch has an LSTM in bfloat16: on x86 oneDNN's needs AVX-512 instructions."""
    return device.type != "cpu" or "AVX512" in torch.backends.cpu.get_cpu_capability()


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which a training computes its losses; weights stay float32.

    `bf16` computes matrix products in bfloat16, `fp32` everything in float32, and `auto` is `bf16`
    on a GPU that has it. On a CPU bfloat16 takes 0.7 to 1.8 times as long as float32, by the width
    of the layers (`benchmarks/bench_precision.py`), so there it must be asked for.
    """
    auto = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    enabled = precision == "bf16" or (precision == "auto" and auto)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def compiles_steps(device: torch.device) -> bool:
    """Return whether the steps of sampling run in the compiled kernel, else by torch's operations.

    Those of the second kind are not yet measured on a GPU; see `choose_device`.
    """
    return device.type == "cpu"
