"""Checkpoints: folders that are whole or not there, with weights and optimiser as plain data."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import json_bytes, new_folder, sha256_of, sha256_of_file

FILES = ("model.safetensors", "optimiser.safetensors", "optimiser.json", "progress.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Weights of one of the best evaluations, in the run's `kept/`."""

    step: int
    value: float
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a training stands: with the weights, all that the next step depends on."""

    step: int = 0  # optimiser steps done
    epoch: int = 0
    group: int = 0  # steps done in this epoch
    figures: tuple[float, ...] = ()  # of the monitor, one for each evaluation
    kept: tuple[Kept, ...] = ()  # best first
    spent_s: float = 0.0
    events_bytes: int = 0  # size of the log when this was saved


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint read back."""

    progress: Progress
    weights: Mapping[str, Tensor]
    optimiser: Mapping[int, Mapping[str, Any]]  # parameter -> its state


def save_checkpoint(
    folder: Path, progress: Progress, module: nn.Module, optimiser: torch.optim.Optimizer
) -> Path:
    """Write a new checkpoint into `folder`, keeping it and the one before it.

    The manifest of hashes is written last, then everything is synced and renamed into place.
    """
    serial = 1 + max((int(path.name) for path in _serials(folder)), default=0)
    tensors, plain = _optimiser_state(optimiser)
    contents = {
        "model.safetensors": save({n: t.contiguous() for n, t in module.state_dict().items()}),
        "optimiser.safetensors": save(tensors),
        "optimiser.json": json_bytes(plain),
        "progress.json": json_bytes(to_plain(progress)),
    }
    target = folder / f"{serial:06d}"
    with new_folder(target) as beside:
        for name, data in contents.items():
            (beside / name).write_bytes(data)
        hashes = {name: sha256_of(data) for name, data in contents.items()}
        (beside / "manifest.json").write_bytes(json_bytes(hashes))
    for old in _serials(folder)[:-2]:
        shutil.rmtree(old)
    return target


def load_newest(folder: Path) -> Checkpoint | None:
    """Read the newest checkpoint whose files match its manifest; None where there is none.

    Raises
    ------
    TrainingError
        If a checkpoint is whole and yet does not hold what it should.
    """
    whole = [path for path in _serials(folder) if _is_whole(path)]
    return _read(whole[-1]) if whole else None


def restore_optimiser(
    optimiser: torch.optim.Optimizer, state: Mapping[int, Mapping[str, Any]], where: str
) -> None:
    """Put a saved state back.

    Raises
    ------
    TrainingError
        If it was saved from another optimiser.
    """
    groups = optimiser.state_dict()["param_groups"]
    known = {index for group in groups for index in group["params"]}
    if strange := set(state) - known:
        found = sorted(strange)[0]
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


def _is_whole(path: Path) -> bool:
    manifest = path / "manifest.json"
    if not manifest.is_file() or any(not (path / name).is_file() for name in FILES):
        return False
    try:
        hashes = json.loads(manifest.read_bytes())
    except ValueError:
        return False  # cut short: the checkpoint before it is taken
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
        from_plain(Progress, progress, str(path / "progress.json"), error=TrainingError),
        load((path / "model.safetensors").read_bytes()),
        state,
    )
