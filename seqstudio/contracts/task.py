"""The contract of a task: how a model of one kind is trained and measured. Plugins implement it."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from seqstudio.contracts.data import Batch, Draws, Example, Ledger, LossSum, Measurement, pool
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.options import check_ranges, setting
from seqstudio.errors import ModelError

if TYPE_CHECKING:
    import torch

Settings = TypeVar("Settings")


class Dataclass(Protocol):
    """Any frozen dataclass whose field types `from_plain` accepts."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """The settings of every training. Each field can be set by `--set name=value`."""

    seed: int = setting(0, "The same seed gives the same run.", min=0)
    epochs: int = setting(40, "Passes through the training data.", min=1)
    batch_size: int = setting(8, "Examples in a batch.", min=1)
    accumulate: int = setting(1, "Batches accumulated into one optimiser step.", min=1)
    bucket: int = setting(8, "Batches that are sorted by length together, for less padding.", min=1)
    optimiser: Literal["adamw", "sgd"] = setting("adamw", "The optimiser.")
    learning_rate: float = setting(1e-3, "The highest learning rate.", min=1e-9)
    schedule: Literal["constant", "cosine", "noam", "onecycle", "plateau"] = setting(
        "cosine", "How the learning rate changes after the warm-up."
    )
    warmup: float = setting(
        0.05, "Share of all steps in which the learning rate rises.", min=0, max=0.99
    )
    weight_decay: float = setting(0.01, "Weight decay.", min=0)
    clip_norm: float = setting(
        5.0, "Gradients with a larger norm are clipped to it; 0: no clipping.", min=0
    )
    weight_noise: float = setting(
        0.0, "Standard deviation of Gaussian noise on the weights in training; 0: none.", min=0
    )
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto", "Numbers that the steps compute in; auto: bf16 on a GPU that has it, else fp32."
    )
    average: int = setting(
        1, "Best checkpoints kept; averages of 2 to all of them are tried as final model.", min=1
    )
    average_last: int = setting(
        0, "Last epochs whose average is tried as the final model; 0: none.", min=0
    )
    average_base: int = setting(
        0,
        "With --from: so many averages of the weights before and after the training, with even "
        "shares, are tried as the final model; 0: none.",
        min=0,
    )
    swa: float = setting(
        0.0,
        "Share of the epochs, at the end and at a constant learning rate, whose weights are "
        "averaged and tried as the final model; 0: none.",
        min=0,
        max=0.99,
    )
    ema: float = setting(
        0.0,
        "Decay of the moving average of the weights that is evaluated and kept; 0: none.",
        min=0,
        max=0.99999,
    )
    adapter: Literal["none", "lowrank", "bias"] = setting(
        "none", "Train few weights beside those of --from: low-rank matrices, or biases only."
    )
    adapter_rank: int = setting(4, "Rank of the matrices of adapter=lowrank.", min=1)
    patience: int = setting(
        0, "Evaluations without improvement before training stops early; 0: never.", min=0
    )
    evaluate_every: int = setting(1, "Epochs between evaluations.", min=1)
    preview_every: int = setting(
        0, "Epochs between previews, with one before the first step; 0: no previews.", min=0
    )
    keep_every: int = setting(
        0,
        "Epochs between weights that stay in the run, each to be saved as a model later; 0: the "
        "best and the newest ones stay.",
        min=0,
    )
    save_every_s: float = setting(60.0, "Seconds between checkpoints within an epoch.", min=0)
    gradient_flow_every: int = setting(
        0, "Steps between measurements of the gradient flow; 0: none.", min=0
    )
    valid_share: float = setting(
        0.05,
        "Share of the items held out for validation if the data have no valid split.",
        min=0.001,
        max=0.9,
    )
    valid_groups: int = setting(
        0, "Groups held out instead, if the data have more than twice as many.", min=0
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named set of defaults: the training settings, and the task's own options."""

    train: TrainConfig
    options: Dataclass  # frozen


@dataclass(frozen=True, slots=True)
class SuitedPreset:
    """The preset that suits a data set, and why."""

    name: str
    reason: str  # for the user: "10 of 12 pieces have four voices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a task derives from the training split before the first step.

    `settings` is stored in the bundle as JSON and read back as `Task.settings_type`: vocabulary,
    features, normalisation, decoding defaults. `model` is the core's model configuration.
    `buffers` are named tensors stored with the weights: means, variances, filter banks.
    """

    settings: Any  # a frozen dataclass: the task's settings_type
    model: Any  # seqstudio.api.nn.ModelConfig
    buffers: Mapping[str, "torch.Tensor"] = field(default_factory=dict)


def settings_as(settings: object, kind: type[Settings], task: str) -> Settings:
    """Return the settings of a bundle, checked to be those of a task.

    Raises
    ------
    ModelError
        If they are the settings of another task.
    """
    if not isinstance(settings, kind):
        raise ModelError(f"settings of {type(settings).__name__}, expected a model of {task}")
    return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewResult:
    """A sample of what a model in training produces, for the user to read or listen to."""

    text: str
    outputs: Mapping[str, object] = field(default_factory=dict)  # kind -> value for an exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way to use a model that `tune` has measured on the valid examples."""

    fraction: float  # of the whole tuning that is done
    text: str  # what was tried and how good it is, for the user
    preparation: Preparation | None = None  # of the best way, on the last trial


