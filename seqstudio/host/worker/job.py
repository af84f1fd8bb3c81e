"""The job object that an operation gets: the worker's implementation of `contracts.job.Job`."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqstudio import __version__
from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.beam_search import BeamConfig, BeamHypothesis, Scorer
from seqstudio.contracts.job import Guide, LoadedModel, SamplingConfig, TakeSeed
from seqstudio.contracts.messages import Partial, Progress
from seqstudio.contracts.recogniser import LoadedRecogniser
from seqstudio.errors import PluginError
from seqstudio.host.worker.cache import FileCache
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.models import JobModels
from seqstudio.host.worker.pieces import PieceFile

if TYPE_CHECKING:
    import torch

PROGRESS_INTERVAL_S = 0.05  # between two progress messages: faster than anyone can see


class WorkerJob:
    """The job of one batch of items. Implements `seqstudio.contracts.job.Job`."""

    def __init__(
        self,
        host: HostChannel,
        models: JobModels,
        *,
        folder: Path,
        item: int,
        needs_model: bool,
        streams: bool = False,
        pieces: str = "",
        cache: FileCache | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.device = models.device() if needs_model and not models.is_recogniser else "cpu"
        self._host = host
        self._models = models
        self._item = item
        self._streams = streams
        self._pieces = pieces
        self._cache = cache or FileCache(None, 0)
        self._fraction = 0.0
        self._last_progress_s = 0.0
        self._began_s = time.monotonic()  # moved on by the time that models take to load
        self._loaded: LoadedModel | None = None
        self._recogniser: LoadedRecogniser | None = None
        self._input_hash = hashlib.sha256()  # of the stream
        self._input_bytes = 0

    def model(self, prefer: str = "") -> LoadedModel:
        """Load the chosen model, or else the preferred one, once."""
        self.check()
        asked_s = time.monotonic()
        self._loaded = self._models.load(prefer)
        self._began_s += time.monotonic() - asked_s
        return self._loaded

    def recogniser(self) -> LoadedRecogniser | None:
        """Load the recogniser from outside that the user chose, once; None if there is none."""
        self.check()
        asked_s = time.monotonic()
        self._recogniser = self._models.recogniser()
        self._began_s += time.monotonic() - asked_s
        return self._recogniser

    def model_at(self, path: Path) -> LoadedModel:
        """Load another model of this plugin."""
        self.check()
        return self._models.load_path(path)

    def adapt(
        self, model: LoadedModel, examples: Sequence[Any], config: AdaptConfig
    ) -> LoadedModel:
        """Return a model adapted to examples, and sample from it from then on."""
        self._loaded = self._models.adapt(model, examples, config, self.check)
        return self._loaded

    def encode(self, inputs: "torch.Tensor", lengths: "torch.Tensor") -> Any:
        """Encode a padded batch of sources on the model's device."""
        self.check()
        return self._sampled_model().encode(inputs, lengths)

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
        """Sample tokens for all takes in one batch; yield (row, token) as they are sampled."""
        sampled = self._sampled_model().sample(
            prompts, takes, guide, config, encoded=encoded, items=items, covariates=covariates
        )
        for row, token in sampled:
            self.check()
            yield row, token

    def sample_series(
        self,
        history: "torch.Tensor",
        takes: Sequence[TakeSeed],
        *,
        encoded: Any = None,
        items: Sequence[int] | None = None,
        covariates: "torch.Tensor | None" = None,
    ) -> "Iterator[torch.Tensor]":
        """Draw real-valued futures of all takes in one batch, step after step without end."""
        drawn = self._sampled_model().sample_series(
            history, takes, encoded=encoded, items=items, covariates=covariates
        )
        for values in drawn:
            self.check()
            yield values

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
        """Search for the most likely tokens of all prompts in one batch."""
        from seqstudio.services.beam_search import beam_search  # needs torch

        return beam_search(
            self._sampled_model().module,
            prompts,
            guide,
            config,
            encoded=encoded,
            items=items,
            covariates=covariates,
            scorers=scorers,
            check=self.check,
        )

    def _sampled_model(self) -> LoadedModel:
        return self._loaded or self.model()

    def input_blocks(self) -> Iterator[bytes]:
        """Yield the blocks of the input stream until its end; raise `Cancelled` if cancelled."""
        if not self._streams:
            raise PluginError('Job.input_blocks of an operation on files, expected runs = "stream"')
        for block in self._host.blocks():
            self._input_hash.update(block)
            self._input_bytes += len(block)
            yield block

    def pieces(self) -> PieceFile:
        """Return the finished pieces of this item."""
        return PieceFile(Path(self._pieces) if self._pieces else None)

    def cache(self) -> FileCache:
        """Return the cache of the plugin."""
        return self._cache

    def progress(self, fraction: float, message: str = "") -> None:
        """Report progress; raise `Cancelled` if cancelled, wait if paused."""
        self.check()
        self._fraction = min(1.0, max(self._fraction, fraction))
        now = time.monotonic()
        if now - self._last_progress_s >= PROGRESS_INTERVAL_S or self._fraction >= 1:
            self._last_progress_s = now
            self._host.send(Progress(fraction=self._fraction, message=message, item=self._item))

    def check(self) -> None:
        """Raise `Cancelled` if the user cancelled the job; wait while it is paused."""
        self._host.check()

    def partial(self, text: str) -> None:
        """Show provisional output."""
        self._host.send(Partial(text=text, item=self._item))

    def log(self, text: str) -> None:
        """Write a line to the job's log, to which the worker's standard error is redirected."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def provenance(self) -> Mapping[str, Any]:
        """Return the part of an item's provenance that only the worker knows."""
        found: dict[str, Any] = {
            "seqstudio": __version__,
            "python": platform.python_version(),
            "device": self.device,
            "threads": int(os.environ.get("OMP_NUM_THREADS", "0")),
            "work_s": round(time.monotonic() - self._began_s, 3),
        }
        if self._streams:
            found["stream"] = {"bytes": self._input_bytes, "sha256": self._input_hash.hexdigest()}
        if torch_module := sys.modules.get("torch"):
            found["torch"] = str(torch_module.__version__)
        if self._loaded is not None:
            weights = next(iter(self._loaded.module.parameters()))
            found |= {
                "model": {"name": self._loaded.name, "sha256": self._loaded.sha256},
                "dtype": str(weights.dtype),
            }
        if self._recogniser is not None:
            found["model"] = {"name": self._recogniser.name, "sha256": self._recogniser.sha256}
        return found
