"""The values of an operation's options, as the user fills them in, checked by the host's rules."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.contracts.options import Option
from seqstudio.errors import ConfigError
from seqstudio.gui.operations.known_options import ADVANCED, LABELS, SUGGESTIONS
from seqstudio.host.jobs.options import fill_options

MODEL_DEFAULT = "model default"  # the placeholder of a field whose option has no default

Editor = Literal["number", "flag", "choice", "choices", "path", "text", "lines"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    name: str
    label: str
    option: Option
    editor: Editor  # the kind of widget that edits it
    placeholder: str  # shown while it is empty: the value that is then used

    @property
    def advanced(self) -> bool:
        """Whether a form folds it away."""
        return self.name in ADVANCED

    @property
    def suggestions(self) -> tuple[str, ...]:
        """The usual values, for a list; any other can be typed."""
        return SUGGESTIONS.get(self.name, ()) if self.option.type == "str" else ()

    @property
    def help(self) -> str:
        """The option's help, its range, and how several values are entered."""
        option = self.option
        lowest, highest = option.min, option.max
        limits = [
            *([f"from {lowest:g}"] if lowest is not None else []),
            *([f"to {highest:g}"] if highest is not None else []),
        ]
        several = {"lines": "One on each line.", "choices": "Any number of them."}
        texts = (option.help, " ".join(limits).capitalize(), several.get(self.editor, ""))
        return "\n".join(text for text in texts if text)


class FormModel(QObject):
    """The values of a form; `errors` says for each invalid field why the host would refuse it.

    Parameters
    ----------
    entry : an operation, or options alone
    placeholders : by option, where it is neither the default nor `MODEL_DEFAULT`
    """

    changed = Signal()

    def __init__(
        self,
        entry: OperationEntry | Mapping[str, Option],
        parent: QObject | None = None,
        *,
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent)
        if isinstance(entry, Mapping):
            entry = OperationEntry(name="form", title="Form", options=entry)
        self._entry = entry
        self._values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.fields = tuple(
            Field(
                name,
                label_of(name),
                option,
                editor_of(option),
                (placeholders or {}).get(name) or placeholder_of(option),
            )
            for name, option in entry.options.items()
        )

    def values(self) -> dict[str, Any]:
        """Return the values that the user filled in; the other options take their defaults."""
        return dict(self._values)

    def value(self, name: str) -> Any:
        """Return the value of one field, or its default while it is empty."""
        return self._values.get(name, self._entry.options[name].default)

    def set(self, name: str, value: Any) -> None:
        """Fill in one field; None empties it."""
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value
        self.errors.pop(name, None)
        try:
            fill_options(self._entry, {name: value})
        except ConfigError as error:
            self.errors[name] = str(error)
        self.changed.emit()

    def type_in(self, name: str, text: str) -> None:
        """Fill in one field from text; an empty one takes its default."""
        self.set(name, from_text(self._entry.options[name], text))

    def step(self, name: str, steps: int) -> None:
        """Change a number by steps, within its range."""
        option = self._entry.options[name]
        value = self.value(name)
        lowest, highest = option.min, option.max
        if not isinstance(value, (int, float)):
            value = 0 if lowest is None else lowest
        moved = round(value + steps * step_of(option, value), 12)
        moved = moved if lowest is None else max(moved, lowest)
        moved = moved if highest is None else min(moved, highest)
        self.set(name, int(moved) if option.type == "int" else float(moved))

    def reset(self) -> None:
        """Empty every field."""
        self._values.clear()
        self.errors.clear()
        self.changed.emit()


def step_of(option: Option, value: float) -> float:
    """Return the size of a step: 1, a fiftieth of the range, or about a tenth of the value itself.

    >>> step_of(Option(type="float", min=0, max=3), 0.8), step_of(Option(type="float"), 0.0015)
    (0.06, 0.0001)
    """
    if option.type == "int":
        return 1.0
    if option.min is not None and option.max is not None:
        return float(f"{(option.max - option.min) / 50:.1g}")
    return float(f"1e{math.floor(math.log10(abs(value))) - 1}") if value else 0.1


def editor_of(option: Option) -> Editor:
    """Return the kind of widget that edits an option."""
    if option.repeat:
        return "choices" if option.type == "choice" else "lines"
    editors: dict[str, Editor] = {
        "int": "number",
        "float": "number",
        "bool": "flag",
        "choice": "choice",
        "path": "path",
    }
    return editors.get(option.type, "text")


def placeholder_of(option: Option) -> str:
    """Return the text of an empty field: the option's default, "none", or `MODEL_DEFAULT`."""
    if option.default is None or option.default == []:
        return "none" if option.repeat or option.type == "path" else MODEL_DEFAULT
    return to_text(option.default).replace("\n", ", ")


def label_of(name: str) -> str:
    """Return the label of an option.

    >>> label_of("top_p"), label_of("vad")
    ('Top p', 'Find pauses by')
    """
    return LABELS.get(name) or name.replace("_", " ").replace("-", " ").capitalize()


def to_text(value: Any) -> str:
    """Format a value for a field; several values go one on each line."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "\n".join(map(to_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_text(option: Option, text: str) -> Any:
    """Parse a field. Text that is not of the option's type stays text, for the host to refuse."""
    if option.repeat:
        lines = [line.strip() for line in text.splitlines()]
        return [_single(option, line) for line in lines if line] or None
    if option.type != "str":
        text = text.strip()
    return _single(option, text) if text else None


def _single(option: Option, text: str) -> Any:
    try:
        if option.type == "int":
            return int(text)
        if option.type == "float":
            return float(text)
    except ValueError:
        return text
    if option.type == "bool":
        return {"yes": True, "no": False}.get(text.lower(), text)
    return text
