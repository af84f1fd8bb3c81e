"""The form of a new run: what is asked for, its defaults, and what is wrong with it, by field."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.desk import Desk
from seqstudio.gui.train.request import (
    Request,
    TaskChoice,
    faults,
    find_choice,
    free_name,
    task_choices,
)


class NewRun(QObject):
    """Holds a `Request` and checks it; the run itself is the page's model's business."""

    changed = Signal()  # the request, the tasks there are, or `checking`
    faults_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.choices: tuple[TaskChoice, ...] = ()
        self.request = Request()
        self.faults: dict[str, str] = {}  # field -> sentence
        self.checking = False
        self._named = False  # by the person, so that no default replaces it
        desk.installed_changed.connect(self._installed)
        self._installed()

    @property
    def choice(self) -> TaskChoice | None:
        """The task that is chosen."""
        return find_choice(self.choices, self.request.task)

    def set(self, **fields: Any) -> None:
        """Change fields of the request; a fault goes when its field changes."""
        self._named = self._named or "name" in fields
        changed = replace(self.request, **fields)
        if changed.task != self.request.task:
            changed = replace(changed, preset="")
        if {"task", "data"} & fields.keys():
            changed = self._with_place(changed)
        stale = {"name" if field == "place" else field for field in fields}
        self.faults = {
            name: reason
            for name, reason in self.faults.items()
            if name not in stale and not ("settings" in stale and name.startswith("set."))
        }
        if changed != self.request:
            self.request = changed
            self.changed.emit()
        self.faults_changed.emit()

    def renew(self) -> None:
        """Get ready for another run of the same data: under a name that is free."""
        self._named = False
        if self.request.data:
            self.set(data=self.request.data)

    def blame(self, field: str, reason: str) -> None:
        """Tell a fault that a worker found."""
        self.faults = {**self.faults, field: reason}
        self.faults_changed.emit()

    def check(self, sound: Callable[[Request, TaskChoice], None]) -> None:
        """Check the request on a thread; `sound` is called with it if nothing is wrong."""
        if self.checking:
            return
        request, choices = self.request, self.choices
        self.checking = True
        self.changed.emit()
        self._desk.background.run(
            lambda: faults(request, choices), partial(self._checked, request, sound), self._unread
        )

    def _checked(
        self,
        request: Request,
        sound: Callable[[Request, TaskChoice], None],
        found: dict[str, str],
    ) -> None:
        self._looked()
        self.faults = found
        self.faults_changed.emit()
        choice = find_choice(self.choices, request.task)
        if choice and not found:
            sound(request, choice)

    def _unread(self, reason: str) -> None:
        self._looked()
        self.blame("data", reason)

    def _looked(self) -> None:
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

    def _installed(self) -> None:
        self.choices = task_choices(self._desk.studio.catalogue)
        if self.choice is None and self.choices:
            self.set(task=self.choices[0].name)
        self.changed.emit()
