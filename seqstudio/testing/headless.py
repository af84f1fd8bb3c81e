"""A studio for tests: a profile of its own, real workers, no window and no terminal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.host.jobs.events import ItemDone, ItemFailed, JobEvent, JobFinished
from seqstudio.host.jobs.spec import JobSpec
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store
from seqstudio.host.studio import Studio


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    events: Sequence[JobEvent]  # in order, `JobFinished` last

    @property
    def finished(self) -> JobFinished:
        """The last event."""
        return next(event for event in self.events if isinstance(event, JobFinished))

    @property
    def state(self) -> str:
        """How the job ended: done, failed, cancelled or interrupted."""
        return self.finished.state

    @property
    def reasons(self) -> list[str]:
        """Why the job or its items failed; [] if nothing did."""
        failed = [event.reason for event in self.events if isinstance(event, ItemFailed)]
        whole = [self.finished.reason] if self.finished.reason else []
        return failed or whole

    @property
    def files(self) -> list[Path]:
        """The files that were written."""
        done = (event for event in self.events if isinstance(event, ItemDone))
        return [path for event in done for path in event.outputs]

    @property
    def text(self) -> str:
        """The text of the one file that was written.

        Raises
        ------
        AssertionError
            If there is not one; the text has the reasons.
        """
        assert len(self.files) == 1, self.reasons or self.files
        return self.files[0].read_text(encoding="utf-8")


class HeadlessStudio:
    """A studio in a folder of a test.

    Parameters
    ----------
    folder : where profile and results are
    here : plugins run in this process, for breakpoints, and are used where their project is
    """

    def __init__(self, folder: Path, *, here: bool = False) -> None:
        self.folder = folder
        self.profile = Profile(folder / "profile")
        self._here = here

    @property
    def host(self) -> Studio:
        """The host itself, for what is not here."""
        return Studio(self.profile.home, workers=not self._here)

    def install(self, project: Path) -> str:
        """Install a plugin's project, wheel or pack, agree to its sheet, and return its id."""
        store = Store(self.profile)
        if self._here:
            return store.link(project)
        inspected = store.inspect(project)
        store.install(inspected, accepted=inspected.sheet.sha256)
        return inspected.sheet.id

    def limit(self, **limits: float) -> None:
        """Change limits of workers, such as `file_bytes` or `message_timeout_s`."""
        self.profile.create()
        (self.profile.home / "limits.json").write_text(json.dumps(limits), encoding="utf-8")

    def spec(
        self, plugin: str, operation: str, inputs: Mapping[str, Any], out: str = "", **fields: Any
    ) -> JobSpec:
        """Return the specification of a job.

        Parameters
        ----------
        inputs : for each input of the manifest a path, or several
        out : the name of the result, a file or for a batch a folder; "": the name of the operation
        fields : of `JobSpec`: `options`, `model`, `formats`, `seed`, `takes`
        """
        paths = {name: (one,) if isinstance(one, Path) else one for name, one in inputs.items()}
        target = self.folder / (out or operation)
        return JobSpec(plugin=plugin, name=operation, inputs=paths, out=target, **fields)

    def run(self, spec: JobSpec) -> Outcome:
        """Run a job to its end."""
        return Outcome(list(self.host.submit(spec).events()))

    def train(self, task: str, data: Path, *, preset: str = "", **settings: object) -> Path:
        """Train a model and return its run folder, for `model=str(run)`.

        Raises
        ------
        AssertionError
            If the training fails; the text has the reason.
        """
        plugin, entry = self.host.catalogue.task(task)
        run = self.folder / "run"
        arguments = {
            "data": str(data),
            "run": str(run),
            "preset": preset or entry.presets[0],
            "settings": tuple(f"{name}={value}" for name, value in settings.items()),
            "resume": False,
        }
        spec = JobSpec(plugin=plugin.id, verb="train", name=task, arguments=arguments)
        outcome = self.run(spec)
        assert outcome.state == "done", outcome.reasons
        return run

    def evaluate(self, task: str, data: Path, model: Path, **arguments: Any) -> Mapping[str, Any]:
        """Measure a model; return its metrics by name.

        Raises
        ------
        AssertionError
            If the evaluation fails; the text has the reason.
        """
        plugin, _ = self.host.catalogue.task(task)
        given = {"data": str(data), "split": "valid", **arguments}
        spec = JobSpec(
            plugin=plugin.id, verb="evaluate", name=task, model=str(model), arguments=given
        )
        outcome = self.run(spec)
        assert outcome.state == "done", outcome.reasons
        return outcome.finished.value
