"""The settings of a new run as forms, drawn from what the task's manifest says of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option
from seqstudio.gui.operations.form import FormModel
from seqstudio.host.jobs.train_settings import own_options, training_options

FIRST = ("epochs", "seed", "preview_every", "gradient_flow_every")  # that stand open
UNKNOWN = "as in the preset"  # what an empty field stands for, where that is not described


@dataclass(frozen=True, slots=True)
class Section:
    """Settings that stand together."""

    title: str  # "" for those that come first
    form: FormModel


class Settings(QObject):
    """What is filled in, and what is wrong with it; other fields for each task and preset."""

    changed = Signal()  # a value, by a person
    renewed = Signal()  # the fields

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sections: tuple[Section, ...] = ()
        self._of: tuple[TaskEntry | None, str] = (None, "")
        self._blamed: dict[str, str] = {}
        self._told: dict[str, Any] = {}  # the values when `changed` was last emitted

    def values(self) -> dict[str, Any]:
        """Give what is filled in; the rest is the preset's."""
        return {
            name: value
            for section in self.sections
            for name, value in section.form.values().items()
        }

    def faults(self) -> dict[str, str]:
        """Give what is wrong, by setting."""
        return {
            name: reason
            for section in self.sections
            for name, reason in section.form.faults.items()
        }

    def renew(self, task: TaskEntry | None, preset: str, values: Mapping[str, Any]) -> None:
        """Offer the settings of a task, with a preset's defaults, and fill values in again."""
        if (task, preset) == self._of:
            return
        self._of = task, preset
        for section in self.sections:
            section.form.deleteLater()
        self.sections = tuple(self._section(*part) for part in _parts(task, preset))
        self.fill(values)
        self._told = self.values()
        for section in self.sections:
            section.form.changed.connect(self._filled)
        self.renewed.emit()

    def fill(self, values: Mapping[str, Any]) -> None:
        """Fill in those of the values that there is a field for."""
        for section in self.sections:
            for field in section.form.fields:
                if field.name in values:
                    section.form.set(field.name, values[field.name])

    def blame(self, name: str, reason: str) -> None:
        """Tell a fault that showed only in the worker, until something is changed."""
        for section in self.sections:
            if any(field.name == name for field in section.form.fields):
                self._blamed[name] = section.form.faults[name] = reason
                section.form.changed.emit()

    def forgive(self) -> None:
        """Take back what was blamed."""
        blamed, self._blamed = self._blamed, {}
        for section in self.sections:
            mine = [
                name for name, reason in section.form.faults.items() if blamed.get(name) == reason
            ]
            for name in mine:
                del section.form.faults[name]
            if mine:
                section.form.changed.emit()

    def _filled(self) -> None:
        if (values := self.values()) != self._told:
            self._told = values
            self.changed.emit()

    def _section(self, title: str, options: Mapping[str, Option]) -> Section:
        empty = {name: UNKNOWN for name, option in options.items() if option.default is None}
        return Section(title, FormModel(options, self, empty=empty))


def _parts(task: TaskEntry | None, preset: str) -> Iterator[tuple[str, Mapping[str, Option]]]:
    if task is None:
        return
    training = training_options(task, preset)
    yield "", {name: training.pop(name) for name in FIRST}
    if own := own_options(task, preset):
        yield "The model and its data", own
    yield "More about the training", training
