"""Limits on what a bundle may hold, so that no file hangs or floods the studio. Torch-free."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seqstudio.errors import ModelError
from seqstudio.services.safetensors_header import TensorEntry

KIB, MIB = 2**10, 2**20
FILE_LIMITS = {  # bytes; the models in the box need a few thousand
    "hashes.json": 64 * KIB,
    "card.json": MIB,
    "golden.json": MIB,
    "config.json": 4 * MIB,
}
MOST_GOLDEN = 100
MOST_LAYERS = 1000  # the deepest networks in use have fewer


def check_sizes(sizes: Mapping[str, int], path: Path) -> None:
    """Raise ModelError for the first JSON file that is too large to be read."""
    for name, limit in FILE_LIMITS.items():
        if (size := sizes.get(name, 0)) > limit:
            raise ModelError(f"{path}: {name} has {size} bytes, expected at most {limit}")


def check_golden_count(count: int, where: str) -> None:
    """Raise ModelError if there are more reference outputs than anybody compares."""
    if count > MOST_GOLDEN:
        raise ModelError(f"{where}: {count} items, expected at most {MOST_GOLDEN}")


def check_layers(model: Mapping[str, Any], where: str) -> None:
    """Raise ModelError if a part of a model would be built of too many layers."""
    for name, value in _numbers(model, "model"):
        if name.rpartition(".")[2] == "layers" and value > MOST_LAYERS:
            raise ModelError(f"{where}: {name}={value}, expected at most {MOST_LAYERS}")


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _numbers(one, f"{name}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _numbers(one, f"{name}[{number}]")
    elif isinstance(value, int | float):
        yield name, value


def check_buffers(
    buffers: Mapping[str, tuple[int, ...]],
    entries: Mapping[str, TensorEntry],
    prefix: str,
    where: str,
) -> None:
    """Raise ModelError if a buffer of the task is missing or has another shape.

    Parameters
    ----------
    buffers : name -> shape, from the configuration
    entries : of the weights, in which each name has the prefix
    """
    for name, shape in buffers.items():
        entry = entries.get(prefix + name)
        if entry is None:
            raise ModelError(f"{where}: no tensor {prefix + name}, expected one of shape {shape}")
        if entry.shape != shape:
            found = f"{prefix + name} has shape {entry.shape}"
            raise ModelError(f"{where}: {found}, expected {shape}")
