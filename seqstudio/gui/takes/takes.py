"""The takes related to the current one: their cards, and the actions on them."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import SessionError
from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.gui.operations.provenance import known_models
from seqstudio.gui.takes.card import TakeCard
from seqstudio.gui.takes.lineage import related_takes
from seqstudio.gui.takes.merge import merge_edit
from seqstudio.gui.takes.provenance_text import (
    facts_of,
    operation_entry,
    provenance_problem,
    why_not_rerun,
)
from seqstudio.gui.takes.rerun import rerun_spec
from seqstudio.gui.takes.summary import TakeSummary, is_current, summarise
from seqstudio.gui.widgets.facts import Fact
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.results import numbered_name
from seqstudio.gui.workspace.take_files import free_paths, scratch_file, without_scratch
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemFailed, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.atomic_files import os_errors_as, write_atomic
from seqstudio.session.document import Take, new_id
from seqstudio.session.edits import (
    AcceptTake,
    AddTake,
    AnnotateTake,
    CompoundEdit,
    RemoveTake,
    RenameTake,
    StarTake,
)

SETTLE_MS = 300  # without an edit before summaries are updated


class TakesModel(QObject):
    """The cards of the takes related to the current one, kept up to date."""

    changed = Signal()
    failed = Signal(str)  # one sentence
    message = Signal(str)  # what was done
    arrived = Signal(str)  # id of a take that was just generated

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.cards: tuple[TakeCard, ...] = ()
        self.bars: BarSelection | None = None  # chosen in the piano roll
        self._summaries: dict[str, TakeSummary] = {}
        self._pending: set[str] = set()
        self._known = {take.id for take in workspace.document.takes}
        self._settle_timer = QTimer(self)
        self._settle_timer.setSingleShot(True)
        self._settle_timer.setInterval(SETTLE_MS)
        self._settle_timer.timeout.connect(self._summarise_edited)
        for signal in (workspace.changed, workspace.selection_changed):
            signal.connect(self._refresh)
        workspace.installed_changed.connect(self._refresh_models)
        workspace.session_changed.connect(self._on_session_changed)
        workspace.queue.job_event.connect(self._on_job_event)
        self._refresh_models()

    @property
    def current(self) -> TakeCard | None:
        """The card of the current take."""
        return next(
            (card for card in self.cards if card.take.id == self._workspace.selected_id), None
        )

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The provenance of the current take."""
        workspace = self._workspace
        if not (take := workspace.take):
            return ()
        return facts_of(take, workspace.document, workspace.studio.catalogue, self._models)

    @property
    def why_not_rerun(self) -> str:
        """Why the current take cannot be generated again; "" if it can."""
        if not (take := self._workspace.take):
            return "No take is selected."
        return why_not_rerun(take, self._workspace.studio.catalogue, self._models)

    def select(self, id: str) -> None:
        """Make a take the current one."""
        self._workspace.select(id)

    def toggle_accepted(self) -> None:
        """Accept the current take, or take that back."""
        if take := self._workspace.take:
            self._workspace.do(AcceptTake(take.id, not take.accepted))

    @property
    def usable_bars(self) -> BarSelection | None:
        """The bars that `use_bars` puts in place: the chosen ones, else those with new notes."""
        card = self.current
        if card is None or not card.parent:
            return None
        summary = card.summary
        if self.bars or summary is None or not summary.spans:
            return self.bars
        last = summary.bars.index(summary.spans[-1][1])
        return BarSelection(summary.first_added_bar, last)

    def use_bars(self) -> None:
        """Put bars of the current take into the take that it was made from, as one undo step."""
        take, bars = self._workspace.take, self.usable_bars
        if take and bars:
            self.merge(take.parent, bars)

    @property
    def bar_count(self) -> int:
        """The number of bars of the current take; 0 until it is known."""
        summary = self.current.summary if self.current else None
        return max(len(summary.bars) - 1, 1) if summary else 0

    @property
    def mergeable_bars(self) -> BarSelection | None:
        """The bars to propose for a merge: the chosen ones, else the new ones, else all."""
        bars = self.usable_bars or self.bars
        if not self.bar_count or not self.merge_targets:
            return None
        return bars or BarSelection(1, self.bar_count)

    @property
    def merge_targets(self) -> tuple[Take, ...]:
        """The takes that bars of the current one can be put into."""
        here = self._workspace.selected_id
        return tuple(card.take for card in self.cards if card.take.id != here)

    def merge(self, into: str, bars: BarSelection) -> None:
        """Put bars of the current take into another, as one undo step, and show that one."""
        take, document = self._workspace.take, self._workspace.document
        if take is None:
            return
        target = document.take(into)
        self._workspace.background.run(
            partial(merge_edit, target, take, bars),
            partial(self._put_in_place, take, target),
            self.failed.emit,
        )

    def _put_in_place(self, take: Take, into: Take, edit: CompoundEdit) -> None:
        """Merge; bars that are used in the take that they were made for are accepted too."""
        accept = (AcceptTake(take.id),) if into.id == take.parent else ()
        if self._workspace.do(CompoundEdit(edit.title, (edit, *accept))):
            self._workspace.select(into.id)
            self.message.emit(f"{edit.title}: done in {into.name}")

    def toggle_starred(self) -> None:
        """Give the current take a star, or take it away."""
        if take := self._workspace.take:
            self._workspace.do(StarTake(take.id, not take.starred))

    def annotate(self, id: str, note: str) -> None:
        """Set the user's note on a take."""
        if note.strip() != self._workspace.document.take(id).note:
            self._workspace.do(AnnotateTake(id, note.strip()))

    def branch(self) -> None:
        """Add a copy of the current take, made from it, and select it."""
        if take := self._workspace.take:
            name = numbered_name(take.name, [one.name for one in self._workspace.document.takes])
            copy = replace(
                take, id=new_id(), name=name, parent=take.id, accepted=False, provenance={}
            )
            if self._workspace.do(AddTake(copy), title=f"Branch {take.name}"):
                self._workspace.select(copy.id)

    def rename(self, id: str, name: str) -> None:
        """Rename a take, unless the new name is blank."""
        if name.strip() and name.strip() != self._workspace.document.take(id).name:
            self._workspace.do(RenameTake(id, name.strip()))

    def remove(self, ids: Iterable[str]) -> None:
        """Remove takes in one step, and make a neighbour the current take."""
        gone = list(ids)
        order = [card.take.id for card in self.cards]
        left = [id for id in order if id not in gone]
        if not gone:
            return
        at = min(order.index(gone[0]), len(left) - 1)
        title = "Remove a take" if len(gone) == 1 else f"Remove {len(gone)} takes"
        if self._workspace.selected_id in gone:
            self._workspace.select(left[at] if left else "")
        self._workspace.do(CompoundEdit(title, tuple(map(RemoveTake, gone))))

    def files(self, ids: Iterable[str]) -> list[Path]:
        """Write the edited takes to scratch files; on an error, emit `failed` and return none."""
        wanted = set(ids)
        paths: list[Path] = []
        with errors_to(self.failed.emit):
            paths = [
                scratch_file(card.midi(), card.take.name, self._workspace.studio.profile)
                for card in self.cards
                if card.take.id in wanted
            ]
        return paths

    def export(self, ids: Iterable[str], folder: Path) -> list[Path]:
        """Save takes in a folder under their names, without replacing existing files."""
        wanted = set(ids)
        cards = [card for card in self.cards if card.take.id in wanted]
        paths = free_paths(folder, (card.take.name for card in cards))
        saved: list[Path] = []
        with errors_to(self.failed.emit):
            for card, path in zip(cards, paths, strict=True):
                with os_errors_as(SessionError, path):
                    write_atomic(path, card.midi())
            saved = paths
            self.message.emit(f"Saved to {folder}: {', '.join(path.name for path in paths)}")
        return saved

    def rerun(self, id: str) -> None:
        """Queue a job that generates the same take again, as a new take."""
        workspace, take = self._workspace, self._workspace.document.take(id)
        document, studio = workspace.document, workspace.studio
        workspace.background.run(
            lambda: rerun_spec(take, document, studio),
            lambda spec: self._submit(spec, take),
            self.failed.emit,
        )

    def _submit(self, spec: JobSpec, take: Take) -> None:
        with errors_to(self.failed.emit):
            self._workspace.submit(spec, f"Generate {take.name} again", (take.parent,))

    def _refresh_models(self) -> None:
        self._models = known_models(self._workspace.studio)
        self._refresh()

    def _refresh(self) -> None:
        document, catalogue = self._workspace.document, self._workspace.studio.catalogue
        by_id = {take.id: take for take in document.takes}
        cards = []
        for node in related_takes(document, self._workspace.selected_id):
            parent = by_id.get(node.take.parent)
            name = parent.name if parent else ""
            summary = self._summary_of(node.take, parent)
            problem = provenance_problem(node.take, catalogue, self._models)
            cards.append(TakeCard(node.take, node.depth, name, summary, problem))
        self.cards = tuple(cards)
        self.changed.emit()
        new = [take for take in document.takes if take.id not in self._known and take.provenance]
        self._known = set(by_id)
        if new:
            self.arrived.emit(new[0].id)

    def _on_session_changed(self) -> None:
        """Treat the takes of another session as known, not as new."""
        self._known = {take.id for take in self._workspace.document.takes}
        self._summaries.clear()

    def _on_job_event(self, job: int, event: JobEvent) -> None:
        """Report why a take was not generated."""
        reason = event.reason if isinstance(event, ItemFailed | JobFinished) else ""
        if not reason:
            return
        link = next((one for one in self._workspace.session.links if one.job == job), None)
        if link and self._produces_midi(job):
            short = without_scratch(reason, self._workspace.studio.profile)
            self.failed.emit(f"{link.title}: {short}")

    def _produces_midi(self, job: int) -> bool:
        row, studio = self._workspace.studio.jobs.get(job), self._workspace.studio
        entry = operation_entry({"plugin": row.plugin, "operation": row.name}, studio.catalogue)
        return entry is not None and any(port.kind == "midi" for port in entry.outputs)

    def _summary_of(self, take: Take, parent: Take | None) -> TakeSummary | None:
        """Return the last summary of a take; if it is out of date, start a new one."""
        summary = self._summaries.get(take.id)
        if summary is None:
            self._summarise(take, parent)
        elif not is_current(summary, take, parent):
            self._settle_timer.start()
        return summary

    def _summarise_edited(self) -> None:
        document = self._workspace.document
        for take in document.takes:
            parent = next((one for one in document.takes if one.id == take.parent), None)
            summary = self._summaries.get(take.id)
            if summary and not is_current(summary, take, parent):
                self._summarise(take, parent)

    def _summarise(self, take: Take, parent: Take | None) -> None:
        if take.id in self._pending:
            return
        self._pending.add(take.id)
        before = self._summaries.get(take.id)
        self._workspace.background.run(
            lambda: summarise(take, parent, before), self._on_summary, self.failed.emit
        )

    def _on_summary(self, summary: TakeSummary) -> None:
        self._pending.discard(summary.take.id)
        self._summaries[summary.take.id] = summary
        self._refresh()
