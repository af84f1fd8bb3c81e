"""The form of a new run: what is asked for, its defaults, and what is wrong with it, by field."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.options import options_of
from seqstudio.contracts.task import TrainConfig
from seqstudio.gui.train.request import (
    Request,
    TaskChoice,
    faults,
    find_choice,
    free_name,
    suited,
    task_choices,
)
from seqstudio.gui.train.settings import Settings
from seqstudio.gui.workspace.workspace import Workspace

LOOKS = {"preview_every": 1, "gradient_flow_every": 100}  # or there would be little to see


class NewRun(QObject):
    """Holds a `Request` and checks it; the run itself is the page's model's business."""

    changed = Signal()  # the request, the tasks there are, or `checking`
    faults_changed = Signal()
    refused = Signal()  # it was to begin, and something is wrong

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.choices: tuple[TaskChoice, ...] = ()
        self.request = Request(values=LOOKS)
        self.settings = Settings(self)
        self.faults: dict[str, str] = {}  # field -> sentence
        self.checking = False
        self._named = False  # by the person, so that no default replaces it
        self._chosen = False  # the task, by the person
        self.settings.changed.connect(lambda: self.set(values=self.settings.values()))
        workspace.installed_changed.connect(self._installed)
        self._installed()

    @property
    def choice(self) -> TaskChoice | None:
        """The task that is chosen."""
        return find_choice(self.choices, self.request.task)

    def set(self, **fields: Any) -> None:
        """Change fields of the request; a fault goes when its field changes."""
        self._named = self._named or "name" in fields
        self._chosen = self._chosen or "task" in fields
        if fields.get("data") and not self._chosen:
            self._look_at(fields["data"])
        self._change(**fields)

    def _change(self, **fields: Any) -> None:
        changed = replace(self.request, **fields)
        if changed.task != self.request.task:
            kept = {n: v for n, v in changed.values.items() if n in options_of(TrainConfig)}
            changed = replace(changed, preset="", values=kept, settings=())
        if {"task", "data"} & fields.keys():
            changed = self._with_place(changed)
        self._forgive({"name" if field == "place" else field for field in fields})
        before, self.request = self.request, changed
        self._renew_settings()
        if changed != before:
            self.changed.emit()
        self.faults_changed.emit()

    def _look_at(self, data: Path) -> None:
        """Choose a task that the data are for, soon."""
        look = partial(suited, data, self.choices)
        self._workspace.background.run(
            look, partial(self._suits, data), partial(self.blame, "data")
        )

    def _suits(self, data: Path, tasks: tuple[TaskChoice, ...]) -> None:
        asked = data == self.request.data and not self._chosen
        if asked and tasks and self.choice not in tasks:
            self._change(task=tasks[0].name)

    def renew(self) -> None:
        """Get ready for another run of the same data: under a name that is free."""
        self._named = False
        if self.request.data:
            self.set(data=self.request.data)

    def blame(self, field: str, reason: str) -> None:
        """Tell a fault that a worker found."""
        self.faults = {**self.faults, field: reason}
        if field.startswith("set."):
            self.settings.blame(field.removeprefix("set."), reason)
        self.faults_changed.emit()
        self.refused.emit()

    def check(self, sound: Callable[[Request, TaskChoice], None]) -> None:
        """Check the request on a thread; `sound` is called with it if nothing is wrong."""
        if self.checking:
            return
        request, choices = self.request, self.choices
        self.checking = True
        self.changed.emit()
        self._workspace.background.run(
            lambda: faults(request, choices), partial(self._checked, request, sound), self._unread
        )

    def _checked(
        self,
        request: Request,
        sound: Callable[[Request, TaskChoice], None],
        found: dict[str, str],
    ) -> None:
        self._end_check()
        found |= {f"set.{name}": reason for name, reason in self.settings.faults().items()}
        self.faults = found
        self.faults_changed.emit()
        choice = find_choice(self.choices, request.task)
        if choice and not found:
            sound(request, choice)
        else:
            self.refused.emit()

    def _unread(self, reason: str) -> None:
        self._end_check()
        self.blame("data", reason)

    def _end_check(self) -> None:
        self.checking = False
        self.changed.emit()

    def _with_place(self, request: Request) -> Request:
        """Put the run beside its data, under a name that is free, unless the person said where."""
        if request.data is None:
            return request
        if self._named:
            return replace(request, place=request.place or request.data.parent / "runs")
        place = request.data.parent / "runs"
        short = request.task.partition(".")[2] or "run"
        return replace(request, place=place, name=free_name(place, f"{request.data.stem}-{short}"))

    def _forgive(self, fields: Collection[str]) -> None:
        """Forget what was wrong with what has changed; settings may depend on each other."""
        settings = not {"task", "preset", "values", "settings"}.isdisjoint(fields)
        self.faults = {
            name: reason
            for name, reason in self.faults.items()
            if name not in fields and not (settings and name.startswith("set."))
        }
        if settings:
            self.settings.forgive()

    def _renew_settings(self) -> None:
        entry = self.choice.entry if self.choice else None
        self.settings.renew(entry, self.request.preset, self.request.values)

    def _installed(self) -> None:
        self.choices = task_choices(self._workspace.studio.catalogue)
        if self.choice is None and self.choices:
            self._change(task=self.choices[0].name)
        self._renew_settings()
        self.changed.emit()
