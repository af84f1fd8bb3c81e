"""Loading a model from a bundle, and saving it as one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis, Scorer
from seqstudio.contracts.job import Guide, SamplingConfig, TakeSeed
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Preparation, Task
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.encoder import Encoded
from seqstudio.core.model import SequenceModel, TaskBuffers, build
from seqstudio.core.parts import Parts, default_parts
from seqstudio.errors import ConfigError, ModelError, PluginError
from seqstudio.services.adapter_bundles import add_to_base
from seqstudio.services.atomic_files import json_bytes
from seqstudio.services.beam_search import beam_search
from seqstudio.services.bundle_files import (
    CARD,
    CONFIG,
    GOLDEN,
    SCHEMA,
    TASK_BUFFERS,
    WEIGHTS,
    BaseModel,
    BundleConfig,
    BundleInfo,
    GoldenItem,
    read_bundle,
    write_bundle,
)
from seqstudio.services.int8_weights import from_int8
from seqstudio.services.model_card import ModelCard
from seqstudio.services.sampling import sample
from seqstudio.services.series_sampling import sample_series

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
    percentiles: tuple[float, ...] = ()  # 0, 5, ..., 100 of the monitor over held-out items

    def percentile_of(self, value: float) -> float | None:
        """Place a value among held-out items; see `seqstudio.contracts.job.LoadedModel`."""
        if not self.percentiles:
            return None
        return float(np.interp(value, self.percentiles, np.linspace(0, 100, len(self.percentiles))))

    @torch.no_grad()  # not inference mode: the caller may run a head on the output outside of it
    def encode(self, inputs: Tensor, lengths: Tensor) -> Encoded:
        """Encode a padded batch on the model's device; see `seqstudio.contracts.job.Sampler`."""
        return self.module.encode(inputs.to(self.device), lengths.to(self.device))

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        encoded: Encoded | None = None,
        items: Sequence[int] | None = None,
        covariates: Tensor | None = None,
    ) -> Iterator[tuple[int, int]]:
        """Sample tokens for all takes in one batch; see `seqstudio.contracts.job.Sampler`."""
        return sample(
            self.module,
            prompts,
            takes,
            guide,
            config,
            encoded=encoded,
            items=items,
            covariates=covariates,
        )

    def sample_series(
        self,
        history: Tensor,
        takes: Sequence[TakeSeed],
        *,
        encoded: Encoded | None = None,
        items: Sequence[int] | None = None,
        covariates: Tensor | None = None,
    ) -> Iterator[Tensor]:
        """Draw real-valued futures of all takes; see `seqstudio.contracts.job.Sampler`."""
        return sample_series(
            self.module, history, takes, encoded=encoded, items=items, covariates=covariates
        )

    def beam_search(
        self,
        prompts: Sequence[Sequence[int]],
        guide: Guide,
        config: BeamConfig,
        *,
        encoded: Encoded | None = None,
        items: Sequence[int] | None = None,
        covariates: Tensor | None = None,
        scorers: Sequence[tuple[Scorer, float]] = (),
    ) -> list[list[BeamHypothesis]]:
        """Search for the most likely tokens; see `seqstudio.contracts.job.Sampler`."""
        return beam_search(
            self.module,
            prompts,
            guide,
            config,
            encoded=encoded,
            items=items,
            covariates=covariates,
            scorers=scorers,
        )


def build_module(
    preparation: Preparation, *, seed: int, device: str, parts: Parts | None = None
) -> SequenceModel:
    """Build an untrained model with the task's buffers. Its weights depend only on `seed`."""
    table = parts or default_parts()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build(model_config(preparation), table)
    module.task_buffers = TaskBuffers(preparation.buffers)
    return module.to(device)


def model_config(preparation: Preparation) -> ModelConfig:
    """Return the model configuration from a task's preparation.

    Raises
    ------
    PluginError
        If it is of another type.
    """
    if not isinstance(preparation.model, ModelConfig):
        found = type(preparation.model).__name__
        raise PluginError(f"prepare() returned a model of type {found}, expected ModelConfig")
    return preparation.model


