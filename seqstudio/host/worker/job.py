"""What an operation holds while it runs: the worker's side of `contracts.job.Job`."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqstudio import __version__
from seqstudio.contracts.job import Guide, LoadedModel, SamplingConfig, Take
from seqstudio.contracts.messages import Partial, Progress
from seqstudio.errors import PluginError
from seqstudio.host.worker.channel import Line
from seqstudio.host.worker.models import Models

if TYPE_CHECKING:
    import torch

SPACING_S = 0.05  # between two progress messages: more than a person can see


class WorkerJob:
    """The job of items that share their inputs. Implements `seqstudio.contracts.job.Job`."""

    def __init__(
        self,
        host: Line,
        models: Models,
        *,
        folder: Path,
        item: int,
        needs_model: bool,
        streams: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.device = models.device() if needs_model else "cpu"
        self._host = host
        self._models = models
        self._item = item
        self._streams = streams
        self._fraction = 0.0
        self._told = 0.0
        self._loaded: LoadedModel | None = None
        self._heard = hashlib.sha256()  # what was fed, and how much of it
        self._heard_bytes = 0

    def model(self, prefer: str = "") -> LoadedModel:
        """Load the chosen model, or else the preferred one, once."""
        self.check()
        self._loaded = self._models.load(prefer)
        return self._loaded

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[Take],
        guide: Guide,
        config: SamplingConfig,
        *,
        covariates: "torch.Tensor | None" = None,
    ) -> Iterator[tuple[int, int]]:
        """Draw tokens for all takes side by side, yielding (row, token) as they come."""
        from seqstudio.services.sampling import sample  # needs torch

        module = (self._loaded or self.model()).module
        drawn = sample(module, prompts, takes, guide, config, covariates=covariates)
        for row, token in drawn:
            self.check()
            yield row, token

    def incoming(self) -> Iterator[bytes]:
        """Give what is fed, block by block, until its end; stops here if cancelled."""
        if not self._streams:
            raise PluginError('Job.incoming of an operation on files, expected runs = "stream"')
        for block in self._host.blocks():
            self._heard.update(block)
            self._heard_bytes += len(block)
            yield block

    def progress(self, fraction: float, note: str = "") -> None:
        """Report progress; stops here if cancelled, waits if paused."""
        self.check()
        self._fraction = min(1.0, max(self._fraction, fraction))
        now = time.monotonic()
        if now - self._told >= SPACING_S or self._fraction >= 1:
            self._told = now
            self._host.send(Progress(fraction=self._fraction, note=note, item=self._item))

    def check(self) -> None:
        """Raise `Cancelled` if the person asked to stop; wait while the job is paused."""
        self._host.check()

    def partial(self, text: str) -> None:
        """Show provisional output."""
        self._host.send(Partial(text=text, item=self._item))

    def log(self, text: str) -> None:
        """Write a line to the job's log, which is where a worker's standard error goes."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def record(self) -> Mapping[str, Any]:
        """Give what replay needs and only the worker knows."""
        found: dict[str, Any] = {
            "seqstudio": __version__,
            "python": platform.python_version(),
            "device": self.device,
            "threads": int(os.environ.get("OMP_NUM_THREADS", "0")),
        }
        if self._streams:
            found["stream"] = {"bytes": self._heard_bytes, "sha256": self._heard.hexdigest()}
        if torch_module := sys.modules.get("torch"):
            found["torch"] = str(torch_module.__version__)
        if self._loaded is not None:
            weights = next(iter(self._loaded.module.parameters()))
            found |= {
                "model": {"name": self._loaded.name, "sha256": self._loaded.sha256},
                "dtype": str(weights.dtype),
            }
        return found
