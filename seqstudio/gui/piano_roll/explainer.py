"""Ask a model about every note of a take, with a job, and keep what it said."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import DataError, ModelError
from seqstudio.gui.operations.available import AvailableOperation, model_choices
from seqstudio.gui.operations.provenance import model_of
from seqstudio.gui.piano_roll.explanation import (
    Explanation,
    explaining_operation,
    notes_port,
    read_notes,
    same_music,
)
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.take_files import midi_file, without_scratch
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.document import Take

KEPT = 16  # explanations, of the takes that were asked about last
WANTED = {"alternatives": 5, "leans": 3}  # for each note, where the operation has the options


@dataclass(frozen=True, slots=True)
class _Asked:
    """A take that a model is asked about."""

    take: Take
    port: str  # the output that is the table of notes
    model: str


class Explainer(QObject):
    """Asks about a take once; what was said of one with the same notes is found again."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.problem = ""  # why the take that was asked about last is not explained
        self.fraction = 0.0  # of the job that runs
        self._kept: list[Explanation] = []  # the newest last
        self._pending: list[Take] = []  # asked about, without an answer yet
        self._jobs: dict[int, _Asked] = {}
        workspace.queue.job_event.connect(self._on_job_event)

    @property
    def operation(self) -> AvailableOperation | None:
        """The operation that explains notes; None where no plugin has one."""
        return explaining_operation(self._workspace.studio.catalogue)

    def of(self, take: Take) -> Explanation | None:
        """Return what was said of a take as it is now; None where no model was asked."""
        return next((one for one in reversed(self._kept) if same_music(one.take, take)), None)

    def asks(self, take: Take) -> bool:
        """Whether a model is being asked about a take as it is now."""
        return any(same_music(one, take) for one in self._pending)

    def ask(self, take: Take) -> None:
        """Ask about a take, unless that was done."""
        if (operation := self.operation) is None or self.of(take) or self.asks(take):
            return
        self._pending.append(take)
        self.problem, self.fraction = "", 0.0
        self._workspace.background.run(
            partial(_spec, take, operation, self._workspace.studio),
            partial(self._submit, take, operation),
            partial(self._fail, take),
        )
        self.changed.emit()

    def _submit(self, take: Take, operation: AvailableOperation, spec: JobSpec) -> None:
        port = notes_port(operation.entry)
        with errors_to(partial(self._fail, take)):
            job = self._workspace.queue.add(spec)
            self._jobs[job] = _Asked(take, port.name if port else "", spec.model)

    def _on_job_event(self, job: int, event: JobEvent) -> None:
        if (asked := self._jobs.get(job)) is None:
            return
        if isinstance(event, ItemProgress):
            self.fraction = event.fraction
        if isinstance(event, ItemFailed):
            self.problem = event.reason
        if isinstance(event, JobFinished):
            del self._jobs[job]
            if event.done:
                self._read(asked, self._workspace.queue.rows(job)[0])
            else:
                self._fail(asked.take, self.problem or event.reason or "Stopped.")
        self.changed.emit()

    def _read(self, asked: _Asked, item: ItemRow) -> None:
        """Read the table that a job wrote, on a thread."""
        by = model_of(item.provenance)[0]

        def work() -> Explanation:
            path = item.targets.get(asked.port, {}).get("json")
            if path is None:
                raise DataError(f"{item.name}: no table of notes, expected one")
            return Explanation(asked.take, asked.model, by, read_notes(path))

        self._workspace.background.run(work, self._keep, partial(self._fail, asked.take))

    def _keep(self, explanation: Explanation) -> None:
        self._kept = [*self._kept, explanation][-KEPT:]
        self._forget(explanation.take)

    def _fail(self, take: Take, reason: str) -> None:
        self.problem = without_scratch(reason, self._workspace.studio.profile)
        self._forget(take)

    def _forget(self, take: Take) -> None:
        self._pending = [one for one in self._pending if one is not take]
        self.changed.emit()


def _spec(take: Take, operation: AvailableOperation, studio: Studio) -> JobSpec:
    """Return the job that explains a take, by the model that made it if that is installed.

    Reads MIDI and the cards of models: call it on a thread.
    """
    entry = operation.entry
    made_by = model_of(take.provenance)[0]
    try:
        choices = model_choices(studio, studio.catalogue.plugin(operation.plugin), entry)
    except ModelError:  # the job says which is missing
        choices = []
    return JobSpec(
        plugin=operation.plugin,
        name=entry.name,
        inputs={entry.inputs[0].name: (midi_file(take, studio.profile),)},
        options={name: value for name, value in WANTED.items() if name in entry.options},
        model=made_by if made_by in [one.value for one in choices] else "",
        formats=("json",),
    )
