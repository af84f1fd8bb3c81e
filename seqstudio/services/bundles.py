"""Bundles in memory: a model from its files, and files from a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from seqstudio.contracts.job import Guide, SamplingConfig, TakeSeed
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Preparation, Task
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.model import TaskBuffers, SequenceModel, build
from seqstudio.core.parts import Parts, default_parts
from seqstudio.errors import ConfigError, ModelError, PluginError
from seqstudio.services.atomic_files import json_bytes
from seqstudio.services.bundle_files import (
    CARD,
    CONFIG,
    TASK_BUFFERS,
    GOLDEN,
    SCHEMA,
    WEIGHTS,
    BundleConfig,
    BundleInfo,
    GoldenItem,
    read_bundle,
    write_bundle,
)
from seqstudio.services.card import ModelCard
from seqstudio.services.sampling import sample

HALF_LIMIT = 65504.0  # the largest half-precision number


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBundle:
    """A bundle in memory; implements `seqstudio.contracts.job.LoadedModel`."""

    name: str
    task: str
    sha256: str
    device: str
    module: SequenceModel
    settings: Any
    preparation: Preparation

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        covariates: Tensor | None = None,
    ) -> Iterator[tuple[int, int]]:
        """Draw tokens for all takes side by side; see `seqstudio.contracts.job.Job.sample`."""
        return sample(self.module, prompts, takes, guide, config, covariates=covariates)


def build_module(
    preparation: Preparation, *, seed: int, device: str, parts: Parts | None = None
) -> SequenceModel:
    """Build an untrained model with the task's buffers; its weights are a function of `seed`."""
    table = parts or default_parts()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build(model_config(preparation), table)
    module.task_buffers = TaskBuffers(preparation.buffers)
    return module.to(device)


def model_config(preparation: Preparation) -> ModelConfig:
    """Give the core's configuration that a task prepared.

    Raises
    ------
    PluginError
        If the task gave something else.
    """
    if not isinstance(preparation.model, ModelConfig):
        found = type(preparation.model).__name__
        raise PluginError(f"prepare() gave a model of type {found}, expected ModelConfig")
    return preparation.model


def to_half_precision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round weights to half precision; the task's buffers and what would overflow stay as is."""
    return {name: _half(name, tensor) for name, tensor in state.items()}


def _half(name: str, tensor: Tensor) -> Tensor:
    kept = name.startswith(TASK_BUFFERS) or not tensor.is_floating_point() or tensor.numel() == 0
    if kept or tensor.abs().max().item() > HALF_LIMIT:
        return tensor
    return tensor.half()


def save_bundle(
    folder: Path,
    *,
    task_name: str,
    plugin: str,
    plugin_version: str,
    preparation: Preparation,
    module: SequenceModel,
    card: ModelCard,
    half: bool = False,
    golden: Sequence[GoldenItem] = (),
    requires: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write a bundle into an empty folder (`durable.new_folder` makes that safe).

    `half` rounds the weights to half precision. `requires` names, for parts that plugins offer,
    the plugin and its versions; those that the model uses are recorded.
    """
    model = config_to_plain(model_config(preparation))
    used = {slot["part"] for slot in model.values()}
    state = {name: tensor.cpu() for name, tensor in module.state_dict().items()}
    config = BundleConfig(
        schema=SCHEMA,
        task=task_name,
        plugin=plugin,
        plugin_version=plugin_version,
        requires={part: plugin for part, plugin in requires.items() if part in used},
        model=model,
        settings=to_plain(preparation.settings),
        buffers={name: tuple(tensor.shape) for name, tensor in preparation.buffers.items()},
    )
    tensors = to_half_precision(state) if half else state
    contents = {
        CONFIG: json_bytes(to_plain(config)),
        WEIGHTS: save({name: tensor.contiguous() for name, tensor in tensors.items()}),
        CARD: json_bytes(to_plain(card)),
    }
    if golden:
        contents[GOLDEN] = json_bytes(to_plain(list(golden)))
    write_bundle(folder, contents)


def load_bundle(
    path: Path | str, task: Task, *, device: str = "cpu", parts: Parts | None = None
) -> LoadedBundle:
    """Load a bundle: every file checked, the model built from its own configuration.

    Raises
    ------
    ModelError
        If a file is damaged or unsafe, the bundle is of another task, a part is not installed,
        or a tensor is missing, left over or of another shape.
    """
    facts, data = read_bundle(Path(path))
    if facts.task != task.name:
        raise ModelError(f"{path}: a model of task {facts.task}, expected one of {task.name}")
    table = parts or default_parts()
    _check_parts(facts, table)
    weights = load(data)
    buffers = {
        name: weights[TASK_BUFFERS + name] for name in facts.config.buffers if TASK_BUFFERS + name in weights
    }
    settings: Any = from_plain(
        task.settings_type, facts.config.settings, f"{path}: settings", error=ModelError
    )
    model = _checked_model(facts, weights, table)
    preparation = Preparation(settings=settings, model=model, buffers=buffers)
    module = build_module(preparation, seed=0, device=device, parts=table)
    module.load_state_dict(dict(weights))
    return LoadedBundle(
        name=facts.name,
        task=facts.task,
        sha256=facts.sha256,
        device=device,
        module=module.eval(),
        settings=settings,
        preparation=preparation,
    )


def _checked_model(facts: BundleInfo, weights: Mapping[str, Tensor], table: Parts) -> ModelConfig:
    try:
        model = config_from_plain(facts.config.model, table)
        with torch.device("meta"):  # takes no memory for a model that its weights do not fit
            module = build(model, table)
    except ConfigError as bad:
        raise ModelError(f"{facts.path}: {CONFIG}: {bad}") from bad
    check_weights(module, weights, facts)
    return model


def check_weights(module: SequenceModel, weights: Mapping[str, Tensor], facts: BundleInfo) -> None:
    """See that weights are those of a module and of the task's buffers, name by name.

    Raises
    ------
    ModelError
        If a tensor is missing, left over, or of another shape.
    """
    where = f"{facts.path}: {WEIGHTS}"
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    expected |= {TASK_BUFFERS + name: tuple(shape) for name, shape in facts.config.buffers.items()}
    for name, shape in expected.items():
        if name not in weights:
            raise ModelError(f"{where}: no tensor {name}, expected one of shape {shape}")
        if (found := tuple(weights[name].shape)) != shape:
            raise ModelError(f"{where}: {name} has shape {found}, expected {shape}")
    for name in weights:
        if name not in expected:
            raise ModelError(f"{where}: tensor {name} is not of this model, expected none such")


def _check_parts(facts: BundleInfo, table: Parts) -> None:
    for part, plugin in facts.config.requires.items():
        if part not in table:
            raise ModelError(
                f"{facts.path}: part {part!r} is not installed, expected plugin {plugin}"
            )
