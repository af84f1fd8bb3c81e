"""Training events as lines that people read."""

from collections.abc import Mapping
from typing import Any

from seqstudio.services.events import Evaluated, Event, Finished, Preview, Step, event_from_plain


def training_line(fields: Mapping[str, Any]) -> str:
    """Say a training event in a line; "" for those that only move a bar, and for none.

    >>> training_line({})
    ''
    """
    if not fields:
        return ""
    return line_of(event_from_plain(fields, "training event"))


def line_of(event: Event) -> str:
    """Say an event; steps without a warning and checkpoints are too many to print."""
    match event:
        case Step(flow={"verdict": verdict}):
            return f"step {event.step}: gradient {verdict}"
        case Evaluated():
            others = [f"{k} {v:.4g}" for k, v in event.figures.items() if k != event.monitor]
            figures = ", ".join([f"{event.monitor} {event.value:.4g}", *others])
            mark = "; best so far, kept" if event.best else ""
            place = f"epoch {event.epoch + 1}, step {event.step}"
            if event.averaged > 1:
                place = f"average of the {event.averaged} best"
            return f"{place}: {figures}{mark}"
        case Preview():
            return "\n".join(f"  | {line}" for line in event.text.splitlines())
        case Finished():
            return event.note
        case _:
            return ""
