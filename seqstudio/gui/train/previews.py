"""What a model did at each stage of its training, to scrub through: texts and music."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.services.events import Preview


@dataclass(frozen=True, slots=True)
class Stage:
    """The preview of one step: the same examples and seeds as at every other."""

    step: int
    epoch: int
    text: str
    midi: Path | None = None  # to see
    sound: Path | None = None  # to hear

    @property
    def title(self) -> str:
        """When it was made, for people."""
        return f"Step {self.step}, epoch {self.epoch + 1}" if self.step else "Before training"

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The text as label and words: ("said", "HELLO"), ("heard", "HELO"); "" labels nothing."""
        parts = [part.strip() for line in self.text.splitlines() for part in line.split(" | ")]
        return tuple(_labelled(part) for part in parts if part)


def _labelled(part: str) -> tuple[str, str]:
    label, _, words = part.partition(" ")
    return (label, words) if label in ("said", "heard") and words else ("", part)


def stage_of(event: Preview, folder: Path) -> Stage:
    """Make a stage out of a training event; its files lie in the run folder."""
    files = {Path(name).suffix: folder / name for name in event.files}
    return Stage(event.step, event.epoch, event.text, files.get(".mid"), files.get(".wav"))


class Previews:
    """The stages in order, and the one in front: the newest, until a person scrubs back."""

    def __init__(self) -> None:
        self.stages: tuple[Stage, ...] = ()
        self.at = -1
        self.follows = True

    @property
    def stage(self) -> Stage | None:
        """The stage in front."""
        return self.stages[self.at] if self.stages else None

    def add(self, stage: Stage) -> None:
        """Add a stage; those of its step and later were undone by going back to a checkpoint."""
        kept = tuple(one for one in self.stages if one.step < stage.step)
        self.stages = (*kept, stage)
        newest = len(self.stages) - 1
        self.at = newest if self.follows else min(self.at, newest)

    def go(self, at: int) -> bool:
        """Put another stage in front, as near as there is one; whether it is another."""
        if not self.stages:
            return False
        newest = len(self.stages) - 1
        before, self.at = self.at, min(max(at, 0), newest)
        self.follows = self.at == newest
        return self.at != before

    def go_to_step(self, step: float) -> bool:
        """Put the last stage at or before a step in front, or the first one."""
        return self.go(bisect_right([one.step for one in self.stages], step) - 1)


@dataclass(frozen=True, slots=True)
class Sketch:
    """The notes of a preview, to be drawn small."""

    notes: tuple[Note, ...]
    ticks: int  # up to the end of the last note
    lowest: int  # pitch
    highest: int


def sketch_of(path: Path) -> Sketch:
    """Read the notes of a preview; call it on a thread.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    notes = tuple(note for track in Score.read(path).tracks for note in track.notes)
    pitches = [note.pitch for note in notes] or [60]
    ticks = max((note.onset_ticks + note.length_ticks for note in notes), default=1)
    return Sketch(notes, ticks, min(pitches), max(pitches))
