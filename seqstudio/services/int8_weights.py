"""Weights in 8 bits, which halve a bundle of half-precision weights. Torch-free, imports numpy.

A matrix is stored as int8 of the same shape, and the greatest absolute number of each row beside
it, divided by 127. What reads a bundle gets float32 back, so nothing else knows of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqstudio.errors import ModelError
from seqstudio.services.safetensors_header import SCALE, is_scale

if TYPE_CHECKING:
    from torch import Tensor

LEAST = 2048  # numbers of a tensor; smaller ones are not worth the loss
STEPS = 127


def to_int8(weights: bytes, exempt: str) -> bytes:
    """Return the safetensors file `weights` with its matrices in int8.

    Vectors, small matrices, numbers that are no floats and tensors whose names begin with `exempt`
    are unchanged.
    """
    from safetensors.numpy import load, save

    tensors: dict[str, NDArray[np.generic]] = {}
    for name, tensor in load(weights).items():
        tensors[name] = tensor
        whole = not np.issubdtype(tensor.dtype, np.floating) or name.startswith(exempt)
        if whole or tensor.ndim < 2 or tensor.size < LEAST:
            continue
        rows = tensor.astype(np.float32).reshape(len(tensor), -1)
        scale = np.maximum(np.abs(rows).max(axis=1), np.finfo(np.float32).tiny) / STEPS
        rounded = np.rint(rows / scale[:, None]).astype(np.int8)
        tensors[name] = rounded.reshape(tensor.shape)
        tensors[name + SCALE] = scale.astype(np.float32)
    return save(tensors)


def from_int8(tensors: "Mapping[str, Tensor]", where: Path) -> "dict[str, Tensor]":
    """Return tensors of the bundle at `where`, those in int8 as float32 again.

    Raises
    ------
    ModelError
        If there is not one scale for each row of a matrix.
    """
    found = {name: tensor for name, tensor in tensors.items() if not is_scale(name, tensors)}
    for name in found:
        scale = tensors.get(name + SCALE)
        if scale is not None:
            rows = found[name].float()
            if scale.shape != rows.shape[:1]:
                found_shape = f"{name + SCALE} has shape {tuple(scale.shape)}"
                raise ModelError(f"{where}: {found_shape}, expected ({len(rows)},)")
            found[name] = rows * scale.reshape(-1, *[1] * (rows.ndim - 1))
    return found
