"""The smaller extension points: importers, exporters, parts, train callbacks and metrics."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from seqstudio.contracts.data import Example, Ledger, Measurement
from seqstudio.contracts.task import Task


class Importer(Protocol):
    """Reads one data set layout, for every task that accepts its kind of data."""

    name: str
    kind: str  # a data kind of the manifest, e.g. "audio+transcript"

    def recognises(self, source: Path) -> bool:
        """Return whether `source` has this layout. Look at names and first lines only."""

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Yield the examples with their splits; list each input in the ledger, used or refused."""


@runtime_checkable
class TieredImporter(Importer, Protocol):
    """An importer of files in which several tiers may each hold the text, as ELAN's do."""

    def with_tier(self, tier: str) -> Importer:
        """Return the importer that reads this tier, for `--importer NAME:TIER`."""


class Exporter(Protocol):
    """Writes one kind of output to one file format."""

    name: str  # the format, and the file suffix: "srt"
    kind: str  # "transcript", "midi", ...

    def write(self, value: Any, path: Path) -> None:
        """Write `value` to a new file at `path`."""


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A model component that a plugin adds: its name, its config class and its build function.

    `config` is a frozen dataclass with a field `part` equal to `name`. `build(config, context)`
    returns the module, or of an input that is a function of the past its `PastInput`; `context`
    holds the components that are built before it.
    """

    name: str
    config: type
    build: Callable[..., Any]


class TrainCallback(Protocol):
    """Receives the events of a training run; it may end trainings of its own plugin's tasks."""

    name: str

    def on_event(self, event: object) -> bool:
        """Handle one training event; return True to end the training after it.

        Only a callback of the task's own plugin ends it. The request of another is refused with a
        notice, and one that raises an exception is left out.
        """


class Metric(Protocol):
    """An additional metric for `evaluate`, computed from the measurements of a task.

    Its figures are reported as `PLUGIN.NAME`, so that they replace none of the task's.
    """

    name: str
    task: str  # the name of the task it applies to

    def compute(self, task: Task, measurements: list[Measurement]) -> Mapping[str, float]:
        """Return one or more named values over the whole set."""
