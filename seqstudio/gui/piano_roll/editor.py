"""What the keys and the menu do to chosen notes; each thing is one operation."""

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.gestures import Moving, Place, replacing
from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.note_edits import louder, pasted, quantised, stretched
from seqstudio.gui.piano_roll.note_index import LAST_TICK
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import AddNotes, DeleteNotes


class Editor:
    """Edits what is chosen in a `RollModel`; where nothing is, or can be, nothing happens."""

    def __init__(self, model: RollModel) -> None:
        self._model = model
        self._clipboard = Notes.of(())

    def nudge(self, steps: int, semitones: int, *, far: bool = False) -> None:
        """Move what is chosen, or the cursor, by grid steps and semitones; far: bars, octaves."""
        model = self._model
        if (place := model.place) is None:
            return
        _, bar = place.bars.at(model.cursor[0])
        ticks = steps * bar if far else round(steps * place.step)
        semitones *= 12 if far else 1
        if not len(model.selected):
            tick, pitch = model.cursor
            model.put_cursor(tick + ticks, pitch + semitones)
            model.sight.show(*model.cursor)
            return
        model.do(Moving(place, model.lifted(), 0, 0).by(ticks, semitones).operation())
        model.show_selected()

    def stretch(self, steps: int) -> None:
        """Move the ends of what is chosen by grid steps."""
        model = self._model
        if (place := model.place) and (old := model.selected_notes):
            new = stretched(old, round(steps * place.step), round(place.step))
            model.do(replacing(place, old, new))

    def weigh(self, by: int) -> None:
        """Make what is chosen louder or softer."""
        model = self._model
        if (place := model.place) and (old := model.selected_notes):
            model.do(replacing(place, old, louder(old, by)))

    def quantise(self) -> None:
        """Move what is chosen, or else all, to the grid."""
        model = self._model
        if (place := model.place) and model.grid.step:
            old = model.selected_notes or model.notes
            model.do(replacing(place, old, quantised(old, place.bars, place.step)))

    def delete(self) -> None:
        """Delete what is chosen."""
        model = self._model
        if (place := model.place) and (old := model.selected_notes):
            model.do(DeleteNotes(place.take, place.track, old))

    def add_at_cursor(self) -> None:
        """Write a note at the cursor, and choose it."""
        model = self._model
        if place := model.place:
            tick, pitch = model.cursor
            length = min(model.new_length(), LAST_TICK - tick)
            note = Note(tick, pitch, length, place.velocity, place.channel)
            self._add(place, Notes.of((note,)))

    def copy(self) -> None:
        """Keep what is chosen, to paste it."""
        self._clipboard = self._model.selected_notes or self._clipboard

    def cut(self) -> None:
        """Keep what is chosen, and delete it."""
        self.copy()
        self.delete()

    def paste(self) -> None:
        """Add what was kept at the cursor, into whichever track is edited."""
        model = self._model
        if (place := model.place) and self._clipboard:
            self._add(place, pasted(self._clipboard, model.cursor[0], place.channel))

    def duplicate(self) -> None:
        """Add what is chosen once more, from the first grid line after its end."""
        model = self._model
        if (place := model.place) and len(model.selected):
            lifted = model.lifted()
            first, end = int(lifted.index.onsets[0]), int(lifted.index.reach[-1])
            steps = -(-(end - first) // place.step)
            tick = first + round(steps * place.step)
            self._add(place, pasted(lifted.notes, tick, place.channel))

    def _add(self, place: Place, notes: Notes) -> None:
        self._model.do(AddNotes(place.take, place.track, notes))
        self._model.show_selected()
