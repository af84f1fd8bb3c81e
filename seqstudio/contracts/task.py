"""A task: how one kind of data becomes a trained model. Plugins write these."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from seqstudio.contracts.data import Batch, Draws, Example, Ledger, LossSum, Measured
from seqstudio.contracts.job import LoadedModel
from seqstudio.errors import ConfigError

if TYPE_CHECKING:
    import torch


class Dataclass(Protocol):
    """Any frozen dataclass made of what `from_plain` accepts."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How the training service runs; every field can be set by `--set name=value`."""

    seed: int = 0
    epochs: int = 40
    batch_size: int = 8  # examples an optimiser step sees, before `accumulate`
    accumulate: int = 1  # batches summed into one optimiser step
    bucket: int = 8  # batches sorted by length together: less padding, still shuffled
    optimiser: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine", "onecycle", "plateau"] = "cosine"
    warmup: float = 0.05  # share of all steps
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    average: int = 1  # best checkpoints averaged into the model that is kept
    patience: int = 0  # evaluations without a better figure before stopping; 0 never stops early
    evaluate_every: int = 1  # epochs
    preview_every: int = 0  # epochs, and once before the first step; 0 makes none
    save_every_s: float = 60.0  # seconds between checkpoints inside an epoch
    gradient_flow_every: int = 0  # steps; 0 measures none
    valid_share: float = 0.05  # held out by hash of the id where the data have no valid split
    valid_groups: int = 0  # instead: this many groups, where the data name more than twice as many

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate", "bucket", "average", "evaluate_every"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate={self.learning_rate}, expected more than 0")
        if not 0 <= self.warmup < 1:
            raise ConfigError(f"warmup={self.warmup}, expected 0 <= warmup < 1")
        if not 0 < self.valid_share < 1:
            raise ConfigError(f"valid_share={self.valid_share}, expected 0 < valid_share < 1")
        if self.valid_groups < 0:
            raise ConfigError(f"valid_groups={self.valid_groups}, expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named starting point: how to train, and the task's own options (a frozen dataclass)."""

    train: TrainConfig
    options: Dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a task learned from the training split before the first step.

    `settings` goes into the bundle as JSON and comes back as `Task.settings_type`: vocabulary,
    features, normaliser, decoding defaults. `model` is the core's model configuration. `buffers`
    are tensors kept with the weights under these names: means, variances, filter banks.
    """

    settings: Any  # a frozen dataclass: the task's settings_type
    model: Any  # seqstudio.api.nn.ModelConfig
    buffers: Mapping[str, "torch.Tensor"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What a half-trained model does with the same seeds: to read, or to hear."""

    text: str
    outputs: Mapping[str, object] = field(default_factory=dict)  # kind -> value to export


@runtime_checkable
class Task(Protocol):
    """One kind of trainable model. Stateless: all it learned travels in a `Preparation`.

    Examples and batches are of the task's own subclasses, hence Any where they are taken.
    """

    name: str  # as in the manifest, e.g. "speech.ctc"
    presets: Mapping[str, Preset]
    settings_type: type
    monitor: str  # the metric of `measure` that decides which checkpoint is best; lower is better

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Read a file or folder in the task's own formats: the importer of last resort.

        Cheap: nothing is decoded that `preflight` or `collate` can decode later. Every input
        is used or refused in `ledger`. Raises DataError where the source is not for this task.
        """

    def prepare(self, examples: Sequence[Any], options: Any) -> Preparation:
        """Learn vocabulary and statistics from the training split; configure the model."""

    def preflight(
        self, examples: Sequence[Any], preparation: Preparation, ledger: Ledger
    ) -> list[Any]:
        """Keep what can be trained on; refuse the rest, by name, with the reason."""

    def length(self, example: Any) -> int:
        """How long an example is, in any unit: for buckets of like length."""

    def collate(
        self, examples: Sequence[Any], preparation: Preparation, draws: Draws | None
    ) -> Batch:
        """Pad examples into a batch; with `draws`, perturb each by its own generator."""

    def loss(self, model: Any, batch: Any) -> LossSum:
        """Sum the loss over a batch, and count what it sums over. `model`: a SequenceModel."""

    def measure(self, model: LoadedModel, examples: Iterable[Any]) -> Iterator[Measured]:
        """Measure a model, decoding exactly as the task's operation does."""

    def preview(self, model: LoadedModel, examples: Sequence[Any], seed: int) -> Previewed:
        """Show what the model does now: the same seed and examples at every stage."""
