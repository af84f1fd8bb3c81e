"""What other plugins add to a job: each is called by name, and none ends what is not its own.

The wrappers here stand for the objects that the hooks of extensions return. While one of them runs,
the host knows whose code it is. One that raises an exception is left out from then on, with a
notice; the job goes on.
"""

import math
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqstudio.contracts.data import Example, Ledger, Measurement
from seqstudio.contracts.formats import (
    Exporter,
    Importer,
    Metric,
    TieredImporter,
    TrainCallback,
)
from seqstudio.contracts.recogniser import LoadedRecogniser, Recognition
from seqstudio.contracts.task import Task
from seqstudio.errors import DataError
from seqstudio.host.worker.announcer import Announcer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class NamedMetric:
    """A metric whose figures carry the id of its plugin, so that they replace no other's.

    Those of a task of the same plugin keep their names: they are the task's own.
    """

    def __init__(self, metric: Metric, plugin: str, announcer: Announcer) -> None:
        self.name = f"{plugin}.{metric.name}"
        self.task = metric.task
        self._metric = metric
        self._plugin = plugin
        self._prefix = "" if metric.task.startswith(f"{plugin}.") else f"{plugin}."
        self._announcer = announcer

    def compute(self, task: Task, measurements: list[Measurement]) -> Mapping[str, float]:
        """Return the figures under their names; none if they cannot be computed."""
        try:
            with self._announcer.acting(self._plugin):
                found = dict(self._metric.compute(task, measurements))
            return {f"{self._prefix}{name}": _figure(value) for name, value in found.items()}
        except (Exception, SystemExit) as error:
            _leave_out(self._announcer, f"metric {self._metric.name!r}", self._plugin, error)
            return {}


def _figure(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]  # what is no number raises the error to report
    if not math.isfinite(number):
        raise ValueError(f"figure {number}, expected a finite number")
    return number


class NamedCallback:
    """A callback that is named when it acts; only the task's own plugin may end a training."""

    def __init__(
        self, callback: TrainCallback, plugin: str, announcer: Announcer, *, own: bool
    ) -> None:
        self.name = f"callback {callback.name!r} of plugin {plugin!r}"
        self._callback = callback
        self._plugin = plugin
        self._announcer = announcer
        self._own = own
        self._left_out = False
        self._refused = False

    def on_event(self, event: object) -> bool:
        """Pass an event on; return True if the training is to end."""
        if self._left_out:
            return False
        try:
            with self._announcer.acting(self._plugin):
                asked = bool(self._callback.on_event(event))
        except (Exception, SystemExit) as error:
            if self._own:
                raise
            self._left_out = True
            what = f"callback {self._callback.name!r}"
            _leave_out(self._announcer, what, self._plugin, error)
            return False
        if asked and not self._own and not self._refused:
            self._refused = True
            why = "refused, since only the plugin of the task may"
            self._announcer.notice(f"{self.name} asked to end the training: {why}")
        return asked and self._own


class NamedImporter:
    """An importer of another plugin, which is named when it reads the data."""

    def __init__(self, importer: Importer, plugin: str, announcer: Announcer) -> None:
        self.name = f"{plugin}.{importer.name}"
        self.kind = importer.kind
        self._importer = importer
        self._plugin = plugin
        self._announcer = announcer
        self._left_out = False

    def recognises(self, source: Path) -> bool:
        """Return whether it recognises the source; one that fails to answer does not."""
        if self._left_out:
            return False
        try:
            with self._announcer.acting(self._plugin):
                return bool(self._importer.recognises(source))
        except (Exception, SystemExit) as error:
            self._left_out = True
            what = f"importer {self._importer.name!r}"
            _leave_out(self._announcer, what, self._plugin, error)
            return False

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Read the data, and say so."""
        name = self._importer.name
        self._announcer.notice(f"{source}: read by importer {name!r} of plugin {self._plugin!r}")
        with self._announcer.acting(self._plugin):
            yield from self._importer.read(source, ledger)

    def with_tier(self, tier: str) -> "NamedImporter":
        """Return the one that reads this tier.

        Raises
        ------
        DataError
            If it knows no tiers.
        """
        if not isinstance(self._importer, TieredImporter):
            raise DataError(f"importer {self.name!r} has no tiers, expected its name alone")
        return NamedImporter(self._importer.with_tier(tier), self._plugin, self._announcer)


class NamedExporter:
    """An exporter of another plugin."""

    def __init__(self, exporter: Exporter, plugin: str, announcer: Announcer) -> None:
        self.name = exporter.name
        self.kind = exporter.kind
        self._exporter = exporter
        self._plugin = plugin
        self._announcer = announcer

    def write(self, value: Any, path: Path) -> None:
        """Write the file; the host knows whose code it is."""
        with self._announcer.acting(self._plugin):
            self._exporter.write(value, path)


class NamedRecogniser:
    """A loaded recogniser of a plugin: the host knows whose code it is while it recognises."""

    def __init__(self, loaded: LoadedRecogniser, plugin: str, announcer: Announcer) -> None:
        self.name = loaded.name
        self.sha256 = loaded.sha256
        self.rate_hz = loaded.rate_hz
        self.longest_s = loaded.longest_s
        self._loaded = loaded
        self._plugin = plugin
        self._announcer = announcer

    def recognise(self, samples: "npt.NDArray[np.float32]", language: str) -> Recognition:
        """Recognise one piece."""
        with self._announcer.acting(self._plugin):
            return self._loaded.recognise(samples, language)


def _leave_out(announcer: Announcer, what: str, plugin: str, error: BaseException) -> None:
    traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}"
    announcer.notice(f"{what} of plugin {plugin!r} is left out: {reason}", left_out=plugin)
