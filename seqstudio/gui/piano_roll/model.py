"""The piano roll without a widget: what is chosen, and what is done to it. See also the hand."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from seqstudio.gui.piano_roll.gestures import (
    Boxing,
    Gesture,
    Layers,
    Lifted,
    Place,
    layers,
)
from seqstudio.gui.piano_roll.note_index import LAST_TICK, NO_NOTES, NoteIndex, Numbers, followed
from seqstudio.gui.piano_roll.note_names import notes_described
from seqstudio.gui.piano_roll.score import ScoreModel, Sheet
from seqstudio.gui.piano_roll.snap_grid import SIXTEENTHS, Grid
from seqstudio.gui.piano_roll.viewport import FIRST_BARS, Sight
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import AddNotes, Operation

Tool = Literal["select", "draw", "erase"]
EMPTY: Numbers = np.zeros(0, np.int64)
ROOM_BARS = 4  # after the last note, to draw in
LEAST_BARS = 8
FINEST = 1 / 400  # beats a pixel
MIDDLE = (48, 72)  # keys shown where there is no note


class RollModel(QObject):
    """Edits the track that the score model names. Each thing that is done is one undo step."""

    changed = Signal()  # notes, choice, gesture: draw again
    selection_changed = Signal()
    options_changed = Signal()  # tool or grid

    def __init__(
        self, workspace: Workspace, score: ScoreModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.score = score
        self.sight = Sight(self)
        self.tool: Tool = "select"
        self.grid: Grid = SIXTEENTHS
        self.velocity = 80  # of new notes: that of the note touched last
        self.length_ticks = 0  # of new notes: that of the note touched last; 0: a grid step
        self.index = NO_NOTES
        self.others = NO_NOTES  # of the other tracks that are shown
        self.selected: Numbers = EMPTY  # ascending
        self.cursor: tuple[int, int] = (0, 60)  # tick and pitch, for the keyboard
        self.gesture: Gesture | None = None
        self._other_tracks: tuple[Notes, ...] = ()
        self._layered: tuple[NoteIndex, Numbers, Gesture | None] = (self.index, EMPTY, None)
        self._layers: Layers = (NO_NOTES,) * 3
        self._shown: tuple[str, int, bool] = ("", -1, False)  # take, track, whether it was read
        score.changed.connect(self._follow)
        self._follow()

    @property
    def sheet(self) -> Sheet | None:
        """Bars and tempos; None while they are read, and nothing can be edited."""
        return self.score.sheet

    @property
    def place(self) -> Place | None:
        """Where notes are edited; None where none can be."""
        take, sheet, track = self.score.take, self.sheet, self.score.track
        if take is None or sheet is None or track < 0:
            return None
        step = self.grid.ticks(sheet.ticks_per_beat)
        return Place(take.id, track, sheet.bars, step, self.score.channel, self.velocity)

    @property
    def notes(self) -> Notes:
        """The notes of the track."""
        return self.index.notes

    @property
    def selected_notes(self) -> Notes:
        """The notes that are chosen."""
        return self.notes.taken(self.selected)

    @property
    def described(self) -> str:
        """What is chosen, in words."""
        if self.sheet is None or not len(self.index):
            return self.empty_words
        chosen, total, sheet = len(self.selected), len(self.notes), self.sheet
        if chosen > 1:
            return f"{chosen:,} of {total:,} notes chosen"
        return notes_described(self.selected_notes, total, sheet.bars, sheet.ticks_per_beat)

    @property
    def empty_words(self) -> str:
        """What stands in an empty roll; "" where there are notes."""
        if self.score.take is None:
            return "No take is open. Open a MIDI file, or make a new piece."
        if self.score.track < 0:
            return "This take has no tracks."
        if self.sheet is None:
            return "Reading…"
        if not len(self.index):
            return "No notes in this track. Draw some with the Draw tool, or press Insert."
        return ""

    def new_length(self) -> int:
        """Give the length of a note to be drawn, in ticks."""
        if self.length_ticks or not self.sheet:
            return max(self.length_ticks, 1)
        step = self.grid.step or SIXTEENTHS.step
        return max(round((step or 0) * 4 * self.sheet.ticks_per_beat), 1)

    def set_tool(self, tool: Tool) -> None:
        """Take another tool in hand."""
        self.tool = tool
        self.options_changed.emit()

    def set_grid(self, grid: Grid) -> None:
        """Snap to another grid; new notes get its length."""
        self.grid, self.length_ticks = grid, 0
        self.options_changed.emit()
        self.changed.emit()

    def select(self, which: Numbers) -> None:
        """Choose notes by their numbers, ascending; a single one brings the cursor."""
        self.selected = which
        if len(which) == 1:
            note = self.notes[int(which[0])]
            self.cursor = (note.onset_ticks, note.pitch)
            self.velocity, self.length_ticks = note.velocity, note.length_ticks
        self.selection_changed.emit()
        self.changed.emit()

    def select_all(self) -> None:
        """Choose every note of the track."""
        self.select(np.arange(len(self.notes)))

    def select_next(self, by: int = 1, *, add: bool = False) -> None:
        """Choose the next note in time, or with -1 the one before."""
        if not self.notes:
            return
        if len(self.selected):
            at = int(self.selected[-1 if by > 0 else 0]) + by
        else:
            at = int(np.searchsorted(self.index.onsets, self.cursor[0])) - (by < 0)
        at = min(max(at, 0), len(self.notes) - 1)
        new = np.array([at], np.int64)
        self.select(np.union1d(self.selected, new) if add else new)
        self.sight.show(int(self.index.onsets[at]), int(self.index.pitches[at]))

    def go_to_note(self, at: int) -> None:
        """Choose the first note, or with -1 the last, and show it."""
        if self.notes:
            self.select(np.array([at % len(self.notes)], np.int64))
            self.show_selected()

    def put_cursor(self, tick: int, pitch: int) -> None:
        """Put the keyboard's place somewhere; it stays where notes can be."""
        self.cursor = (min(max(tick, 0), LAST_TICK - 1), min(max(pitch, 0), 127))
        self.selection_changed.emit()
        self.changed.emit()

    def fit(self) -> None:
        """Show the whole piece."""
        self.sight.fit(self._end() or self._length(), *self._keys())

    def set_playhead(self, seconds: float | None) -> None:
        """Follow what sounds; None where nothing does."""
        if seconds is None or self.sheet is None:
            self.sight.set_playhead(None)
        else:
            self.sight.set_playhead(self.sheet.timeline.ticks(seconds))

    def begin(self, gesture: Gesture) -> None:
        """Show a gesture, or how it goes on; the session knows nothing of it."""
        self.gesture = gesture
        if isinstance(gesture, Boxing):
            self.selected = gesture.chosen
            self.selection_changed.emit()
        self.changed.emit()

    def finish(self) -> None:
        """Make the gesture one operation."""
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, Boxing):
            self.select(gesture.chosen)
        elif gesture is not None:
            self.do(gesture.operation())
        self.changed.emit()

    def cancel(self) -> bool:
        """Drop the gesture; False where there was none."""
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, Boxing):
            self.select(gesture.before)
        self.changed.emit()
        return gesture is not None

    def leave(self) -> None:
        """Drop the gesture; where there is none, what is chosen."""
        if not self.cancel():
            self.select(EMPTY)

    def layers(self) -> Layers:
        """Give the notes to paint: those that rest, those chosen, and as the gesture has them."""
        state = (self.index, self.selected, self.gesture)
        if any(a is not b for a, b in zip(state, self._layered, strict=True)):
            self._layered, self._layers = state, layers(*state)
        return self._layers

    def lifted(self) -> Lifted:
        """Pick up what is chosen."""
        return Lifted.of(self.index, self.selected)

    def do(self, operation: Operation | None) -> None:
        """Do an operation on the notes, if there is one; what it brings is chosen."""
        if operation is None:
            return
        before = self.selected
        if isinstance(operation, AddNotes):
            self.selected = EMPTY
        if not self._workspace.do(operation):
            self.select(before)

    def show_selected(self) -> None:
        """Scroll to the first note that is chosen."""
        if len(self.selected):
            note = self.notes[int(self.selected[0])]
            self.sight.show(note.onset_ticks, note.pitch)

    def _follow(self) -> None:
        """Take in what the score model shows now."""
        score = self.score
        shown = (score.take.id if score.take else "", score.track, score.sheet is not None)
        before, self._shown = self._shown, shown
        if shown[:2] != before[:2]:
            self._show_track(score.notes)
        elif score.notes is not self.notes:
            self._change_notes(score.notes)
        self._follow_others()
        if (shown[0], shown[2]) != (before[0], before[2]) and self.sheet:
            finest = self.sheet.ticks_per_beat * FINEST
            self.sight.begin(self._length(), finest, self._first_ticks(), *self._keys())
        elif shown[1] != before[1] and len(self.index):
            self.sight.show(self.sight.x.start, float(np.median(self.index.pitches)))
        self.sight.lengthen(self._length())
        self.changed.emit()

    def _show_track(self, notes: Notes) -> None:
        self.gesture = None
        self.index = NoteIndex(notes)
        self.length_ticks = 0
        self.cursor = (0, notes[0].pitch if notes else 60)
        self.select(EMPTY)

    def _change_notes(self, notes: Notes) -> None:
        old, self.index, self.gesture = self.notes, NoteIndex(notes), None
        self.select(followed(old, notes, self.selected))

    def _follow_others(self) -> None:
        score = self.score
        tracks = enumerate(score.take.tracks if score.take else ())
        others = tuple(t for n, t in tracks if n != score.track and n not in score.hidden)
        if [*map(id, others)] != [*map(id, self._other_tracks)]:
            self._other_tracks = others
            self.others = NoteIndex(Notes.joined(others))

    def _end(self) -> int:
        return max((int(i.reach[-1]) for i in (self.index, self.others) if len(i)), default=0)

    def _length(self) -> float:
        """Ticks that can be scrolled through: the piece, and room after it."""
        if self.sheet is None:
            return max(self._end(), 1)
        bar, bar_ticks = self.sheet.bars.at(self._end())
        least = LEAST_BARS * self.sheet.bars.at(0)[1]
        return max(bar.tick + (1 + ROOM_BARS) * bar_ticks, least)

    def _first_ticks(self) -> float:
        """Give how much is shown at first: the piece, or so many bars of it."""
        if self.sheet is None:
            return self._length()
        _, bar_ticks = self.sheet.bars.at(0)
        piece = max(self._end() + bar_ticks, LEAST_BARS * bar_ticks)
        return min(FIRST_BARS * bar_ticks, piece, self._length())

    def _keys(self) -> tuple[int, int]:
        """Give the lowest and the highest key that is used."""
        used = [index for index in (self.index, self.others) if len(index)]
        low = min((int(index.pitches.min()) for index in used), default=MIDDLE[0])
        return low, max((int(index.pitches.max()) for index in used), default=MIDDLE[1])
