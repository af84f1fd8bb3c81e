"""The takes beside the one in front: what their cards say, and what can be done with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.gui.desk import Desk
from seqstudio.gui.facts import Fact
from seqstudio.gui.takes_again import again
from seqstudio.gui.takes_family import family
from seqstudio.gui.takes_files import free_paths, scratch_file
from seqstudio.gui.takes_record import facts_of, in_short, operation_of, why_not_again
from seqstudio.gui.takes_sketch import Sketch, sketch
from seqstudio.host.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.session.document import Take
from seqstudio.host.session.operations import AcceptTake, RemoveTake, RenameTake, Together
from seqstudio.host.studio import JobSpec
from seqstudio.host.wording import duration
from seqstudio.services.durable import faults_as, write_durably


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one take."""

    take: Take
    depth: int
    parent: str  # name of the take that it was made from, "" for none
    sketch: Sketch | None  # None until it has been drawn up

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
        if not found or not found.compared:
            return ""
        parts = []
        if found.added:
            parts.append(f"{counted(found.added, 'note')} new from bar {found.first_added_bar}")
        if found.missing:
            parts.append(f"{counted(found.missing, 'note')} of {self.parent} left out")
        return ", ".join(parts) or f"same notes as {self.parent}"

    @property
    def made(self) -> str:
        """The model and the seed."""
        return in_short(self.take)

    @property
    def spoken(self) -> str:
        """All of it, for who hears the screen."""
        state = "accepted" if self.take.accepted else "not accepted"
        return ", ".join(x for x in (self.take.name, state, self.size, self.made, self.news) if x)


