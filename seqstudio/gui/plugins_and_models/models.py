"""The page of models: what is installed, and one change at a time, off the window's thread."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from seqstudio.errors import SeqStudioError
from seqstudio.gui.plugins_and_models.listing import ListingModel
from seqstudio.gui.plugins_and_models.model_rows import ModelRow, read_models
from seqstudio.gui.widgets.facts import text_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.assets import assets_folder
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.jobs.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.bundle_files import bundle_name, verify_files


class ModelsModel(ListingModel[ModelRow]):
    """Imports, exports, removes and verifies models."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(workspace, lambda: read_models(workspace.studio), self.bring, parent)
        self._verifying = 0  # the job
        self._reason = ""  # why that job's item failed
        workspace.queue.happened.connect(self._hear)

    @property
    def card(self) -> str:
        """Give the card of the model that is shown as text."""
        return f"{self.row.title}\n\n{text_of(self.groups)}" if self.row else ""

    def can_use(self) -> bool:
        """Whether the model that is shown is whole, and nothing else is under way."""
        return bool(not self.errand.busy and self.row and not self.row.state)

    def can_remove(self) -> bool:
        """Whether the model that is shown was imported; a plugin's goes with its plugin."""
        return bool(not self.errand.busy and self.row and self.row.imported)

    def bring(self, path: Path) -> None:
        """Import a bundle, or a run's best model, after checking every file of it.

        Where its name is taken, it is installed under the next one that is free.
        """
        models = self._workspace.studio.models

        def work() -> FoundModel:
            return models.add(path, free_name(bundle_name(path), models.names()))

        def done(found: FoundModel) -> None:
            self.chosen = found.name
            self._workspace.refresh()
            self.errand.end(f"{found.name} is installed; operations for {found.facts.task} use it.")

        self.errand.run(f"Checking and importing {path.name}", work, done)

    def export(self, target: Path) -> None:
        """Copy the model that is shown to a new folder, or to one file ending in .seqmodel."""
        if row := self.row:
            models = self._workspace.studio.models
            self.errand.run(
                f"Exporting {row.name}",
                lambda: models.export(row.name, target),
                lambda _found: self.errand.end(f"{row.name} is copied to {target}."),
            )

    def remove(self) -> None:
        """Remove the imported model that is shown."""
        if row := self.row:
            models = self._workspace.studio.models

            def done(_: None) -> None:
                self._workspace.refresh()
                self.errand.end(f"{row.name} is removed; what it made stays as it is.")

            self.errand.run(f"Removing {row.name}", lambda: models.remove(row.name), done)

    def verify(self) -> None:
        """Compare every file with its hash, then what the model answers with what it once did."""
        if row := self.row:
            self.errand.run(
                f"Verifying {row.name}: comparing its files with their hashes",
                lambda: (verify_files(row.path), str(assets_folder()))[1],
                lambda demo: self._ask(row, demo),
            )

    def _ask(self, row: ModelRow, demo: str) -> None:
        """Have a worker ask the model what it was asked before it was shipped."""
        spec = JobSpec(
            plugin=row.plugin,
            verb="verify",
            name=row.task,
            model=str(row.path),
            arguments={"demo": demo},
        )
        self.errand.begin(f"Verifying {row.name}: asking it what it was asked when it was made")
        try:
            self._verifying, self._reason = self._workspace.queue.add(spec), ""
        except SeqStudioError as bad:
            self.errand.fail(str(bad))

    def _hear(self, job: int, event: JobEvent) -> None:
        if job != self._verifying:
            return
        if isinstance(event, ItemFailed):
            self._reason = event.reason
        if isinstance(event, JobFinished):
            self._verifying = 0
            if event.state == "done" and not event.failed:
                self._judge(event.value)
            else:
                self.errand.fail(event.reason or self._reason or f"The check was {event.state}.")

    def _judge(self, value: Mapping[str, Any]) -> None:
        name, golden = value.get("model", ""), value.get("golden", [])
        if different := [one for one in golden if not one["same"]]:
            first = different[0]
            self.errand.fail(
                f"{name}: {len(different)} of {len(golden)} answers differ; {first['output']} is "
                f"{first['found']!r}, expected {first['expected']!r}"
            )
        else:
            answers = f"{len(golden)} answers are what they were" if golden else "its weights load"
            self.errand.end(f"{name} is sound: every file has its hash, and {answers}.")


def free_name(name: str, taken: list[str]) -> str:
    """Give a name, or the next one that is free.

    >>> free_name("rolls", ["rolls", "rolls-2"]), free_name("tunes", ["rolls"])
    ('rolls-3', 'tunes')
    """
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name}-{number}"
    return free
