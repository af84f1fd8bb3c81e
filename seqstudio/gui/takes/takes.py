"""The takes beside the one in front: what their cards say, and what can be done with them."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.gui.operations.provenance import known_models
from seqstudio.gui.takes.card import Card
from seqstudio.gui.takes.lineage import family
from seqstudio.gui.takes.record_text import facts_of, operation_of, trouble, why_not_again
from seqstudio.gui.takes.rerun import again
from seqstudio.gui.takes.summary import Sketch, is_of, sketch
from seqstudio.gui.widgets.facts import Fact
from seqstudio.gui.workspace.take_files import free_paths, scratch_file, without_scratch
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.atomic_files import faults_as, write_durably
from seqstudio.session.document import Take
from seqstudio.session.operations import AcceptTake, RemoveTake, RenameTake, Together

SETTLED_MS = 300


class TakesModel(QObject):
    """The cards of the takes that belong together with the one in front, always up to date."""

    changed = Signal()
    failed = Signal(str)  # one sentence
    said = Signal(str)  # what was done
    arrived = Signal(str)  # id of a take that was made just now

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.cards: tuple[Card, ...] = ()
        self._drawn: dict[str, Sketch] = {}
        self._drawing: set[str] = set()
        self._known = {take.id for take in workspace.document.takes}
        self._settled = QTimer(self)  # runs out when edits have ceased
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED_MS)
        self._settled.timeout.connect(self._draw_edited)
        for signal in (workspace.changed, workspace.chosen_changed):
            signal.connect(self._refresh)
        workspace.installed_changed.connect(self._look_for_models)
        workspace.session_changed.connect(self._forget)
        workspace.queue.happened.connect(self._hear)
        self._look_for_models()

    @property
    def front(self) -> Card | None:
        """The card of the take in front."""
        return next((card for card in self.cards if card.take.id == self._workspace.chosen), None)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the take in front was made with."""
        workspace = self._workspace
        if not (take := workspace.take):
            return ()
        return facts_of(take, workspace.document, workspace.studio.catalogue, self._models)

    @property
    def why_not_again(self) -> str:
        """Why the take in front cannot be made again; "" if it can."""
        if not (take := self._workspace.take):
            return "No take is in front."
        return why_not_again(take, self._workspace.studio.catalogue, self._models)

    def choose(self, id: str) -> None:
        """Show a take in the roll."""
        self._workspace.choose(id)

    def toggle_accepted(self) -> None:
        """Keep the take in front as part of the work, or no longer."""
        if take := self._workspace.take:
            self._workspace.do(AcceptTake(take.id, not take.accepted))

    def rename(self, id: str, name: str) -> None:
        """Give a take another name; an empty one is no name."""
        if name.strip() and name.strip() != self._workspace.document.take(id).name:
            self._workspace.do(RenameTake(id, name.strip()))

    def remove(self, ids: Iterable[str]) -> None:
        """Take takes out, in one step, and put a neighbour in front."""
        gone = list(ids)
        order = [card.take.id for card in self.cards]
        left = [id for id in order if id not in gone]
        if not gone:
            return
        at = min(order.index(gone[0]), len(left) - 1)
        title = "Remove a take" if len(gone) == 1 else f"Remove {len(gone)} takes"
        if self._workspace.chosen in gone:
            self._workspace.choose(left[at] if left else "")
        self._workspace.do(Together(title, tuple(map(RemoveTake, gone))))

    def files(self, ids: Iterable[str]) -> list[Path]:
        """Write takes as edited into the profile's scratch; none, and told, if one cannot be."""
        chosen = set(ids)
        try:
            return [
                scratch_file(card.midi(), card.take.name, self._workspace.studio.profile)
                for card in self.cards
                if card.take.id in chosen
            ]
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
            return []

    def export(self, ids: Iterable[str], folder: Path) -> list[Path]:
        """Write takes into a folder, each under its name; no file that is there is replaced."""
        chosen = set(ids)
        cards = [card for card in self.cards if card.take.id in chosen]
        paths = free_paths(folder, (card.take.name for card in cards))
        try:
            for card, path in zip(cards, paths, strict=True):
                with faults_as(SessionError, path):
                    write_durably(path, card.midi())
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
            return []
        self.said.emit(f"Written into {folder}: {', '.join(path.name for path in paths)}")
        return paths

    def make_again(self, id: str) -> None:
        """Queue the job of a take's record once more: the same take comes again, as a new one."""
        workspace, take = self._workspace, self._workspace.document.take(id)
        document, studio = workspace.document, workspace.studio
        workspace.background.run(
            lambda: again(take, document, studio),
            lambda spec: self._submit(spec, take),
            self.failed.emit,
        )

    def _submit(self, spec: JobSpec, take: Take) -> None:
        try:
            self._workspace.submit(spec, f"{take.name} again", (take.parent,))
        except SeqStudioError as bad:
            self.failed.emit(str(bad))

    def _look_for_models(self) -> None:
        self._models = known_models(self._workspace.studio)
        self._refresh()

    def _refresh(self) -> None:
        document, catalogue = self._workspace.document, self._workspace.studio.catalogue
        names = {take.id: take for take in document.takes}
        cards = []
        for kin in family(document, self._workspace.chosen):
            parent = names.get(kin.take.parent)
            found = self._sketch(kin.take, parent)
            lost = trouble(kin.take, catalogue, self._models)
            cards.append(Card(kin.take, kin.depth, parent.name if parent else "", found, lost))
        self.cards = tuple(cards)
        self.changed.emit()
        fresh = [take for take in document.takes if take.id not in self._known and take.record]
        self._known = set(names)
        if fresh:
            self.arrived.emit(fresh[0].id)

    def _forget(self) -> None:
        """Take what another session holds as known."""
        self._known = {take.id for take in self._workspace.document.takes}
        self._drawn.clear()

    def _hear(self, job: int, event: JobEvent) -> None:
        """Tell why a take did not come."""
        reason = event.reason if isinstance(event, ItemFailed | JobFinished) else ""
        if not reason:
            return
        link = next((one for one in self._workspace.session.links if one.job == job), None)
        if link and self._makes_music(job):
            short = without_scratch(reason, self._workspace.studio.profile)
            self.failed.emit(f"{link.title}: {short}")

    def _makes_music(self, job: int) -> bool:
        row, studio = self._workspace.studio.jobs.get(job), self._workspace.studio
        entry = operation_of({"plugin": row.plugin, "operation": row.name}, studio.catalogue)
        return entry is not None and any(port.kind == "midi" for port in entry.outputs)

    def _sketch(self, take: Take, parent: Take | None) -> Sketch | None:
        """Give the last sketch of a take; where that is old, a new one comes."""
        found = self._drawn.get(take.id)
        if found is None:
            self._draw(take, parent)
        elif not is_of(found, take, parent):
            self._settled.start()
        return found

    def _draw_edited(self) -> None:
        document = self._workspace.document
        for take in document.takes:
            parent = next((one for one in document.takes if one.id == take.parent), None)
            found = self._drawn.get(take.id)
            if found and not is_of(found, take, parent):
                self._draw(take, parent)

    def _draw(self, take: Take, parent: Take | None) -> None:
        if take.id in self._drawing:
            return
        self._drawing.add(take.id)
        before = self._drawn.get(take.id)
        self._workspace.background.run(
            lambda: sketch(take, parent, before), self._sketched, self.failed.emit
        )

    def _sketched(self, found: Sketch) -> None:
        self._drawing.discard(found.of.id)
        self._drawn[found.of.id] = found
        self._refresh()
