"""Why this note: what a model says of the selected note, what else it may be, and taking that."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from seqstudio.gui.operations.available import AvailableOperation
from seqstudio.gui.piano_roll.explainer import Explainer
from seqstudio.gui.piano_roll.explanation import (
    Explanation,
    LeanedOn,
    OtherNote,
    rewriting_operation,
)
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.note_names import position_text
from seqstudio.gui.piano_roll.other_note import Place, Rest
from seqstudio.gui.widgets.metric_text import share_text
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.take_files import without_scratch
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec

REACH = 8  # of a quarter note: notes that begin within half a sixteenth are read as one


class WhyModel(QObject):
    """What a model says of the selected note.

    Parameters
    ----------
    workspace : whose takes
    roll : whose selected note
    """

    changed = Signal()
    shown = Signal()  # the user wants to see it

    def __init__(
        self, workspace: Workspace, roll: PianoRollModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._roll = workspace, roll
        self.explainer = Explainer(workspace, self)
        self.rewrites = True  # whether what follows another note is written anew
        self._problem = ""  # why another note was not taken
        for signal in (roll.selection_changed, roll.bars_changed, self.explainer.changed):
            signal.connect(self.changed)
        roll.score.changed.connect(self._on_score_changed)

    @property
    def explanation(self) -> Explanation | None:
        """What was said of the take as it is now; None where no model was asked."""
        take = self._roll.score.take
        return self.explainer.of(take) if take else None

    @property
    def place(self) -> Place | None:
        """The place of the selected note, where that is explained."""
        take, info, explanation = self._roll.score.take, self._roll.info, self.explanation
        notes = self._roll.selected_notes
        if take is None or info is None or explanation is None or not notes:
            return None
        reach = info.ticks_per_beat // REACH
        found = explanation.at(self._roll.score.track, int(notes.onsets[0]), reach)
        return Place(take, found, reach) if found else None

    @property
    def heading(self) -> str:
        """The note and where it is; "" where none is explained."""
        place, info = self.place, self._roll.info
        if place is None or info is None:
            return ""
        return f"{place.note.name}, {place.note.voice}, {position_text(place.note.tick, info.bars)}"

    @property
    def verdict(self) -> str:
        """How likely the note is."""
        place, explanation = self.place, self.explanation
        if place is None or explanation is None:
            return ""
        note = place.note
        choice = "its first choice" if note.rank == 1 else f"its choice no. {note.rank}"
        return f"{share_text(note.probability)} by {explanation.by}, {choice}"

    @property
    def others(self) -> tuple[OtherNote, ...]:
        """What else may be there."""
        return self.place.note.others if self.place else ()

    @property
    def leans(self) -> tuple[LeanedOn, ...]:
        """Which notes of the past make the note as likely as it is."""
        return self.place.note.leans if self.place else ()

    @property
    def span(self) -> tuple[int, int] | None:
        """The bars that another note may have written anew after it; None where none can be."""
        place, info = self.place, self._roll.info
        if place is None or info is None or self._rewriter is None:
            return None
        return place.following_bars(info.bars, self._roll.bars)

    @property
    def span_text(self) -> str:
        """Which bars another note may have written anew."""
        if self.span is None:
            return "" if self.place is None else "No installed plugin writes bars anew."
        first, last = self.span
        bars = f"bar {first}" if first == last else f"bars {first} to {last}"
        return f"In {bars}, as a new take. Choose bars on the ruler for fewer."

    @property
    def asks(self) -> bool:
        """Whether a model is being asked about the take as it is now."""
        take = self._roll.score.take
        return take is not None and self.explainer.asks(take)

    @property
    def can_ask(self) -> bool:
        """Whether a model can be asked about the take as it is now."""
        ready = self._roll.target is not None and self.explainer.operation is not None
        return ready and not self.asks and self.explanation is None

    @property
    def status(self) -> str:
        """What goes on, went wrong or can be done; "" where a note is explained."""
        if self.asks:
            return f"A model reads every note: {100 * self.explainer.fraction:.0f} %"
        if problem := self._problem or self.explainer.problem:
            return problem
        if self.explainer.operation is None:
            return "No installed plugin explains notes."
        if self.explanation is None:
            return "A model says how likely each note is, what else it may be, and why."
        if not len(self._roll.selected):
            return "Select a note."
        return (
            "" if self.place else "The model does not read this note, but one that begins with it."
        )

    def show(self) -> None:
        """Show what is said of the selected note; ask a model about the take if none was."""
        self.shown.emit()
        self.ask()

    def ask(self) -> None:
        """Ask a model about every note of the take."""
        if take := self._roll.score.take:
            self.explainer.ask(take)

    def go_to(self, lean: LeanedOn) -> None:
        """Select a note that the selected one leaned on, in its track, and scroll to it."""
        self._roll.score.edit_track(lean.track)
        if notes := self._roll.notes:
            self._roll.go_to_note(int(np.abs(notes.onsets - lean.tick).argmin()))

    def set_rewrites(self, rewrites: bool) -> None:  # noqa: FBT001 - a check box's signal
        """Write what follows another note anew, or change the note alone."""
        self.rewrites = rewrites

    def take_other(self, other: OtherNote) -> None:
        """Put another note in the place of the selected one.

        If the user wants it and the other is a note, which can stay while the rest changes, a job
        writes what follows anew, as a new take. Else this take is edited.
        """
        place, explanation, info = self.place, self.explanation, self._roll.info
        edit = place.edit(other) if place else None
        if place is None or explanation is None or info is None or edit is None:
            return
        self._report("")
        entry, span = self._rewriter, self.span
        if not self.rewrites or not other.pitches or entry is None or span is None:
            self._workspace.do(edit)
            return
        rest = Rest(place, edit, info.bars, span, entry.entry.inputs[0].name)
        spec = JobSpec(
            plugin=entry.plugin,
            name=entry.entry.name,
            model=explanation.model,
            formats=("mid",),
        )
        document, profile = self._workspace.document, self._workspace.studio.profile
        self._workspace.background.run(
            lambda: rest.job(spec, document, profile),
            partial(self._submit, place, other),
            self._report,
        )

    @property
    def _rewriter(self) -> AvailableOperation | None:
        """The operation that writes bars anew; None where the plugin that explains has none."""
        operation = self.explainer.operation
        catalogue = self._workspace.studio.catalogue
        return rewriting_operation(catalogue, operation.plugin) if operation else None

    def _submit(self, place: Place, other: OtherNote, spec: JobSpec) -> None:
        title = f"{place.take.name} with {other.name}"
        with errors_to(self._report):
            self._workspace.submit(spec, title, (place.take.id,))

    def _on_score_changed(self) -> None:
        self._problem = ""
        self.changed.emit()

    def _report(self, reason: str) -> None:
        self._problem = without_scratch(reason, self._workspace.studio.profile)
        self.changed.emit()