def to_half_precision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round weights to half precision, except task buffers and tensors that would overflow."""
    return {name: _half(name, tensor) for name, tensor in state.items()}


def _half(name: str, tensor: Tensor) -> Tensor:
    exempt = name.startswith(TASK_BUFFERS) or not tensor.is_floating_point() or tensor.numel() == 0
    if exempt or tensor.abs().max().item() > HALF_LIMIT:
        return tensor
    return tensor.half()


def save_bundle(
    folder: Path,
    *,
    task_name: str,
    plugin: str,
    plugin_version: str,
    preparation: Preparation,
    weights: Mapping[str, Tensor],
    card: ModelCard,
    half: bool = False,
    base: BaseModel | None = None,
    golden: Sequence[GoldenItem] = (),
    requires: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write a bundle into an empty folder, such as that of `atomic_files.atomic_folder`.

    `half` rounds the weights to half precision. `base` is given for an adapter: `weights` are then
    what `core.adapters.merge` adds to those of the base. `requires` maps the names of parts from
    plugins to the plugin and its version; the bundle lists those that the model uses.
    """
    model = model_config(preparation)
    used = {part.part for _, part in model.roles()}
    config = BundleConfig(
        schema=SCHEMA,
        task=task_name,
        plugin=plugin,
        plugin_version=plugin_version,
        requires={part: plugin for part, plugin in requires.items() if part in used},
        model=config_to_plain(model),
        settings=to_plain(preparation.settings),
        buffers={name: tuple(tensor.shape) for name, tensor in preparation.buffers.items()},
        base=base,
    )
    tensors = to_half_precision(weights) if half else weights
    contents = {
        CONFIG: json_bytes(to_plain(config)),
        WEIGHTS: save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}),
        CARD: json_bytes(to_plain(card)),
    }
    if golden:
        contents[GOLDEN] = json_bytes(to_plain(list(golden)))
    write_bundle(folder, contents)


def load_bundle(
    path: Path | str,
    task: Task,
    *,
    device: str = "cpu",
    parts: Parts | None = None,
    base: Path | None = None,
) -> LoadedBundle:
    """Check all files of a bundle, build the model from its configuration and load the weights.

    Parameters
    ----------
    base : for an adapter, the bundle of the model that it is added to

    Raises
    ------
    ModelError
        If a file is damaged or unsafe, the bundle is for another task, a part is not installed, a
        tensor is missing, unexpected or of another shape, or an adapter's base is missing or
        another model.
    """
    info, data = read_bundle(Path(path))
    if info.task != task.name:
        raise ModelError(f"{path}: a model of task {info.task}, expected one of {task.name}")
    table = parts or default_parts()
    _check_parts(info, table)
    weights = from_int8(load(data), info.path)
    if info.config.base is not None:
        weights = add_to_base(info, weights, base, table)
    buffers = {
        name: weights[TASK_BUFFERS + name]
        for name in info.config.buffers
        if TASK_BUFFERS + name in weights
    }
    settings: Any = from_plain(
        task.settings_type, info.config.settings, f"{path}: settings", error=ModelError
    )
    model = _checked_model(info, weights, table)
    preparation = Preparation(settings=settings, model=model, buffers=buffers)
    module = build_module(preparation, seed=0, device=device, parts=table)
    module.load_state_dict(dict(weights))
    return LoadedBundle(
        name=info.name,
        task=info.task,
        sha256=info.sha256,
        device=device,
        module=module.eval(),
        settings=settings,
        preparation=preparation,
        percentiles=next((m.percentiles for m in info.card.metrics if m.percentiles), ()),
    )


def _checked_model(info: BundleInfo, weights: Mapping[str, Tensor], table: Parts) -> ModelConfig:
    try:
        model = config_from_plain(info.config.model, table)
        with torch.device("meta"):  # allocates no memory before the weights are checked
            module = build(model, table)
    except ConfigError as error:
        raise ModelError(f"{info.path}: {CONFIG}: {error}") from error
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:  # from torch
        reason = str(error).partition("\n")[0]
        where = f"{info.path}: {CONFIG}"
        raise ModelError(f"{where}: {reason}, expected a model that can be built") from error
    check_weights(module, weights, info)
    return model


def check_weights(module: SequenceModel, weights: Mapping[str, Tensor], info: BundleInfo) -> None:
    """Check that the names and shapes of weights are those of a module and the task's buffers.

    Raises
    ------
    ModelError
        If a tensor is missing, unexpected, or of another shape.
    """
    where = f"{info.path}: {WEIGHTS}"
    expected = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    expected |= {TASK_BUFFERS + name: tuple(shape) for name, shape in info.config.buffers.items()}
    for name, shape in expected.items():
        if name not in weights:
            raise ModelError(f"{where}: no tensor {name}, expected one of shape {shape}")
        if (found := tuple(weights[name].shape)) != shape:
            raise ModelError(f"{where}: {name} has shape {found}, expected {shape}")
    for name in weights:
        if name not in expected:
            raise ModelError(f"{where}: tensor {name} is not of this model, expected none such")


def _check_parts(info: BundleInfo, table: Parts) -> None:
    for part, plugin in info.config.requires.items():
        if part not in table:
            raise ModelError(
                f"{info.path}: part {part!r} is not installed, expected plugin {plugin}"
            )
