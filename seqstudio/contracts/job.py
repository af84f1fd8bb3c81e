"""The contract between an operation and the job that runs it. Plugins implement `Operation`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis, Scorer
from seqstudio.contracts.kept import Cache, Pieces
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.recogniser import LoadedRecogniser
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

    def file(self, name: str) -> Path:
        """Return the file of an input that has one.

        >>> Request(inputs={"words": (Path("poem.txt"),)}).file("words").name
        'poem.txt'
        """
        (path,) = self.inputs[name]
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One finished result: one take of a generative operation, or the whole item otherwise.

    `outputs` maps the manifest's output names to values of their kind: a `Transcript`, a
    `seqstudio.media.midi.Score`, text, or the Path of a file in the job's folder.

    The host reads three values of `details`: `duration_s`, the seconds of audio, from which it
    estimates how long others take, unless `reused` says that earlier work was taken; and
    `unlike_training`, at which a long batch stops early.
    """

    outputs: Mapping[str, object]
    take: int = 0  # the take's number; 0 if the operation is not generative
    partial: bool = False  # what was done so far; the next result of the item replaces it
    summary: str = ""  # one line for the user
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values, stored with the item
    presentation: Presentation = field(default_factory=Presentation)  # of a transcript, in files


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingConfig:
    """How to sample a token from a distribution. Filters apply in the order of the fields.

    Temperature 0 chooses the most likely token. Top-p: Holtzman et al. 2020, "The curious case of
    neural text degeneration"; min-p: Nguyen et al. 2024, "Turning up the heat".

    With `int8` the decoder steps with its weights rounded to eight bits, one scale for each row of
    a matrix: faster on a CPU, and only there; nearly the same probabilities.
    """

    temperature: float = 1.0
    top_k: int = 0  # 0 keeps all tokens
    top_p: float = 1.0
    min_p: float = 0.0
    int8: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ConfigError(f"temperature={self.temperature}, expected a number, 0 or more")
        if self.top_k < 0:
            raise ConfigError(f"top_k={self.top_k}, expected 0 or more")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p={self.top_p}, expected 0 < top_p <= 1")
        if not 0 <= self.min_p < 1:
            raise ConfigError(f"min_p={self.min_p}, expected 0 <= min_p < 1")


class Guide(Protocol):
    """Constrains sampling and beam search: which tokens may come next, and where a row ends.

    `row` is the index of the prompt in the call to `sample` or `beam_search`, from 0. `tokens`
    holds the prompt and the tokens so far; the guide must not change it. A beam search asks about
    several continuations of the same prompt, so the answers must depend on the arguments only.
    """

    def allowed(self, row: int, tokens: Sequence[int]) -> "torch.Tensor | None":
        """Return a (V,) bool mask of the tokens that may come next, or None to allow all."""

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the take or hypothesis ends after these tokens."""


@dataclass(frozen=True, slots=True)
class EndGuide:
    """Ends a row after the token `end`, or after `limit` tokens, its prompt counted.

    >>> guide = EndGuide(end=0, limit=5)
    >>> guide.finished(0, [7, 0]), guide.finished(0, [7, 7]), guide.finished(0, [7] * 5)
    (True, False, True)
    """

    end: int
    limit: int = 500

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        """Allow every token."""

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the last token is the end, or there are enough."""
        return len(tokens) >= self.limit or (len(tokens) > 0 and tokens[-1] == self.end)


@runtime_checkable
class GroupedGuide(Guide, Protocol):
    """A guide with a group of tokens whose odds neither temperature nor filters change.

    Filters that cut unlikely tokens favour a token that is likely by itself over many that are
    likely together: in music, what stays over what moves.
    """

    def group(self, row: int, tokens: Sequence[int]) -> "torch.Tensor | None":
        """Return a (V,) bool mask, or None for no group.

        Whether the next token is of this group is drawn from the model's own probabilities;
        temperature and filters then apply to the tokens within the group, or to those without.
        """


