"""What a running job gives an operation, and what the operation gives back. Plugins write these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from seqstudio.errors import ConfigError

if TYPE_CHECKING:
    import torch


class Cancelled(BaseException):
    """The person asked to stop. Not an error, so that no `except Exception` swallows it."""


@dataclass(frozen=True, slots=True)
class Take:
    """One of K results from one request: its number, from 1, and its own seed."""

    number: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One item of work, as the person asked for it.

    `inputs` maps the manifest's input names to files (several where `many` is true and the
    operation is not a batch: a batch hands over one file at a time). `options` holds every option
    of the manifest, with defaults filled in.
    """

    inputs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One durable result: for a generative operation one take, otherwise the whole item.

    `outputs` maps the manifest's output names to values of their kind: a `Transcript`, a
    `seqstudio.media.midi.Score`, text, or a Path inside the job's folder.
    """

    outputs: Mapping[str, object]
    take: int = 0  # the take's number; 0 where the operation is not generative
    summary: str = ""  # one line for people
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values, kept in the record


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingConfig:
    """How a token is drawn from its distribution. Filters apply in the order given here.

    Temperature 0 takes the likeliest token. Top-p: Holtzman et al. 2020, "The curious case of
    neural text degeneration"; min-p: Nguyen et al. 2024, "Turning up the heat".
    """

    temperature: float = 1.0
    top_k: int = 0  # 0 keeps all
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
    """A bundle in memory: weights in place, settings checked."""

    @property
    def name(self) -> str:
        """Its bundle's name."""

    @property
    def task(self) -> str:
        """The task it was trained for."""

    @property
    def sha256(self) -> str:
        """Hash over the bundle's files; "" while it is still in training."""

    @property
    def device(self) -> str:
        """Where its weights are."""

    @property
    def module(self) -> Any:
        """The `seqstudio.api.nn.SequenceModel`, in eval mode."""

    @property
    def settings(self) -> Any:
        """The task's `settings_type`."""

    @property
    def preparation(self) -> Any:
        """The `seqstudio.contracts.task.Preparation`, as the task made it."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[Take],
        guide: "Guide",
        config: SamplingConfig,
        *,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Draw tokens as `Job.sample` does: for previews, where there is no job."""


class Guide(Protocol):
    """Says, while sampling, which tokens may come next, when a take is over, and what is given."""

    def allowed(self, take: int, tokens: Sequence[int]) -> "torch.Tensor | None":
        """Give (V,) bool of the tokens that may follow, or None for all. `take`: row, from 0."""

    def finished(self, take: int, tokens: Sequence[int]) -> bool:
        """Say whether the take is over after these tokens (prompt included)."""


class Job(Protocol):
    """What an operation may use while it runs: no service is imported by a plugin."""

    folder: Path  # scratch; files left here belong to the job
    device: str

    def model(self, prefer: str = "") -> LoadedModel:
        """Load the chosen model, once; later calls are free.

        Where the person chose none, `prefer` names the model of this plugin that suits the input;
        "" takes the operation's default.
        """

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[Take],
        guide: Guide,
        config: SamplingConfig,
        *,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Draw tokens for all takes side by side, yielding (row, token) as they come.

        `prompts` holds one prompt for each take. A take's tokens depend on its own seed and
        prompt alone, never on its neighbours.
        """

    def incoming(self) -> Iterator[bytes]:
        """Give what is fed to an operation that `runs = "stream"`, block by block, until it ends.

        Waits for each block; stops here if cancelled, waits if paused. Of `stream.audio` the bytes
        are float32 samples, little-endian, one channel, at the `rate_hz` of the manifest's input,
        and no sample is cut. Of `stream.midi` they are raw MIDI messages, one call's worth of those
        who feed, without running status across calls. A block holds at most 8 KiB: what is fed in
        larger pieces comes as several.

        Raises PluginError where the operation runs on files.
        """

    def progress(self, fraction: float, note: str = "") -> None:
        """Report progress, 0 to 1, never falling; stops here if cancelled, waits if paused."""

    def check(self) -> None:
        """Raise `Cancelled` if the person asked to stop; wait while the job is paused."""

    def partial(self, text: str) -> None:
        """Show provisional output, which is never stored."""

    def log(self, text: str) -> None:
        """Write a line to the job's log."""


@runtime_checkable
class Operation(Protocol):
    """What people run. One call does one item; the model stays loaded between items."""

    name: str  # as in the manifest, e.g. "transcribe"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield results, each durable when yielded: one, or one for each of `request.takes`."""


State = Literal["queued", "running", "paused", "interrupted", "done", "failed", "cancelled"]
