"""The model of the page of models: import, export, remove and verify, in the background."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from seqstudio.gui.plugins_and_models.listing import ListingModel
from seqstudio.gui.plugins_and_models.model_rows import ModelRow, read_models
from seqstudio.gui.widgets.confirmation import Confirmation
from seqstudio.gui.widgets.facts import facts_text
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.assets import assets_folder
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.jobs.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.bundle_files import bundle_name, verify_files


class ModelsModel(ListingModel[ModelRow]):
    """Imports, exports, removes and verifies models."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(workspace, lambda: read_models(workspace.studio), self.install, parent)
        self._verify_job = 0  # 0 while none runs
        self._reason = ""  # why its item failed
        workspace.queue.job_event.connect(self._on_job_event)

    @property
    def card(self) -> str:
        """The card of the model that is shown, as text."""
        return f"{self.row.title}\n\n{facts_text(self.groups)}" if self.row else ""

    def can_use(self) -> bool:
        """Whether the model that is shown can be used, and no task runs."""
        return bool(not self.background_task.busy and self.row and not self.row.problem)

    def can_remove(self) -> bool:
        """Whether the model that is shown was imported; a plugin's is removed with its plugin."""
        return bool(not self.background_task.busy and self.row and self.row.imported)

    def install(self, path: Path) -> None:
        """Import a bundle, or a run's best model, after checking all its files.

        If its name is taken, it gets the next free one.
        """
        studio = self._workspace.studio

        def work() -> FoundModel:
            return studio.import_model(path, free_name(bundle_name(path), studio.models.names()))

        def done(found: FoundModel) -> None:
            self.selected = found.name
            self._workspace.refresh()
            self.background_task.end(
                f"{found.name} is installed. "
                "You can now choose it wherever this type of model is used."
            )

        self.background_task.run(f"Checking and importing {path.name}", work, done)

    def export(self, target: Path) -> None:
        """Copy the model that is shown to a new folder, or to one .seqmodel file."""
        if row := self.row:
            models = self._workspace.studio.models
            self.background_task.run(
                f"Exporting {row.name}",
                lambda: models.export(row.name, target),
                lambda _found: self.background_task.end(f"{row.name} was exported to {target}."),
            )

    def removal_question(self) -> Confirmation | None:
        """Return what to ask before the model that is shown is removed."""
        if not self.row:
            return None
        size = f", {self.row.size}" if self.row.size else ""
        return Confirmation(
            question=f"Remove {self.row.title}?",
            lines=(
                f"Its files go from your profile{size}.",
                "Results made with it stay. This cannot be undone; Export keeps a copy.",
            ),
            accept="Remove",
        )

    def remove(self) -> None:
        """Remove the imported model that is shown; the caller has asked."""
        if row := self.row:
            models = self._workspace.studio.models

            def done(_: None) -> None:
                self._workspace.refresh()
                self.background_task.end(
                    f"{row.name} was removed; results made with it are unchanged."
                )

            self.background_task.run(f"Removing {row.name}", lambda: models.remove(row.name), done)

    def verify(self) -> None:
        """Compare all files with their hashes, then the model's outputs with the golden outputs."""
        if row := self.row:
            self.background_task.run(
                f"Verifying {row.name}: comparing files with their hashes",
                lambda: (verify_files(row.path), str(assets_folder()))[1],
                lambda demo: self._submit_verify_job(row, demo),
            )

    def _submit_verify_job(self, row: ModelRow, demo: str) -> None:
        """Queue a job that compares the model's outputs with the golden outputs."""
        spec = JobSpec(
            plugin=row.plugin,
            verb="verify",
            name=row.task,
            model=str(row.path),
            arguments={"demo": demo},
        )
        self.background_task.begin(f"Verifying {row.name}: comparing its outputs")
        with errors_to(self.background_task.fail):
            self._verify_job, self._reason = self._workspace.queue.add(spec), ""

    def _on_job_event(self, job: int, event: JobEvent) -> None:
        if job != self._verify_job:
            return
        if isinstance(event, ItemFailed):
            self._reason = event.reason
        if isinstance(event, JobFinished):
            self._verify_job = 0
            if event.state == "done" and not event.failed:
                self._report(event.value)
            else:
                reason = event.reason or self._reason or f"The verification was {event.state}."
                self.background_task.fail(reason)

    def _report(self, value: Mapping[str, Any]) -> None:
        name, golden = value.get("model", ""), value.get("golden", [])
        if different := [one for one in golden if not one["same"]]:
            first = different[0]
            self.background_task.fail(
                f"{name}: {len(different)} of {len(golden)} outputs differ; {first['output']} is "
                f"{first['found']!r}, expected {first['expected']!r}"
            )
        else:
            outputs = f"its {len(golden)} outputs are unchanged" if golden else "its weights load"
            self.background_task.end(
                f"{name} is intact: all files match their hashes, and {outputs}."
            )


def free_name(name: str, taken: list[str]) -> str:
    """Return a name, or the next free one.

    >>> free_name("rolls", ["rolls", "rolls-2"]), free_name("tunes", ["rolls"])
    ('rolls-3', 'tunes')
    """
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name}-{number}"
    return free
