"""Bundles that hold an adapter: they name their base by its hash, and are added to its weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor

from seqstudio.core.adapters import merge
from seqstudio.core.config import config_from_plain
from seqstudio.core.model import build
from seqstudio.core.parts import Parts
from seqstudio.errors import ConfigError, ModelError
from seqstudio.services.bundle_files import CONFIG, TASK_BUFFERS, WEIGHTS, BundleInfo, read_bundle
from seqstudio.services.int8_weights import from_int8


def add_to_base(
    info: BundleInfo, stored: Mapping[str, Tensor], base: Path | None, parts: Parts
) -> dict[str, Tensor]:
    """Return the weights of an adapter added to those of its base that fit its configuration.

    Raises
    ------
    ModelError
        If the base is missing, damaged or another model, or the adapter does not fit it.
    """
    expected = info.config.base
    if base is None or expected is None:
        name = "a model" if expected is None else f"{expected.name!r} ({expected.sha256[:12]})"
        raise ModelError(f"{info.path}: an adapter of {name}, expected that model beside it")
    found, data = read_bundle(base)
    if found.sha256 != expected.sha256:
        raise ModelError(
            f"{info.path}: base {base} has SHA-256 {found.sha256[:12]}, "
            f"expected {expected.sha256[:12]} ({expected.name})"
        )
    try:
        with torch.device("meta"):  # only names and shapes are needed
            module = build(config_from_plain(info.config.model, parts), parts)
        return merge(fitting_weights(from_int8(load(data), base), module.state_dict()), stored)
    except ConfigError as error:
        raise ModelError(f"{info.path}: {CONFIG}, {WEIGHTS}: {error}") from error


def fitting_weights(
    weights: Mapping[str, Tensor], state: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the weights that have a place of the same shape in a state, without task buffers."""
    return {
        name: tensor
        for name, tensor in weights.items()
        if name in state and state[name].shape == tensor.shape and not name.startswith(TASK_BUFFERS)
    }