@runtime_checkable
class Tunable(Protocol):
    """A task whose models can be used in several ways, of which the best is chosen on data."""

    def tune(
        self,
        model: LoadedModel,
        train: Sequence[Any],
        valid: Sequence[Any],
        text: Path | None,
        load: Callable[[Path], LoadedModel],
    ) -> Iterator[Trial]:
        """Choose how a model decodes, without a change of its weights.

        The preparation of the last trial has other settings and buffers than the model's.

        Parameters
        ----------
        model : whose weights stay as they are
        train : examples that the model has learnt from, for a language model
        valid : examples to choose by
        text : a text or a language model to use instead of the train examples
        load : loads another model of this plugin, if `text` is one
        """


@runtime_checkable
class Task(Protocol):
    """One kind of trainable model. It has no state: what it derives is in a `Preparation`.

    A subclass gets `preflight`, `length` and `preview` as they are here, which suits most tasks.

    Of two checkpoints with the same `monitor`, the one with the lower loss on the valid examples is
    kept, then the earlier one. A task may have an attribute `tie_break: str`, the name of another
    metric of `measure`, lower is better, which decides before the loss does. Data without a valid
    split hold out examples chosen by hash; with an attribute `hold_out = "last"`, the last ones of
    each group, as parts of a series overlap.

    Examples and batches are instances of the task's own subclasses, so parameters have type Any.
    """

    name: str  # as in the manifest, e.g. "speech.ctc"
    presets: Mapping[str, Preset]
    settings_type: type
    monitor: str  # the metric of `measure` that selects the best checkpoint; lower is better

    @abstractmethod
    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Read a file or folder in the task's own formats, if no importer recognises it.

        Decode as little as possible: `preflight` and `collate` can do it later. List every input
        in `ledger`, used or refused. Raise DataError if the source is not for this task.
        """

    @abstractmethod
    def prepare(self, examples: Sequence[Any], options: Any) -> Preparation:
        """Compute vocabulary and statistics from the training split; configure the model."""

    def preflight(
        self, examples: Sequence[Any], preparation: Preparation, ledger: Ledger
    ) -> list[Any]:
        """Return the examples that can be trained on; refuse the others in `ledger`.

        By default all can.
        """
        return list(examples)

    def length(self, example: Any) -> int:
        """Return the length of an example, in any unit, for grouping similar lengths in a batch.

        By default it is the number of tokens.
        """
        return len(example.tokens)

    @abstractmethod
    def collate(
        self, examples: Sequence[Any], preparation: Preparation, draws: Draws | None
    ) -> Batch:
        """Pad examples into a batch. With `draws`, augment each with its own generator.

        Several processes that train together collate a share of each batch; dropout in such a
        training needs one row an example, in the order of the examples.
        """

    @abstractmethod
    def loss(self, model: Any, batch: Any) -> LossSum:
        """Return the summed loss of a batch and its number of terms. `model`: a SequenceModel."""

    @abstractmethod
    def measure(self, model: LoadedModel, examples: Iterable[Any]) -> Iterator[Measurement]:
        """Yield one measurement per example, decoding exactly as the task's operation does."""

    def preview(self, model: LoadedModel, examples: Sequence[Any], seed: int) -> PreviewResult:
        """Return a sample of the model's output. `seed` and `examples` are the same every time.

        By default it is what `measure` finds of the first example: its details, or its metrics.
        """
        for one in self.measure(model, examples[:1]):
            facts: Mapping[str, object] = one.detail or pool([one])
            return PreviewResult(text="\n".join(f"{key}: {value}" for key, value in facts.items()))
        return PreviewResult(text="")


@runtime_checkable
class ChoosesPreset(Protocol):
    """A task that says which of its presets suits the data, where the user names none."""

    def suited_preset(self, examples: Sequence[Any]) -> SuitedPreset:
        """Return the preset that suits most of the training examples.

        Raises
        ------
        DataError
            If none suits any. The text has the first reason, and the task and preset that suit.
        """


@runtime_checkable
class SettlesSettings(Protocol):
    """A task whose models know how good they are: what is usual for them, and what is not."""

    def settled(self, settings: Any, metrics: Mapping[str, float]) -> Any:
        """Return the settings to store with weights that have these metrics on the valid split."""


def tie_break_of(task: Task) -> str:
    """Return the metric that decides between equal values of a task's monitor; "" if none does."""
    return str(getattr(task, "tie_break", ""))


def holds_out_last(task: Task) -> bool:
    """Return whether a task holds out the last examples of each group, as a task on series does."""
    return getattr(task, "hold_out", "") == "last"
