"""The contract between an operation and the job that runs it. Plugins implement `Operation`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from seqstudio.errors import ConfigError

if TYPE_CHECKING:
    import torch


class Cancelled(BaseException):
    """The user cancelled the job. A BaseException, so that `except Exception` does not catch it."""


@dataclass(frozen=True, slots=True)
class TakeSeed:
    """The number and the seed of one take, which is one of several results of the same request."""

    number: int  # from 1
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One item of work for an operation.

    `inputs` maps the manifest's input names to files. There is one file per input, or several if
    the input has `many = true` and the operation does not run as a batch. `options` holds every
    option of the manifest, with defaults filled in. `takes` is empty unless the operation is
    generative.
    """

    inputs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[TakeSeed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One finished result: one take of a generative operation, or the whole item otherwise.

    `outputs` maps the manifest's output names to values of their kind: a `Transcript`, a
    `seqstudio.media.midi.Score`, text, or the Path of a file in the job's folder.
    """

    outputs: Mapping[str, object]
    take: int = 0  # the take's number; 0 if the operation is not generative
    summary: str = ""  # one line for the user
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values, stored with the item


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingConfig:
    """How to sample a token from a distribution. Filters apply in the order of the fields.

    Temperature 0 chooses the most likely token. Top-p: Holtzman et al. 2020, "The curious case of
    neural text degeneration"; min-p: Nguyen et al. 2024, "Turning up the heat".
    """

    temperature: float = 1.0
    top_k: int = 0  # 0 keeps all tokens
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not self.temperature >= 0:
            raise ConfigError(f"temperature={self.temperature}, expected 0 or more")
        if self.top_k < 0:
            raise ConfigError(f"top_k={self.top_k}, expected 0 or more")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p={self.top_p}, expected 0 < top_p <= 1")
        if not 0 <= self.min_p < 1:
            raise ConfigError(f"min_p={self.min_p}, expected 0 <= min_p < 1")


class LoadedModel(Protocol):
    """A model bundle loaded into memory."""

    @property
    def name(self) -> str:
        """The name of the bundle."""

    @property
    def task(self) -> str:
        """The task it was trained for."""

    @property
    def sha256(self) -> str:
        """Hash over the bundle's files; "" while the model is still being trained."""

    @property
    def device(self) -> str:
        """The torch device that holds the weights."""

    @property
    def module(self) -> Any:
        """The `seqstudio.api.nn.SequenceModel`, in eval mode."""

    @property
    def settings(self) -> Any:
        """An instance of the task's `settings_type`."""

    @property
    def preparation(self) -> Any:
        """The `seqstudio.contracts.task.Preparation` that the task made before training."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: "Guide",
        config: SamplingConfig,
        *,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Sample tokens as `Job.sample` does. For previews, which run outside a job."""


class Guide(Protocol):
    """Constrains sampling: which tokens may come next, and when a take is finished.

    `row` is the index of the take in the call to `sample`, from 0. `tokens` holds the take's prompt
    and the tokens sampled so far; the guide must not change it.
    """

    def allowed(self, row: int, tokens: Sequence[int]) -> "torch.Tensor | None":
        """Return a (V,) bool mask of the tokens that may come next, or None to allow all."""

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the take ends after these tokens."""


class Job(Protocol):
    """What an operation can use while it runs: its model, sampling, streams and progress."""

    folder: Path  # for temporary files and outputs; files left here are kept with the job
    device: str  # the torch device to compute on

    def model(self, prefer: str = "") -> LoadedModel:
        """Return the chosen model, loading it on the first call.

        If the user did not choose one, return the model of this plugin named `prefer`, or the
        operation's default if `prefer` is "".
        """

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Sample tokens for all takes in one batch, yielding (row, token) as they are sampled.

        `prompts` holds one prompt for each take. The tokens of a take depend only on its own seed
        and prompt, not on the other takes.
        """

    def input_blocks(self) -> Iterator[bytes]:
        """Yield the blocks fed to an operation that `runs = "stream"`, until the input ends.

        Waits until data arrives; raises `Cancelled` if the job is cancelled, waits while it is
        paused. A block of `stream.audio` holds whole float32 samples, little-endian, one channel,
        at the `rate_hz` of the manifest's input. A block of `stream.midi` holds raw MIDI messages
        as they were fed in one call; running status does not continue from block to block. A
        block has at most 8 KiB; data fed in larger pieces is split.

        Raises PluginError if the operation does not run on a stream.
        """

    def progress(self, fraction: float, message: str = "") -> None:
        """Report progress from 0 to 1, then do what `check` does. Progress never goes backwards."""

    def check(self) -> None:
        """Raise `Cancelled` if the user cancelled the job; wait while the job is paused."""

    def partial(self, text: str) -> None:
        """Show provisional output to the user. It is not stored."""

    def log(self, text: str) -> None:
        """Write a line to the job's log."""


@runtime_checkable
class Operation(Protocol):
    """Something users run on an input. The host calls `run` once per item.

    The model stays loaded between items.
    """

    name: str  # as in the manifest, e.g. "transcribe"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one result, or one for each of `request.takes`.

        The host stores a result as soon as it is yielded; it survives a later cancellation.
        """


JobState = Literal["queued", "running", "paused", "interrupted", "done", "failed", "cancelled"]
