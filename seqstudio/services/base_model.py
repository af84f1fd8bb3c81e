"""The model that a training starts from: `seqstudio train TASK DATA --run R --from MODEL`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor

from seqstudio.contracts.plain import from_plain
from seqstudio.contracts.task import Preparation, Preset, Task, TrainConfig
from seqstudio.core.model import build
from seqstudio.core.parts import Parts, default_parts
from seqstudio.errors import ConfigError, ModelError, TrainingError
from seqstudio.services.adapter_bundles import fitting_weights
from seqstudio.services.bundle_files import TASK_BUFFERS, BaseModel, BundleInfo, read_bundle
from seqstudio.services.bundles import model_config
from seqstudio.services.int8_weights import from_int8
from seqstudio.services.settings import find_preset


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPoint:
    """A model whose weights a training starts from."""

    info: BundleInfo
    name: str
    weights: Mapping[str, Tensor]

    @property
    def identity(self) -> BaseModel:
        """What names it in runs, cards and adapters."""
        return BaseModel(name=self.name, sha256=self.info.sha256)

    def preset(self, task: Task, name: str) -> tuple[str, Preset]:
        """Return a preset's name and the preset, with the base's options so that its weights fit.

        Parameters
        ----------
        name : of the preset; "" for the one that the base was trained with

        Raises
        ------
        ConfigError
            If there is none with this name.
        ModelError
            If the options on the base's card are not those of the task.
        """
        own = self.info.card.preset
        name = name or (own if own in task.presets else next(iter(task.presets)))
        preset = find_preset(task.presets, name)
        if not self.info.card.options:
            return name, preset
        kind: Any = type(preset.options)
        where = f"{self.info.path}: card.options"
        options = from_plain(kind, self.info.card.options, where, error=ModelError)
        return name, dataclasses.replace(preset, options=options)

    def fit(
        self, preparation: Preparation, parts: Parts | None
    ) -> tuple[dict[str, Tensor], tuple[str, ...]]:
        """Return the weights that fit a model, and its modules that have none.

        Raises
        ------
        TrainingError
            If no weights fit.
        """
        with torch.device("meta"):  # only names and shapes are needed
            state = build(model_config(preparation), parts or default_parts()).state_dict()
        weights = fitting_weights(self.weights, state)
        if not weights:
            raise TrainingError(
                f"--from {self.name}: 0 of {len(state)} tensors fit, expected some; "
                "its settings of size may differ from those of this training"
            )
        lacking = [n for n in state if n not in weights and not n.startswith(TASK_BUFFERS)]
        return weights, tuple(dict.fromkeys(name.rpartition(".")[0] for name in lacking))


def open_base(path: Path, task: Task, name: str = "") -> StartingPoint:
    """Read the model to start from, and check all its files.

    Parameters
    ----------
    path : its bundle
    name : by which the user named it; "" for the name of the bundle

    Raises
    ------
    ModelError
        If a file is damaged or unsafe, or it is an adapter or a model of another task.
    """
    info, data = read_bundle(path)
    if info.task != task.name:
        raise ModelError(f"{path}: a model of task {info.task}, expected one of {task.name}")
    if info.config.base is not None:
        raise ModelError(
            f"{path}: an adapter of {info.config.base.name}, expected a whole model to start from"
        )
    weights = from_int8(load(data), info.path)
    return StartingPoint(info=info, name=name or info.name, weights=weights)


def check_adapter(config: TrainConfig, base: StartingPoint | None) -> None:
    """Raise ConfigError if an adapter has nothing to be added to."""
    if config.adapter != "none" and base is None:
        raise ConfigError(f"adapter={config.adapter} without --from, expected a model to adapt")
