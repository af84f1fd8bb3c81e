"""The previews of a training: the text or music that the model made at each stage."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.services.events import Preview

REFERENCE, RECOGNISED = "Reference", "Recognised"
LABELS = {
    "reference": REFERENCE,
    "hypothesis": RECOGNISED,
}  # labels in the text of a speech preview


@dataclass(frozen=True, slots=True)
class Stage:
    """The preview of one step. All steps use the same examples and seeds."""

    step: int
    epoch: int
    text: str
    midi: Path | None = None
    audio: Path | None = None

    @property
    def title(self) -> str:
        """The time of the preview, as shown to the user."""
        return f"Step {self.step}, epoch {self.epoch + 1}" if self.step else "Before training"

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The text as pairs of label and words; the label is "" for text without one."""
        parts = [part.strip() for line in self.text.splitlines() for part in line.split(" | ")]
        return tuple(_labelled(part) for part in parts if part)


def _labelled(part: str) -> tuple[str, str]:
    label, _, words = part.partition(" ")
    return (LABELS[label], words) if label in LABELS and words else ("", part)


def stage_of(event: Preview, folder: Path) -> Stage:
    """Return the stage of a training event; `folder` is the run folder with its files."""
    files = {Path(name).suffix: folder / name for name in event.files}
    return Stage(event.step, event.epoch, event.text, files.get(".mid"), files.get(".wav"))


class Previews:
    """The stages in order, and the selected one: the newest, until the user selects another."""

    def __init__(self) -> None:
        self.stages: tuple[Stage, ...] = ()
        self.index = -1
        self.follows_newest = True

    @property
    def stage(self) -> Stage | None:
        """The selected stage."""
        return self.stages[self.index] if self.stages else None

    def add(self, stage: Stage) -> None:
        """Add a stage; stages of its step or later are removed, as training went back."""
        kept = tuple(one for one in self.stages if one.step < stage.step)
        self.stages = (*kept, stage)
        newest = len(self.stages) - 1
        self.index = newest if self.follows_newest else min(self.index, newest)

    def select(self, index: int) -> bool:
        """Select a stage, clamped to the valid range; return whether the selection changed."""
        if not self.stages:
            return False
        newest = len(self.stages) - 1
        before, self.index = self.index, min(max(index, 0), newest)
        self.follows_newest = self.index == newest
        return self.index != before

    def select_step(self, step: float) -> bool:
        """Select the last stage at or before a step, or the first stage."""
        return self.select(bisect_right([one.step for one in self.stages], step) - 1)


@dataclass(frozen=True, slots=True)
class Sketch:
    """The notes of a preview for a small piano roll."""

    notes: tuple[Note, ...]
    ticks: int  # end of the last note
    lowest: int  # pitch
    highest: int


def read_sketch(path: Path) -> Sketch:
    """Read the notes of a preview; slow, so call it on a thread.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    notes = tuple(note for track in Score.read(path).tracks for note in track.notes)
    pitches = [note.pitch for note in notes] or [60]
    ticks = max((note.onset_ticks + note.length_ticks for note in notes), default=1)
    return Sketch(notes, ticks, min(pitches), max(pitches))
