"""What the dialog *Learn from corrections* offers, and the job that it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError
from seqstudio.gui.operations.available import trained_models
from seqstudio.gui.operations.provenance import model_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.corrections import (
    KIND,
    SHARE,
    Corrected,
    corrected,
    too_few,
    write_corrections,
)

NO_MODEL = "No installed model learns from transcripts: install one, or train one on a folder."


@dataclass(frozen=True, slots=True)
class Learner:
    """A model that can learn on."""

    value: str  # as `JobSpec.model` takes it
    title: str
    task: str
    plugin: str  # that has the task
    sha256: str


class LearnModel(QObject):
    """The corrected recordings of the session, and the model that learns from them.

    Each run has a folder of its own in the profile, and so have the data that it learns from.
    """

    changed = Signal()
    failed = Signal(str)  # why nothing was started
    started = Signal(int)  # the job

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.recordings: tuple[Corrected, ...] = corrected(workspace.document)
        self._left_out: set[str] = set()  # ids of clips
        self.learners: tuple[Learner, ...] = ()
        self.learner: Learner | None = None
        self.name = ""
        self.reading = True  # the models are being read
        self.starting = False
        studio = workspace.studio
        workspace.background.run(partial(learners, studio), self._on_read, self._on_failed)

    @property
    def chosen(self) -> tuple[Corrected, ...]:
        """The recordings that are learned from."""
        return tuple(one for one in self.recordings if one.clip.id not in self._left_out)

    @property
    def reason(self) -> str:
        """What is missing before it can be started, one sentence; "" if nothing is."""
        if self.recordings and not self.chosen:
            return "Choose a recording to learn from."
        if missing := too_few(self.chosen):
            return missing
        if self.learner is None:
            return "" if self.reading else NO_MODEL
        if not self.name.strip() or Path(self.name).name != self.name:
            return "Enter a name for the new model, without '/'."
        if any(folder.exists() for folder in self._folders(self.name)):
            return f"{self.name!r} is there already: choose another name."
        return ""

    @property
    def ready(self) -> bool:
        """Whether it can be started."""
        return self.learner is not None and not self.reason and not self.starting

    def choose(self, clip: str, *, wanted: bool) -> None:
        """Learn from a recording, or leave it out."""
        self._left_out = self._left_out - {clip} if wanted else self._left_out | {clip}
        self.changed.emit()

    def choose_learner(self, at: int) -> None:
        """Choose the model that learns; the new one is named after it."""
        self.learner = self.learners[at]
        self.name = self._free_name(f"{self.learner.title}-learned")
        self.changed.emit()

    def set_name(self, name: str) -> None:
        """Name the new model."""
        self.name = name
        self.changed.emit()

    def start(self) -> None:
        """Write the data on a thread, then queue the job; emits `started` or `failed`."""
        if not self.ready or self.learner is None:
            return
        self.starting = True
        run, data = self._folders(self.name)
        spec = learn_spec(self.learner, data, run)
        self.changed.emit()
        self._workspace.background.run(
            partial(write_corrections, self.chosen, data),
            lambda _: self._submit(spec),
            self._on_failed,
        )

    def _folders(self, name: str) -> tuple[Path, Path]:
        """Return the folders of the run of a name, and of its data."""
        home = self._workspace.studio.profile.home
        return home / "learned" / name, home / "corrections" / name

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while any(folder.exists() for folder in self._folders(name)):
            name, number = f"{wanted}-{number}", number + 1
        return name

    def _submit(self, spec: JobSpec) -> None:
        try:
            job = self._workspace.queue.add(spec)
        except SeqStudioError as error:
            self._on_failed(str(error))
        else:
            self.started.emit(job)

    def _on_read(self, found: tuple[Learner, ...]) -> None:
        self.learners, self.reading = found, False
        made_by = [_model_sha256(one) for one in self.recordings]
        usual = (at for at, one in enumerate(found) if one.sha256 in made_by)
        if found:
            self.choose_learner(next(usual, 0))
        self.changed.emit()

    def _on_failed(self, reason: str) -> None:
        self.reading = self.starting = False
        self.failed.emit(reason)
        self.changed.emit()


def learners(studio: Studio) -> tuple[Learner, ...]:
    """Return the models of the tasks that read transcripts; slow, so call it on a thread."""
    plugins: Mapping[str, str] = {
        task.name: plugin.id
        for plugin in studio.catalogue.plugins
        for task in plugin.manifest.tasks
        if KIND in task.data
    }
    named = [(one.name, one) for one in studio.models.cards()]
    trained = [(str(one.path.parent), one) for one in trained_models(studio)]
    return tuple(
        _learner(value, found, plugins[found.facts.task])
        for value, found in (*named, *trained)
        if found.facts.task in plugins and found.base is None
    )


def _learner(value: str, found: FoundModel, plugin: str) -> Learner:
    return Learner(value, found.name, found.facts.task, plugin, found.sha256)


def learn_spec(learner: Learner, data: Path, run: Path) -> JobSpec:
    """Return the job, the same as `seqstudio PLUGIN learn` makes."""
    return JobSpec(
        plugin=learner.plugin,
        verb="learn",
        name=learner.task,
        model=learner.value,
        arguments={"data": str(data), "run": str(run), "share": SHARE},
    )


def _model_sha256(one: Corrected) -> str:
    transcript = one.clip.transcript
    return model_of(transcript.provenance)[1] if transcript else ""
