"""Edits of the selected notes by keys and menus; each is one undo step."""

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.gestures import EditTarget, NoteMove, replace_edit
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.note_edits import lengthened, pasted, quantised, velocity_shifted
from seqstudio.gui.piano_roll.note_index import MAX_TICK
from seqstudio.session.edits import AddNotes, DeleteNotes
from seqstudio.session.note_array import Notes


class Editor:
    """Edits the selection of a `PianoRollModel`; does nothing where there is nothing to edit."""

    def __init__(self, model: PianoRollModel) -> None:
        self._model = model
        self._clipboard = Notes.of(())

    def nudge(self, steps: int, semitones: int, *, far: bool = False) -> None:
        """Move the selection, or the cursor if there is none.

        Parameters
        ----------
        steps : grid steps, or bars if `far`
        semitones : or octaves if `far`
        far : whether to move by bars and octaves
        """
        model = self._model
        if (target := model.target) is None:
            return
        _, bar = target.bars.bar_at(model.cursor[0])
        ticks = steps * bar if far else round(steps * target.step)
        semitones *= 12 if far else 1
        if not len(model.selected):
            tick, pitch = model.cursor
            model.set_cursor(tick + ticks, pitch + semitones)
            model.viewport.reveal(*model.cursor)
            return
        model.do(NoteMove(target, model.selected_subset(), 0, 0).by(ticks, semitones).edit())
        model.show_selected()

    def change_length(self, steps: int) -> None:
        """Move the ends of the selected notes by grid steps."""
        model = self._model
        if (target := model.target) and (old := model.selected_notes):
            new = lengthened(old, round(steps * target.step), round(target.step))
            model.do(replace_edit(target, old, new))

    def change_velocity(self, by: int) -> None:
        """Make the selected notes louder or softer."""
        model = self._model
        if (target := model.target) and (old := model.selected_notes):
            model.do(replace_edit(target, old, velocity_shifted(old, by)))

    def quantise(self) -> None:
        """Move the selected notes, or all if none are, to the grid."""
        model = self._model
        if (target := model.target) and model.grid.step:
            old = model.selected_notes or model.notes
            new = quantised(old, target.bars, target.step, model.strength)
            model.do(replace_edit(target, old, new))

    def delete(self) -> None:
        """Delete the selected notes."""
        model = self._model
        if (target := model.target) and (old := model.selected_notes):
            model.do(DeleteNotes(target.take, target.track, old))

    def add_at_cursor(self) -> None:
        """Add a note at the cursor and select it."""
        model = self._model
        if target := model.target:
            tick, pitch = model.cursor
            length = min(model.new_length(), MAX_TICK - tick)
            note = Note(tick, pitch, length, target.velocity, target.channel)
            self._add(target, Notes.of((note,)))

    def copy(self) -> None:
        """Put the selected notes on the roll's clipboard."""
        self._clipboard = self._model.selected_notes or self._clipboard

    def cut(self) -> None:
        """Copy the selected notes and delete them."""
        self.copy()
        self.delete()

    def paste(self) -> None:
        """Add the copied notes at the cursor, to the track that is edited."""
        model = self._model
        if (target := model.target) and self._clipboard:
            self._add(target, pasted(self._clipboard, model.cursor[0], target.channel))

    def duplicate(self) -> None:
        """Add a copy of the selected notes at the first grid line after their end."""
        model = self._model
        if (target := model.target) and len(model.selected):
            selected = model.selected_subset()
            first, end = int(selected.index.onsets[0]), int(selected.index.latest_ends[-1])
            steps = -(-(end - first) // target.step)
            tick = first + round(steps * target.step)
            self._add(target, pasted(selected.notes, tick, target.channel))

    def _add(self, target: EditTarget, notes: Notes) -> None:
        self._model.do(AddNotes(target.take, target.track, notes))
        self._model.show_selected()
