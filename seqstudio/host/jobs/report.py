"""What became of a batch: a row for each input, and the totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.table import Table
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.media.tables import no_formula

COLUMNS = (
    *("input", "state", "reason", "audio_s", "work_s", "real_time_factor", "words", "confidence"),
    *("unlike_training", "notes", "outputs"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReport:
    """What became of one input; None where something is unknown."""

    name: str
    state: str
    reason: str = ""
    audio_s: float | None = None
    work_s: float | None = None
    words: int | None = None
    confidence: float | None = None  # the mean over its words
    unlike_training: bool | None = None
    notes: tuple[str, ...] = ()
    outputs: tuple[Path, ...] = ()
    renamed: str = ""  # the name of its outputs, if that is not its own

    @property
    def factor(self) -> float | None:
        """The real-time factor: seconds of work for a second of audio."""
        return self.work_s / self.audio_s if self.work_s and self.audio_s else None

    @property
    def cells(self) -> tuple[str | int | float | None, ...]:
        """The row of the table, as a spreadsheet may have it."""
        return (
            *(no_formula(self.name), self.state, no_formula(self.reason), self.audio_s),
            *(self.work_s, self.factor and round(self.factor, 4), self.words, self.confidence),
            None if self.unlike_training is None else str(self.unlike_training).lower(),
            *("; ".join(self.notes), no_formula("; ".join(map(str, self.outputs)))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of all inputs of a job."""

    job: int
    title: str
    state: str
    inputs: tuple[InputReport, ...]
    notes: tuple[str, ...] = ()  # what was found beside the inputs

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of inputs in each state."""
        states = [one.state for one in self.inputs]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    def total(self, name: str) -> float:
        """Return the sum of a number over the inputs that have it."""
        return float(sum(getattr(one, name) or 0 for one in self.inputs))

    def table(self) -> Table:
        """Return a row for each input."""
        return Table(COLUMNS, tuple(one.cells for one in self.inputs))


def batch_report(job: JobRow, items: Sequence[ItemRow], notes: tuple[str, ...]) -> BatchReport:
    """Return the report of a job with these items."""
    return BatchReport(
        job=job.id,
        title=f"{job.plugin} {job.name}",
        state=job.state,
        inputs=tuple(map(_input_report, items)),
        notes=notes,
    )


def _input_report(item: ItemRow) -> InputReport:
    details, provenance = item.details, item.provenance
    return InputReport(
        name=item.name,
        state="refused or failed" if item.state == "failed" else item.state,
        reason=item.reason,
        audio_s=_number(details, "duration_s"),
        work_s=_number(provenance, "work_s"),
        words=details.get("words") if isinstance(details.get("words"), int) else None,
        confidence=_number(details, "confidence"),
        unlike_training=details.get("unlike_training"),
        notes=tuple(map(str, details.get("notes") or ())),
        outputs=tuple(one.path for one in item.outputs),
        renamed=_renamed(item),
    )


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else None


def _renamed(item: ItemRow) -> str:
    """Return the name of an item's outputs, without suffix, if it is not that of its input."""
    inputs = [path for paths in item.inputs.values() for path in paths]
    if not inputs or not item.outputs:
        return ""
    stem, own = item.outputs[0].path.stem, {path.stem for path in inputs}
    return "" if stem in own else stem
