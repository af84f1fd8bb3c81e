"""Checking that weights are finite. Torch-free, but imports numpy."""

from collections.abc import Mapping

import numpy as np

from seqstudio.errors import ModelError
from seqstudio.services.safetensors_header import TensorEntry

FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
BF16_EXPONENT = 0x7F80  # all bits set: infinite, or not a number


def check_finite(weights: bytes, entries: Mapping[str, TensorEntry], where: str) -> None:
    """Raise ModelError for the first tensor with a number that is infinite or not one.

    Parameters
    ----------
    weights : the whole safetensors file
    entries : its header
    """
    start = 8 + int.from_bytes(weights[:8], "little")
    for name, entry in entries.items():
        data = memoryview(weights)[start + entry.begin : start + entry.end]
        if entry.dtype in FLOATS:
            finite = bool(np.isfinite(np.frombuffer(data, FLOATS[entry.dtype])).all())
        elif entry.dtype == "BF16":
            bits = np.frombuffer(data, "<u2")
            finite = not bool(((bits & BF16_EXPONENT) == BF16_EXPONENT).any())
        else:
            continue
        if not finite:
            raise ModelError(f"{where}: {name} has numbers that are not finite, expected weights")
