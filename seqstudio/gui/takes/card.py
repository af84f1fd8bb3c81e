"""What the card of a take says."""

from dataclasses import dataclass

from seqstudio.gui.takes.record_text import in_short
from seqstudio.gui.takes.summary import Sketch, same_notes
from seqstudio.host.text_format import duration
from seqstudio.session.document import Take


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one take."""

    take: Take
    depth: int
    parent: str  # name of the take that it was made from, "" for none
    sketch: Sketch | None  # None until it has been drawn up
    trouble: str = ""  # what of its making is gone, or another now

    @property
    def size(self) -> str:
        """Bars, notes and length, in words."""
        found = self.sketch
        if not found:
            return "reading…"
        bars = max(len(found.bars) - 1, 0)
        return (
            f"{counted(bars, 'bar')} · {counted(found.notes, 'note')} · {duration(found.length_s)}"
        )

    @property
    def news(self) -> str:
        """What tells it from the take that it was made from."""
        found = self.sketch
        if not found or not found.parent:
            return ""
        parts = []
        if found.added:
            parts.append(f"{counted(found.added, 'note')} new from bar {found.first_added_bar}")
        if found.missing:
            parts.append(f"{counted(found.missing, 'note')} of {self.parent} left out")
        return ", ".join(parts) or f"same notes as {self.parent}"

    @property
    def made(self) -> str:
        """What is gone of what made it, the model and the seed."""
        return " · ".join(part for part in (self.trouble, in_short(self.take)) if part)

    @property
    def spoken(self) -> str:
        """All of it, for who hears the screen."""
        state = "accepted" if self.take.accepted else "not accepted"
        return ", ".join(x for x in (self.take.name, state, self.size, self.made, self.news) if x)

    def midi(self) -> bytes:
        """Give the file as edited; reads MIDI only while an edit is fresh.

        Raises
        ------
        SeqStudioError
            If the take's MIDI cannot be read.
        """
        if self.sketch and same_notes(self.sketch.of, self.take):
            return self.sketch.midi
        return self.take.score.to_bytes()


def counted(number: int, what: str) -> str:
    """Say how many.

    >>> counted(1, "bar"), counted(1200, "note")
    ('1 bar', '1,200 notes')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")
