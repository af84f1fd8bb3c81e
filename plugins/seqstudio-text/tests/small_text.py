"""Small untrained models of texts, and a job with one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import seqstudio_text

from seqstudio.api import LoadedModel, Task
from seqstudio.core.parts import with_plugin_parts
from seqstudio.services.bundles import LoadedBundle, build_module


@dataclass
class OneModelJob:
    """A job without a host, whose model is always the same."""

    loaded: LoadedModel
    folder: Path
    device: str = "cpu"
    logged: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)

    def model(self, prefer: str = "") -> LoadedModel:
        return self.loaded

    def encode(self, *args: Any) -> Any:
        return self.loaded.encode(*args)

    def beam_search(self, *args: Any, **kwargs: Any) -> Any:
        return self.loaded.beam_search(*args, **kwargs)

    def sample(self, *args: Any, **kwargs: Any) -> Any:
        return self.loaded.sample(*args, **kwargs)

    def progress(self, fraction: float, message: str = "") -> None:
        self.fractions.append(fraction)

    def check(self) -> None: ...

    def log(self, text: str) -> None:
        self.logged.append(text)


def untrained(task: Task, examples: Sequence[Any], options: Any) -> LoadedBundle:
    """Build an untrained model of a task with a fixed seed."""
    preparation = task.prepare(examples, options)
    parts = with_plugin_parts(seqstudio_text.seqstudio_parts())
    module = build_module(preparation, seed=7, device="cpu", parts=parts).eval()
    return LoadedBundle(
        name="untrained",
        task=task.name,
        sha256="0" * 64,
        device="cpu",
        module=module,
        settings=preparation.settings,
        preparation=preparation,
    )
