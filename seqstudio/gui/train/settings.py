"""The settings of a new run as forms, built from the task's manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option
from seqstudio.gui.operations.form import FormModel
from seqstudio.host.jobs.train_settings import task_options, training_options

FIRST = ("epochs", "seed", "preview_every", "gradient_flow_every")  # in the section that is open
UNKNOWN = "as in the preset"  # shown in an empty field whose default is not known


@dataclass(frozen=True, slots=True)
class Section:
    """A group of settings."""

    title: str  # "" for the first section
    form: FormModel


class TrainSettings(QObject):
    """The values of the settings and their errors; each task and preset has its own fields."""

    changed = Signal()  # the user changed a value
    rebuilt = Signal()  # there are other fields

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sections: tuple[Section, ...] = ()
        self._task_and_preset: tuple[TaskEntry | None, str] = (None, "")
        self._worker_errors: dict[str, str] = {}
        self._last_values: dict[str, Any] = {}  # the values when `changed` was last emitted

    def values(self) -> dict[str, Any]:
        """Return the values that are filled in; the rest take the preset's values."""
        return {
            name: value
            for section in self.sections
            for name, value in section.form.values().items()
        }

    def errors(self) -> dict[str, str]:
        """Return the errors by setting."""
        return {
            name: reason
            for section in self.sections
            for name, reason in section.form.errors.items()
        }

    def rebuild(self, task: TaskEntry | None, preset: str, values: Mapping[str, Any]) -> None:
        """Build the fields of a task with a preset's defaults, and fill values in."""
        if (task, preset) == self._task_and_preset:
            return
        self._task_and_preset = task, preset
        for section in self.sections:
            section.form.deleteLater()
        self.sections = tuple(self._section(*part) for part in _section_options(task, preset))
        self.fill(values)
        self._last_values = self.values()
        for section in self.sections:
            section.form.changed.connect(self._on_filled_in)
        self.rebuilt.emit()

    def fill(self, values: Mapping[str, Any]) -> None:
        """Fill in the values that have a field."""
        for section in self.sections:
            for field in section.form.fields:
                if field.name in values:
                    section.form.set(field.name, values[field.name])

    def set_error(self, name: str, reason: str) -> None:
        """Show an error that a worker found, until a setting changes."""
        for section in self.sections:
            if any(field.name == name for field in section.form.fields):
                self._worker_errors[name] = section.form.errors[name] = reason
                section.form.changed.emit()

    def clear_errors(self) -> None:
        """Clear the errors that a worker found."""
        errors, self._worker_errors = self._worker_errors, {}
        for section in self.sections:
            names = [
                name for name, reason in section.form.errors.items() if errors.get(name) == reason
            ]
            for name in names:
                del section.form.errors[name]
            if names:
                section.form.changed.emit()

    def _on_filled_in(self) -> None:
        if (values := self.values()) != self._last_values:
            self._last_values = values
            self.changed.emit()

    def _section(self, title: str, options: Mapping[str, Option]) -> Section:
        placeholders = {name: UNKNOWN for name, option in options.items() if option.default is None}
        return Section(title, FormModel(options, self, placeholders=placeholders))


def _section_options(
    task: TaskEntry | None, preset: str
) -> Iterator[tuple[str, Mapping[str, Option]]]:
    if task is None:
        return
    training = training_options(task, preset)
    yield "", {name: training.pop(name) for name in FIRST}
    if own := task_options(task, preset):
        yield "Model and data", own
    yield "More training settings", training
