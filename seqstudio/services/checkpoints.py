"""Checkpoints of a training: folders with weights, optimiser state and progress; no pickles."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import atomic_folder, json_bytes, sha256_of, sha256_of_file
from seqstudio.services.kept_weights import KeptWeights

FILES = (
    "model.safetensors",
    "averages.safetensors",
    "optimiser.safetensors",
    "optimiser.json",
    "progress.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainProgress:
    """The progress of a training. With weights and optimiser it determines the next step."""

    step: int = 0  # optimiser steps done
    epoch: int = 0
    epoch_steps: int = 0  # optimiser steps done in this epoch
    improved: tuple[bool, ...] = ()  # whether each evaluation was the best so far
    kept: tuple[KeptWeights, ...] = ()  # best first
    last: tuple[str, ...] = ()  # files with the weights of the last epochs, if they are averaged
    processes: tuple[int, ...] = ()  # that trained together: at the start, and after each change
    elapsed_s: float = 0.0  # training time, over all resumed runs
    events_bytes: int = 0  # size of the event log when this was saved


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint loaded from disk."""

    progress: TrainProgress
    weights: Mapping[str, Tensor]
    averages: Mapping[str, Tensor]
    optimiser: Mapping[int, Mapping[str, Any]]  # index of the parameter -> its state


def save_checkpoint(
    folder: Path,
    progress: TrainProgress,
    weights: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    averages: Mapping[str, Tensor] = MappingProxyType({}),
) -> Path:
    """Write a new checkpoint into `folder`, and delete all but the last two.

    A manifest with the hashes of the files is written last, then the folder is renamed into place.
    """
    serial = 1 + max((int(path.name) for path in _serials(folder)), default=0)
    tensors, plain = _optimiser_state(optimiser)
    contents = {
        "model.safetensors": save({n: t.contiguous() for n, t in weights.items()}),
        "averages.safetensors": save({n: t.contiguous() for n, t in averages.items()}),
        "optimiser.safetensors": save(tensors),
        "optimiser.json": json_bytes(plain),
        "progress.json": json_bytes(to_plain(progress)),
    }
    target = folder / f"{serial:06d}"
    with atomic_folder(target) as temporary:
        for name, data in contents.items():
            (temporary / name).write_bytes(data)
        hashes = {name: sha256_of(data) for name, data in contents.items()}
        (temporary / "manifest.json").write_bytes(json_bytes(hashes))
    for old in _serials(folder)[:-2]:
        shutil.rmtree(old)
    return target


def load_newest(folder: Path) -> Checkpoint | None:
    """Load the newest checkpoint whose files match its manifest; return None if there is none.

    Raises
    ------
    TrainingError
        If the files match the manifest but the contents are malformed.
    """
    complete = [path for path in _serials(folder) if _is_complete(path)]
    return _read(complete[-1]) if complete else None


def restore_optimiser(
    optimiser: torch.optim.Optimizer, state: Mapping[int, Mapping[str, Any]], where: str
) -> None:
    """Load a saved state into an optimiser.

    Raises
    ------
    TrainingError
        If the state belongs to an optimiser of other parameters.
    """
    groups = optimiser.state_dict()["param_groups"]
    known = {index for group in groups for index in group["params"]}
    if unknown := set(state) - known:
        found = min(unknown)
        raise TrainingError(f"{where}: state of parameter {found}, expected 0 to {len(known) - 1}")
    optimiser.load_state_dict({"state": dict(state), "param_groups": groups})


def _optimiser_state(
    optimiser: torch.optim.Optimizer,
) -> tuple[dict[str, Tensor], dict[str, dict[str, Any]]]:
    tensors: dict[str, Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{index}/{name}"] = value.contiguous()
            else:
                plain.setdefault(str(index), {})[name] = value
    return tensors, plain


def _serials(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir())


def _is_complete(path: Path) -> bool:
    manifest = path / "manifest.json"
    if not manifest.is_file() or any(not (path / name).is_file() for name in FILES):
        return False
    try:
        hashes = json.loads(manifest.read_bytes())
    except ValueError:
        return False  # truncated; the previous checkpoint is used
    return bool(hashes == {name: sha256_of_file(path / name) for name in FILES})


def _read(path: Path) -> Checkpoint:
    progress = json.loads((path / "progress.json").read_bytes())
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in load((path / "optimiser.safetensors").read_bytes()).items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = tensor
    for text, values in json.loads((path / "optimiser.json").read_bytes()).items():
        state.setdefault(int(text), {}).update(values)
    return Checkpoint(
        from_plain(TrainProgress, progress, str(path / "progress.json"), error=TrainingError),
        load((path / "model.safetensors").read_bytes()),
        load((path / "averages.safetensors").read_bytes()),
        state,
    )
