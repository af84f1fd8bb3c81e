"""The texts on the card of a take."""

from dataclasses import dataclass

from seqstudio.gui.takes.provenance_text import short_text
from seqstudio.gui.takes.summary import TakeSummary, same_notes
from seqstudio.host.text_format import count_text, format_duration
from seqstudio.session.document import Take


@dataclass(frozen=True, slots=True)
class TakeCard:
    """What is shown of one take."""

    take: Take
    depth: int
    parent: str  # name of the take that it was made from, "" for none
    summary: TakeSummary | None  # None until it has been computed
    provenance_problem: str = ""  # why its plugin or model is not as it was

    @property
    def size_text(self) -> str:
        """Bars, notes and length, in words."""
        summary = self.summary
        if not summary:
            return "Loading…"
        bars = max(len(summary.bars) - 1, 0)
        return (
            f"{count_text(bars, 'bar')} · {count_text(summary.notes, 'note')}"
            f" · {format_duration(summary.length_s)}"
        )

    @property
    def changes_text(self) -> str:
        """How it differs from the take that it was made from."""
        summary = self.summary
        if not summary or not summary.parent:
            return ""
        parts = []
        if summary.added:
            added = count_text(summary.added, "new note")
            parts.append(f"{added} from bar {summary.first_added_bar}")
        if summary.missing:
            parts.append(f"without {count_text(summary.missing, 'note')} of {self.parent}")
        return ", ".join(parts) or f"same notes as {self.parent}"

    @property
    def last_line(self) -> str:
        """The user's note, and how it differs from its parent."""
        note = " ".join(self.take.note.split())
        return " · ".join(filter(None, (f"“{note}”" if note else "", self.changes_text)))

    @property
    def provenance_text(self) -> str:
        """The model and the seed, after what is wrong with them now."""
        parts = (self.provenance_problem, short_text(self.take))
        return " · ".join(part for part in parts if part)

    @property
    def accessible_text(self) -> str:
        """All texts of the card, for screen readers."""
        state = "accepted" if self.take.accepted else "not accepted"
        star = "with a star" if self.take.starred else ""
        texts = (self.size_text, self.provenance_text, self.changes_text)
        parts = (self.take.name, star, state, self.take.note, *texts)
        return ", ".join(part for part in parts if part)

    def midi(self) -> bytes:
        """Return the edited MIDI file; parses MIDI only while the summary is out of date.

        Raises
        ------
        SeqStudioError
            If the take's MIDI cannot be read.
        """
        if self.summary and same_notes(self.summary.take, self.take):
            return self.summary.midi
        return self.take.score.to_bytes()
