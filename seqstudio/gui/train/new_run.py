"""The form of a new run: the request, its defaults, and its errors by field."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.options import options_of
from seqstudio.contracts.task import TrainConfig
from seqstudio.gui.train.request import (
    TaskChoice,
    TrainRequest,
    find_choice,
    find_errors,
    free_name,
    matching_tasks,
    task_choices,
)
from seqstudio.gui.train.settings import TrainSettings
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.processes import usable_cpu_count

# settings that fill the pages of a run
DEFAULTS = {"preview_every": 1, "gradient_flow_every": 100}


class NewRun(QObject):
    """Holds a `TrainRequest` and checks it; `TrainModel` starts the run."""

    changed = Signal()  # the request, the available tasks, or `checking`
    errors_changed = Signal()
    rejected = Signal()  # the user pressed start, and there are errors

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.choices: tuple[TaskChoice, ...] = ()
        self.request = TrainRequest(values=DEFAULTS)
        self.settings = TrainSettings(self)
        self.errors: dict[str, str] = {}  # field -> sentence
        self._models: tuple[FoundModel, ...] = ()
        self.max_processes = usable_cpu_count()
        self.checking = False
        self._has_custom_name = False  # the user typed a name: no default replaces it
        self._task_chosen = False  # by the user
        self.settings.changed.connect(lambda: self.set(values=self.settings.values()))
        workspace.installed_changed.connect(self._refresh_choices)
        self._refresh_choices()

    @property
    def choice(self) -> TaskChoice | None:
        """The selected task."""
        return find_choice(self.choices, self.request.task)

    @property
    def bases(self) -> tuple[tuple[str, str], ...]:
        """The title and the name of each model that a run of the task can start from."""
        task = self.request.task
        return tuple(
            (one.facts.card.title or one.name, one.name)
            for one in self._models
            if one.facts.task == task
        )

    def set(self, **fields: Any) -> None:
        """Change fields of the request; the error of a field is cleared when it changes."""
        self._has_custom_name = self._has_custom_name or "name" in fields
        self._task_chosen = self._task_chosen or "task" in fields
        if fields.get("data") and not self._task_chosen:
            self._detect_task(fields["data"])
        self._change(**fields)

    def _change(self, **fields: Any) -> None:
        changed = replace(self.request, **fields)
        if changed.task != self.request.task:
            kept = {n: v for n, v in changed.values.items() if n in options_of(TrainConfig)}
            changed = replace(changed, preset="", values=kept, settings=(), base="")
        if {"task", "data"} & fields.keys():
            changed = self._with_folder(changed)
        self._clear_errors({"name" if field == "place" else field for field in fields})
        before, self.request = self.request, changed
        self._rebuild_settings()
        if changed != before:
            self.changed.emit()
        self.errors_changed.emit()

    def _detect_task(self, data: Path) -> None:
        """Choose a task for the kind of data, in the background."""
        self._workspace.background.run(
            partial(matching_tasks, data, self.choices),
            partial(self._on_tasks_found, data),
            partial(self.set_error, "data"),
        )

    def _on_tasks_found(self, data: Path, tasks: tuple[TaskChoice, ...]) -> None:
        is_current = data == self.request.data and not self._task_chosen
        if is_current and tasks and self.choice not in tasks:
            self._change(task=tasks[0].name)

    def reset(self) -> None:
        """Prepare another run of the same data, with a free name."""
        self._has_custom_name = False
        if self.request.data:
            self.set(data=self.request.data)

    def set_error(self, field: str, reason: str) -> None:
        """Show an error that a worker found."""
        self.errors = {**self.errors, field: reason}
        if field.startswith("set."):
            self.settings.set_error(field.removeprefix("set."), reason)
        self.errors_changed.emit()
        self.rejected.emit()

    def check(self, accept: Callable[[TrainRequest, TaskChoice], None]) -> None:
        """Check the request on a thread, then call `accept` with it if there are no errors."""
        if self.checking:
            return
        request, choices = self.request, self.choices
        self.checking = True
        self.changed.emit()
        self._workspace.background.run(
            lambda: find_errors(request, choices),
            partial(self._on_checked, request, accept),
            self._on_check_failed,
        )

    def _on_checked(
        self,
        request: TrainRequest,
        accept: Callable[[TrainRequest, TaskChoice], None],
        errors: dict[str, str],
    ) -> None:
        self._end_check()
        errors |= {f"set.{name}": reason for name, reason in self.settings.errors().items()}
        self.errors = errors
        self.errors_changed.emit()
        choice = find_choice(self.choices, request.task)
        if choice and not errors:
            accept(request, choice)
        else:
            self.rejected.emit()

    def _on_check_failed(self, reason: str) -> None:
        self._end_check()
        self.set_error("data", reason)

    def _end_check(self) -> None:
        self.checking = False
        self.changed.emit()

    def _with_folder(self, request: TrainRequest) -> TrainRequest:
        """Place the run next to its data with a free name, unless the user chose otherwise."""
        if request.data is None:
            return request
        if self._has_custom_name:
            return replace(request, place=request.place or request.data.parent / "runs")
        place = request.data.parent / "runs"
        short = request.task.partition(".")[2] or "run"
        return replace(request, place=place, name=free_name(place, f"{request.data.stem}-{short}"))

    def _clear_errors(self, fields: Collection[str]) -> None:
        """Clear the errors of changed fields; those of all settings, as they are interdependent."""
        settings = not {"task", "preset", "values", "settings"}.isdisjoint(fields)
        self.errors = {
            name: reason
            for name, reason in self.errors.items()
            if name not in fields and not (settings and name.startswith("set."))
        }
        if settings:
            self.settings.clear_errors()

    def _rebuild_settings(self) -> None:
        entry = self.choice.entry if self.choice else None
        self.settings.rebuild(entry, self.request.preset, self.request.values)

    def _refresh_choices(self) -> None:
        self.choices = task_choices(self._workspace.studio.catalogue)
        if self.choice is None and self.request.task:
            self._change(task="")
        self._rebuild_settings()
        self.changed.emit()
        self._workspace.background.run(
            self._workspace.studio.models.cards, self._on_models_read, lambda _reason: None
        )

    def _on_models_read(self, models: Sequence[FoundModel]) -> None:
        self._models = tuple(models)
        self.changed.emit()
