"""Report the events of a job: plain lines, progress bars on a terminal, or one JSON object."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from seqstudio.cli.base import runs_here
from seqstudio.cli.output import echo, to_json
from seqstudio.cli.progress import BatchProgress
from seqstudio.host.jobs.events import (
    ItemDone,
    ItemFailed,
    ItemProgress,
    ItemStarted,
    Notice,
    PartialText,
)
from seqstudio.host.text_format import one_line, printable
from seqstudio.services.events import (
    Evaluated,
    Event,
    Finished,
    PresetChosen,
    Preview,
    Started,
    TrainingStep,
    average_text,
    event_from_plain,
)

if TYPE_CHECKING:
    from rich.progress import TaskID


PROGRESS_S = 60.0  # between two lines about a whole batch


class Reporter(Protocol):
    """Receives every event of a job, in order, and is then closed.

    If a job has several items, each failure is reported when it occurs. If it has one, the reason
    becomes the error of the command.
    """

    def on_event(self, event: object) -> None:
        """Handle one event."""

    def close(self) -> None:
        """Restore the terminal."""


class LineReporter:
    """Prints a line for each item that ends and for the main training events.

    Parameters
    ----------
    several : the job has several items
    echo : prints a line
    progress : of a batch: now and then its line is printed on stderr
    """

    def __init__(
        self,
        *,
        several: bool,
        echo: Callable[[str], None] = echo,
        progress: BatchProgress | None = None,
    ) -> None:
        self._several = several
        self._echo = echo
        self._progress = progress
        self._next_s = time.monotonic() + PROGRESS_S

    def on_event(self, event: object) -> None:
        """Print the line of an event, if it has one."""
        if self._progress and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + PROGRESS_S
            echo(self._progress.line(), err=True)
        match event:
            case ItemDone() if line := done_line(event):
                self._echo(line)
            case ItemFailed() if self._several:
                echo(failed_line(event), err=True)
            case Notice() | PartialText():
                echo(one_line(event.text), err=True)
            case ItemProgress() if line := training_line(event.event):
                self._echo(line)

    def close(self) -> None:
        """Do nothing: every line is already printed."""


class QuietReporter:
    """Prints failures and notices on stderr, nothing else; stdout is left to the command."""

    def __init__(self, *, several: bool) -> None:
        self._several = several

    def on_event(self, event: object) -> None:
        """Print the reason of an item that failed, and what the user should know."""
        if isinstance(event, ItemFailed) and self._several:
            echo(failed_line(event), err=True)
        elif isinstance(event, Notice):
            echo(one_line(event.text), err=True)

    def close(self) -> None:
        """Do nothing: the terminal is unchanged."""


class BarReporter:
    """Shows a progress bar for each running item and for a batch, below the lines; for terminals.

    Parameters
    ----------
    several : the job has several items
    progress : of a batch
    """

    def __init__(self, *, several: bool, progress: BatchProgress | None = None) -> None:
        from rich.console import Console  # slow to import, so only when bars are shown
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._display = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[message]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._bars: dict[int, TaskID] = {}
        self._lines = LineReporter(several=several, echo=self._print)
        self._display.start()
        self._batch = progress
        self._whole = self._display.add_task("all", total=1.0, message="") if progress else None

    def _print(self, text: str) -> None:
        self._display.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def on_event(self, event: object) -> None:
        """Add, update or remove a bar; print the line of the event, if it has one."""
        match event:
            case ItemStarted():
                self._bars[event.item] = self._display.add_task(
                    one_line(event.name), total=1.0, message=""
                )
            case ItemProgress() if event.item in self._bars:
                self._display.update(
                    self._bars[event.item],
                    completed=event.fraction,
                    message=one_line(event.message),
                )
            case ItemDone() | ItemFailed() if event.item in self._bars:
                self._display.remove_task(self._bars.pop(event.item))
        if self._whole is not None and self._batch:
            line = self._batch.line()
            self._display.update(self._whole, completed=self._batch.fraction, message=line)
        self._lines.on_event(event)

    def close(self) -> None:
        """Remove the bars."""
        self._display.stop()


class JsonReporter(QuietReporter):
    """Collects the result of every item for one JSON object."""

    def __init__(self, *, several: bool) -> None:
        super().__init__(several=several)
        self.items: list[dict[str, Any]] = []

    def on_event(self, event: object) -> None:
        """Collect items as they end; print failures on stderr too."""
        super().on_event(event)
        match event:
            case ItemDone():
                self.items.append(
                    {
                        "name": event.name,
                        "state": "skipped" if event.skipped else "done",
                        "outputs": event.outputs,
                        "model": event.model,
                        "summary": event.summary,
                        "details": event.details,
                    }
                )
            case ItemFailed():
                self.items.append({"name": event.name, "state": "failed", "reason": event.reason})

    def document(self, **fields: object) -> str:
        """Return the JSON object: the fields of the job, then its items."""
        return to_json({**fields, "items": self.items})


def text_reporter(*, several: bool, progress: BatchProgress | None = None) -> Reporter:
    """Return progress bars if stdout and stderr are terminals, otherwise plain lines."""
    if sys.stdout.isatty() and sys.stderr.isatty() and not runs_here():
        return BarReporter(several=several, progress=progress)
    return LineReporter(several=several, progress=progress)


def done_line(event: ItemDone) -> str:
    """Return the line of a finished item: outputs and summary; "" if it has neither."""
    name, outputs = one_line(event.name), one_line(brace_paths(event.outputs))
    result = f"{name} -> {outputs}" if outputs else name
    if event.kept:
        result += f" (what was there is kept as {one_line(brace_paths(event.kept))})"
    if event.skipped:
        return f"{result}: already done, skipped"
    if event.summary:
        lines = event.summary.replace("\n", "\n  ")  # a plugin begins no line of its own
        return f"{result}: {lines}"
    return result if outputs else ""


def brace_paths(paths: Sequence[Path]) -> str:
    """Abbreviate paths that differ only in their suffix, as in a shell's brace expansion.

    >>> brace_paths([Path("words/a.txt"), Path("words/a.srt")]), brace_paths([Path("a.mid")])
    ('words/a.{txt,srt}', 'a.mid')
    """
    stems = {path.with_suffix("") for path in paths}
    if len(paths) < 2 or len(stems) != 1:
        return ", ".join(map(str, paths))
    suffixes = ",".join(path.suffix[1:] for path in paths)
    return f"{stems.pop()}.{{{suffixes}}}"


def failed_line(event: ItemFailed) -> str:
    """Return the line of a failed item: the reason, with the item's name once."""
    reason = event.reason
    return one_line(reason if event.name in reason else f"{event.name}: {reason}")


def training_line(fields: Mapping[str, Any]) -> str:
    """Return the line of a training event; "" for an empty event or one that is not printed.

    >>> training_line({})
    ''
    """
    if not fields:
        return ""
    return event_line(event_from_plain(fields, "training event"))


def event_line(event: Event) -> str:
    """Return the line of an event; "" for checkpoints and for steps without a gradient warning."""
    match event:
        case TrainingStep(gradient_flow={"verdict": verdict}):
            return f"step {event.step}: gradient {verdict}"
        case Evaluated():
            others = [f"{k} {v:.4g}" for k, v in event.metrics.items() if k != event.monitor]
            metrics = ", ".join([f"{event.monitor} {event.value:.4g}", *others])
            best = "; best so far, saved" if event.best else ""
            place = f"epoch {event.epoch + 1}, step {event.step}"
            if event.averaged > 1:
                place = average_text(event.average, event.averaged)
            return one_line(f"{place}: {metrics}{best}")
        case Preview():
            return "\n".join(f"  | {line}" for line in event.text.splitlines())
        case Finished() | PresetChosen() | Started():
            return one_line(event.summary)
        case _:
            return ""