class Sampler(Protocol):
    """Samples from a model and searches with it: a job, or a loaded model in a preview."""

    def encode(self, inputs: "torch.Tensor", lengths: "torch.Tensor") -> Any:
        """Encode a padded batch of sources as a `seqstudio.api.nn.Encoded`, on the model's device.

        Parameters
        ----------
        inputs : (B, T, F) float features or (B, T) int64 tokens, as the model's source takes them
        lengths : (B,) int64, 1 to T

        Raises
        ------
        ConfigError
            If the model has no encoder, or a length is out of range.
        """

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        encoded: Any = None,
        items: Sequence[int] | None = None,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Sample tokens for all takes in one batch, yielding (row, token) as they are sampled.

        The tokens of a take depend only on its own seed, prompt and inputs, not on the other takes.

        Parameters
        ----------
        prompts : one for each take, of any lengths; the tokens of a prompt are not yielded
        takes : one for each row
        guide : which tokens may come next, and when a take is finished
        config : temperature and filters
        encoded : what `encode` returned, for a model with an encoder; a latent bridge starts from
            its `latent`, if that is set
        items : the index in `encoded` of each take's source, so that several takes share one;
            None: take i has source i
        covariates : (T, C) int64 for all takes, or (B, T, C), known values for each step

        Raises
        ------
        ModelError
            If a prompt does not fit the model, no token is allowed, or the model's logits are not
            numbers.
        ConfigError
            If the model needs other inputs, or an item is out of range.
        """

    def sample_series(
        self,
        history: "torch.Tensor",
        takes: Sequence[TakeSeed],
        *,
        encoded: Any = None,
        items: Sequence[int] | None = None,
        covariates: "torch.Tensor | None" = None,
    ) -> "Iterator[torch.Tensor]":
        """Draw real-valued futures of all takes in one batch, yielding step after step without end.

        The values of a take depend only on its own seed, history and inputs.

        Parameters
        ----------
        history : (B, U, D) float, the values before the first step, 0 or more of each series
        takes : one for each row
        encoded : what `encode` returned, one item for each history
        items : the index of each take's history, so that many takes go on from one; None: take i
            goes on from history i
        covariates : (T, C) float for all histories, or (B, T, C), known values from the first step
            of the history on

        Yields
        ------
        (R, D) float32 on the CPU: the values of the next step of each take

        Raises
        ------
        ModelError
            If a value that is drawn is not finite.
        ConfigError
            If the model has no decoder of series or needs other inputs, or an item is out of range.
        """

    def beam_search(
        self,
        prompts: Sequence[Sequence[int]],
        guide: Guide,
        config: BeamConfig,
        *,
        encoded: Any = None,
        items: Sequence[int] | None = None,
        covariates: "torch.Tensor | None" = None,
        scorers: Sequence[tuple[Scorer, float]] = (),
    ) -> list[list[BeamHypothesis]]:
        """Search for the most likely continuations of all prompts in one batch.

        A hypothesis ends where the guide says that it is finished. What the guide does not allow
        is left out, and the probabilities of the rest stay those of the model. Of equal scores the
        one with the better prefix wins, then the lower token, so a search always has the same
        results.

        Parameters
        ----------
        prompts, guide, encoded, items, covariates : as in `sample`, one row for each prompt
        config : width, length normalisation, limits of length
        scorers : other models and their weights, 0 or more

        Returns
        -------
        for each prompt at most `config.best` hypotheses: finished ones first, best score first

        Raises
        ------
        ModelError, ConfigError
            As in `sample`.
        """


class LoadedModel(Sampler, Protocol):
    """A model bundle loaded into memory. It samples as a job does, for previews outside a job."""

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

    def percentile_of(self, value: float) -> float | None:
        """Return how many per cent of the held-out items have a lower value of the task's monitor.

        So it says how usual an input is to the model; 100 if no item has a higher value. None if
        the model's card does not have what that takes, as before the first evaluation.
        """


class Job(Sampler, Protocol):
    """What an operation can use while it runs: its model, sampling, streams and progress.

    `encode`, `sample` and `beam_search` use the model that `model` or `adapt` returned last, or the
    default. They do what `check` does between tokens.
    """

    folder: Path  # for temporary files and outputs; files left here are kept with the job
    device: str  # the torch device to compute on

    def model(self, prefer: str = "") -> LoadedModel:
        """Return the chosen model, loading it on the first call.

        If the user did not choose one, return the model of this plugin named `prefer`, or the
        operation's default if `prefer` is "".
        """

    def recogniser(self) -> LoadedRecogniser | None:
        """Return the recogniser from outside that the user chose, loading it on the first call.

        Returns None if the user chose a model, or nothing.
        """

    def model_at(self, path: Path) -> LoadedModel:
        """Load another model of this plugin, which an option names: a bundle or a run folder.

        Raises ModelError if there is none at this path, or it is of another plugin.
        """

    def adapt(
        self, model: LoadedModel, examples: Sequence[Any], config: AdaptConfig
    ) -> LoadedModel:
        """Return a copy of a model, adapted to examples of its task as `AdaptConfig` says.

        Raises TrainingError if a loss or a gradient is not finite.
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

    def pieces(self) -> Pieces:
        """Return the finished pieces of this item: same input, model and options."""

    def cache(self) -> Cache:
        """Return the cache of this plugin, which the user may limit or switch off."""

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
