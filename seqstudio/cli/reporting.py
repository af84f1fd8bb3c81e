"""Say what a job does: plain lines, bars above lines on a terminal, or one JSON object."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from seqstudio.cli.output import to_json
from seqstudio.cli.training_lines import training_line
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted
from seqstudio.host.text_format import readable

if TYPE_CHECKING:
    from rich.progress import TaskID


class Reporter(Protocol):
    """Hears every event of a job, in order, then is closed.

    Where a job has several items, each that fails is named when it does; where it has one, the
    reason is the command's own error.
    """

    def hear(self, event: object) -> None:
        """Take one event."""

    def close(self) -> None:
        """Leave the terminal as it was; say what is said last."""


class Lines:
    """One line for each item that ends, and for each training event that people want to see."""

    def __init__(self, *, several: bool, say: Callable[[str], None] = click.echo) -> None:
        self._several = several
        self._say = say

    def hear(self, event: object) -> None:
        """Print what is worth a line."""
        match event:
            case ItemDone() if line := done_line(event):
                self._say(line)
            case ItemFailed() if self._several:
                click.echo(failed_line(event), err=True)
            case ItemProgress() if line := training_line(event.event):
                self._say(line)

    def close(self) -> None:
        """Do nothing: every line was said when it was due."""


class Quiet:
    """Names failures on stderr and says nothing else: stdout is for a program."""

    def __init__(self, *, several: bool) -> None:
        self._several = several

    def hear(self, event: object) -> None:
        """Name an item that failed."""
        if isinstance(event, ItemFailed) and self._several:
            click.echo(failed_line(event), err=True)

    def close(self) -> None:
        """Do nothing: there is nothing to put back."""


class Bars:
    """A bar for each item that runs, under the lines; for terminals."""

    def __init__(self, *, several: bool) -> None:
        from rich.console import Console  # rich loads when there is something to draw
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._bars: dict[int, TaskID] = {}
        self._lines = Lines(several=several, say=self._print)
        self._progress.start()

    def _print(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def hear(self, event: object) -> None:
        """Move, add or drop a bar; print the event's line, if it has one."""
        match event:
            case ItemStarted():
                self._bars[event.item] = self._progress.add_task(event.name, total=1.0, note="")
            case ItemProgress() if event.item in self._bars:
                self._progress.update(
                    self._bars[event.item], completed=event.fraction, note=event.note
                )
            case ItemDone() | ItemFailed() if event.item in self._bars:
                self._progress.remove_task(self._bars.pop(event.item))
        self._lines.hear(event)

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()


class Collected(Quiet):
    """Keeps every item's end, for one JSON object."""

    def __init__(self, *, several: bool) -> None:
        super().__init__(several=several)
        self.items: list[dict[str, Any]] = []

    def hear(self, event: object) -> None:
        """Keep items as they end; failures are named on stderr too."""
        super().hear(event)
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

    def document(self, **facts: object) -> str:
        """Give the JSON object: the job's facts, then its items."""
        return to_json({**facts, "items": self.items})


def reporter_for_people(*, several: bool) -> Reporter:
    """Give bars where both streams are a terminal, else plain lines."""
    kind = Bars if sys.stdout.isatty() and sys.stderr.isatty() else Lines
    return kind(several=several)


def done_line(event: ItemDone) -> str:
    """Say one finished item: its outputs and summary; "" for one that has neither."""
    outputs = readable(together(event.outputs))
    made = f"{event.name} -> {outputs}" if outputs else event.name
    if event.skipped:
        return f"{made}: done before, skipped"
    if event.summary:
        return f"{made}: {event.summary}"
    return made if outputs else ""


def together(paths: Sequence[Path]) -> str:
    """Name files that differ in their suffix only as a shell would.

    >>> together([Path("words/a.txt"), Path("words/a.srt")]), together([Path("a.mid")])
    ('words/a.{txt,srt}', 'a.mid')
    """
    stems = {path.with_suffix("") for path in paths}
    if len(paths) < 2 or len(stems) != 1:
        return ", ".join(map(str, paths))
    suffixes = ",".join(path.suffix[1:] for path in paths)
    return f"{stems.pop()}.{{{suffixes}}}"


def failed_line(event: ItemFailed) -> str:
    """Say one refused item: its name once, and the reason."""
    return event.reason if event.name in event.reason else f"{event.name}: {event.reason}"