def counted(number: int, what: str) -> str:
    """Say how many.

    >>> counted(1, "bar"), counted(1200, "note")
    ('1 bar', '1,200 notes')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


class TakesModel(QObject):
    """The cards of the takes that belong together with the one in front, always up to date."""

    changed = Signal()
    troubled = Signal(str)  # one sentence
    arrived = Signal(str)  # id of a take that was made just now

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.cards: tuple[Card, ...] = ()
        self._drawn: dict[str, tuple[Take, Take | None, Sketch]] = {}
        self._drawing: set[str] = set()
        self._known = {take.id for take in desk.document.takes}
        for signal in (desk.changed, desk.chosen_changed):
            signal.connect(self._refresh)
        desk.session_changed.connect(self._forget)
        desk.queue.happened.connect(self._hear)
        self._refresh()

    @property
    def front(self) -> Card | None:
        """The card of the take in front."""
        return next((card for card in self.cards if card.take.id == self._desk.chosen), None)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the take in front was made with."""
        take = self._desk.take
        return facts_of(take, self._desk.document, self._desk.studio.catalogue) if take else ()

    @property
    def why_not_again(self) -> str:
        """Why the take in front cannot be made again; "" if it can."""
        take = self._desk.take
        return why_not_again(take, self._desk.studio.catalogue) if take else "No take is in front."

    def choose(self, id: str) -> None:
        """Show a take in the roll."""
        self._desk.choose(id)

    def accept(self, id: str, *, accepted: bool) -> None:
        """Keep a take as part of the work, or no longer."""
        self._desk.do(AcceptTake(id, accepted))

    def rename(self, id: str, name: str) -> None:
        """Give a take another name; an empty one is no name."""
        if name.strip() and name.strip() != self._desk.document.take(id).name:
            self._desk.do(RenameTake(id, name.strip()))

    def remove(self, ids: Iterable[str]) -> None:
        """Take takes out, in one step, and put a neighbour in front."""
        gone = list(ids)
        order = [card.take.id for card in self.cards]
        left = [id for id in order if id not in gone]
        if not gone:
            return
        at = min(order.index(gone[0]), len(left) - 1)
        title = "Remove a take" if len(gone) == 1 else f"Remove {len(gone)} takes"
        if self._desk.chosen in gone:
            self._desk.choose(left[at] if left else "")
        self._desk.do(Together(title, tuple(map(RemoveTake, gone))))

    def files(self, ids: Iterable[str]) -> list[Path]:
        """Write takes as edited into the profile's scratch; those still being read are left out.

        Empty, and told, where one cannot be written.
        """
        chosen = set(ids)
        try:
            return [
                scratch_file(card.sketch.midi, card.take.name, self._desk.studio.profile)
                for card in self.cards
                if card.take.id in chosen and card.sketch
            ]
        except SessionError as bad:
            self.troubled.emit(str(bad))
            return []

    def export(self, ids: Iterable[str], folder: Path) -> list[Path]:
        """Write takes into a folder, each under its name; no file that is there is replaced."""
        chosen = set(ids)
        cards = [card for card in self.cards if card.take.id in chosen and card.sketch]
        paths = free_paths(folder, (card.take.name for card in cards))
        try:
            for card, path in zip(cards, paths, strict=True):
                with faults_as(SessionError, path):
                    write_durably(path, card.sketch.midi if card.sketch else b"")
        except SessionError as bad:
            self.troubled.emit(str(bad))
        return paths

    def make_again(self, id: str) -> None:
        """Queue the job of a take's record once more: the same take comes again, as a new one."""
        desk, take = self._desk, self._desk.document.take(id)
        document, studio = desk.document, desk.studio
        desk.background.run(
            lambda: again(take, document, studio),
            lambda spec: self._submit(spec, take),
            self.troubled.emit,
        )

    def _submit(self, spec: JobSpec, take: Take) -> None:
        try:
            self._desk.submit(spec, f"{take.name} again", (take.parent,))
        except SeqStudioError as bad:
            self.troubled.emit(str(bad))

    def _refresh(self) -> None:
        document = self._desk.document
        names = {take.id: take for take in document.takes}
        cards = []
        for kin in family(document, self._desk.chosen):
            parent = names.get(kin.take.parent)
            found = self._sketch(kin.take, parent)
            cards.append(Card(kin.take, kin.depth, parent.name if parent else "", found))
        self.cards = tuple(cards)
        self.changed.emit()
        fresh = [take for take in document.takes if take.id not in self._known and take.record]
        self._known = set(names)
        if fresh:
            self.arrived.emit(fresh[0].id)

    def _forget(self) -> None:
        """Take what another session holds as known."""
        self._known = {take.id for take in self._desk.document.takes}

    def _hear(self, job: int, event: JobEvent) -> None:
        """Tell why a take did not come."""
        reason = event.reason if isinstance(event, ItemFailed | JobFinished) else ""
        if not reason:
            return
        link = next((one for one in self._desk.session.links if one.job == job), None)
        if link and self._makes_music(job):
            self.troubled.emit(f"{link.title}: {reason}")

    def _makes_music(self, job: int) -> bool:
        row, studio = self._desk.studio.jobs.get(job), self._desk.studio
        entry = operation_of({"plugin": row.plugin, "operation": row.name}, studio.catalogue)
        return entry is not None and any(port.kind == "midi" for port in entry.outputs)

    def _sketch(self, take: Take, parent: Take | None) -> Sketch | None:
        """Give what is drawn of a take; where that is old, draw it up anew, and tell."""
        was = self._drawn.get(take.id)
        if was and _same(was[0], take) and _same(was[1], parent):
            return was[2]
        if take.id not in self._drawing:
            self._drawing.add(take.id)
            self._desk.background.run(
                lambda: sketch(take, parent),
                lambda found: self._sketched(take, parent, found),
                lambda reason: self._unreadable(take, reason),
            )
        return was[2] if was else None

    def _sketched(self, take: Take, parent: Take | None, found: Sketch) -> None:
        self._drawing.discard(take.id)
        self._drawn[take.id] = (take, parent, found)
        self._refresh()

    def _unreadable(self, take: Take, reason: str) -> None:
        """Leave the card without a picture; it is not tried again until the take changes."""
        self.troubled.emit(reason)


def _same(one: Take | None, other: Take | None) -> bool:
    """Whether two states of a take have the same notes."""
    if one is None or other is None:
        return one is other
    return one.midi == other.midi and one.tracks == other.tracks
