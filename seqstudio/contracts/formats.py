"""The smaller things a plugin may offer: importers, exporters, parts, callbacks, metrics."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seqstudio.contracts.data import Example, Ledger, Measured
from seqstudio.contracts.task import Task


class Importer(Protocol):
    """Reads one layout of data set for every task that names its data kind."""

    name: str
    kind: str  # a data kind of the manifest, e.g. "audio+transcript"

    def recognises(self, source: Path) -> bool:
        """Say whether `source` has this layout; look at names and first lines only."""

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Yield examples with their splits; refuse the rest in the ledger, by name."""


class Exporter(Protocol):
    """Writes one kind of output in one format."""

    name: str  # the format, which is also the file's suffix: "srt"
    kind: str  # "transcript", "midi", ...

    def write(self, value: Any, path: Path) -> None:
        """Write `value` to a new file at `path`."""


@dataclass(frozen=True, slots=True)
class PartOffer:
    """A part for the core's table: its name, its frozen config class, and how to build it."""

    name: str
    config: type
    build: Callable[..., Any]


class TrainCallback(Protocol):
    """Listens to training."""

    name: str

    def on_event(self, event: object) -> bool:
        """Hear one training event; True asks to stop after it."""


class Metric(Protocol):
    """A further figure for `evaluate`, computed from what the task measured."""

    name: str
    task: str

    def compute(self, task: Task, measured: list[Measured]) -> Mapping[str, float]:
        """Give named figures over the whole set."""
