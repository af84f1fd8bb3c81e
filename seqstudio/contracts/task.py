"""A task: how one kind of data becomes a trained model. Plugins write these."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from seqstudio.contracts.data import Batch, Draws, Example, Ledger, LossSum, Measured
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.options import check_ranges, setting

if TYPE_CHECKING:
    import torch


class Dataclass(Protocol):
    """Any frozen dataclass made of what `from_plain` accepts."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How the training service runs; every field can be set by `--set name=value`."""

    seed: int = setting(0, "The same seed gives the same run.", min=0)
    epochs: int = setting(40, "Passes through the data.", min=1)
    batch_size: int = setting(8, "Examples in a batch.", min=1)
    accumulate: int = setting(1, "Batches summed into one step of the optimiser.", min=1)
    bucket: int = setting(
        8, "Batches sorted by length together: less padding, still shuffled.", min=1
    )
    optimiser: Literal["adamw", "sgd"] = setting("adamw", "How the weights are moved.")
    learning_rate: float = setting(1e-3, "How far a step goes, at most.", min=1e-9)
    schedule: Literal["constant", "cosine", "onecycle", "plateau"] = setting(
        "cosine", "How the learning rate goes on after it has warmed up."
    )
    warmup: float = setting(0.05, "Share of all steps until the full rate.", min=0, max=0.99)
    weight_decay: float = setting(0.01, "How strongly weights are drawn to 0.", min=0)
    clip_norm: float = setting(5.0, "The longest gradient that is followed; 0: any.", min=0)
    average: int = setting(1, "Best checkpoints averaged into the model that is kept.", min=1)
    patience: int = setting(
        0, "Evaluations without a better figure before it stops early; 0: never.", min=0
    )
    evaluate_every: int = setting(1, "Epochs between evaluations.", min=1)
    preview_every: int = setting(
        0, "Epochs between previews, and one before the first step; 0: none.", min=0
    )
    save_every_s: float = setting(60.0, "Seconds between checkpoints inside an epoch.", min=0)
    gradient_flow_every: int = setting(
        0, "Steps between looks at how far back the gradient reaches; 0: none.", min=0
    )
    valid_share: float = setting(
        0.05,
        "Held out where the data have no valid split, by the items' names.",
        min=0.001,
        max=0.9,
    )
    valid_groups: int = setting(
        0, "Instead: groups held out, where the data have more than twice as many.", min=0
    )

    def __post_init__(self) -> None:
        check_ranges(self)


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
