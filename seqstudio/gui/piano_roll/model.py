"""The piano roll's state without a widget: the notes of a track, what is selected, and edits."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.gui.piano_roll.gestures import (
    BoxSelection,
    EditTarget,
    Gesture,
    Layers,
    NoteSubset,
    layers,
)
from seqstudio.gui.piano_roll.locks import lock_places, toggled
from seqstudio.gui.piano_roll.note_edits import unlocked
from seqstudio.gui.piano_roll.note_index import (
    MAX_TICK,
    NO_NOTES,
    IntArray,
    NoteIndex,
    selection_after_change,
)
from seqstudio.gui.piano_roll.note_names import selection_text
from seqstudio.gui.piano_roll.score import ScoreInfo, ScoreModel
from seqstudio.gui.piano_roll.snap_grid import SIXTEENTH_GRID, SnapGrid
from seqstudio.gui.piano_roll.viewport import INITIAL_BARS, Viewport
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Take
from seqstudio.session.edits import AddNotes, Edit, LockNotes
from seqstudio.session.note_array import Notes

Tool = Literal["select", "draw", "erase"]
NO_SELECTION: IntArray = np.zeros(0, np.int64)
MARGIN_BARS = 4  # empty bars after the last note, to draw in
MIN_BARS = 8
FINEST_SCALE = 1 / 400  # beats per pixel
DEFAULT_KEYS = (48, 72)  # keys shown for a track without notes


class PianoRollModel(QObject):
    """Edits the track that the score model has selected. Each edit is one undo step."""

    changed = Signal()  # notes, selection or gesture: repaint
    selection_changed = Signal()
    options_changed = Signal()  # tool or grid
    bars_changed = Signal()  # other bars, or other locked notes
    refused = Signal(str)  # why an edit was not made

    def __init__(
        self, workspace: Workspace, score: ScoreModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.score = score
        self.viewport = Viewport(self)
        self.tool: Tool = "select"
        self.grid: SnapGrid = SIXTEENTH_GRID
        self.velocity = 80  # of new notes: that of the note selected last
        self.length_ticks = 0  # of new notes: that of the note selected last; 0: one grid step
        self.index = NO_NOTES
        self.others = NO_NOTES  # notes of the other visible tracks
        self.others_by_track: tuple[tuple[int, NoteIndex], ...] = ()
        self.selected: IntArray = NO_SELECTION  # ascending
        self.cursor: tuple[int, int] = (0, 60)  # tick and pitch of the keyboard cursor
        self.strength = 1.0  # of quantising: 1 moves notes to the grid, 0.5 half of the way
        self.bars: tuple[int, int] | None = None  # chosen on the ruler: first and last, from 1
        self.gesture: Gesture | None = None
        self._other_tracks: tuple[Notes, ...] = ()
        self._layered: tuple[NoteIndex, IntArray, Gesture | None] = (self.index, NO_SELECTION, None)
        self._layers: Layers = (NO_NOTES,) * 3
        self._take: Take | None = None
        self._shown: tuple[str, int, bool] = ("", -1, False)  # take, track, whether info is read
        score.changed.connect(self._on_score_changed)
        self._on_score_changed()

    @property
    def info(self) -> ScoreInfo | None:
        """Bars and tempos; None while they are being read, when nothing can be edited."""
        return self.score.info

    @property
    def target(self) -> EditTarget | None:
        """The track and grid that edits apply to; None while nothing can be edited."""
        take, info, track = self.score.take, self.info, self.score.track
        if take is None or info is None or track < 0:
            return None
        step = self.grid.ticks(info.ticks_per_beat)
        return EditTarget(take.id, track, info.bars, step, self.score.channel, self.velocity)

    @property
    def notes(self) -> Notes:
        """The notes of the track."""
        return self.index.notes

    @property
    def selected_notes(self) -> Notes:
        """The selected notes."""
        return self.notes.select(self.selected)

    @property
    def selected_seconds(self) -> tuple[float, float] | None:
        """The time of the chosen bars, else of the selected notes; None if there are neither."""
        notes, info = self.selected_notes, self.info
        if info and self.bars:
            start, stop = self.bar_ticks(self.bars)
            return info.tempo_map.seconds(start), info.tempo_map.seconds(stop)
        if not notes or info is None:
            return None
        stop = int((notes.onsets + notes.lengths).max())
        return info.tempo_map.seconds(int(notes.onsets.min())), info.tempo_map.seconds(stop)

    @property
    def description(self) -> str:
        """The selection in words, for the status line and screen readers."""
        if self.info is None or not len(self.index):
            return self.empty_text
        count, total, info = len(self.selected), len(self.notes), self.info
        if count > 1:
            return f"{count:,} of {total:,} notes selected"
        return selection_text(self.selected_notes, total, info.bars, info.ticks_per_beat)

    @property
    def empty_text(self) -> str:
        """The text to show in an empty piano roll; "" if there are notes."""
        if self.score.take is None:
            return "No take is open. Open a MIDI file, or compose a new piece."
        if self.score.track < 0:
            return "This take has no tracks."
        if self.info is None:
            return "Loading…"
        if not len(self.index):
            return "This track has no notes. Draw some with the Draw tool, or press Insert."
        return ""

    def new_length(self) -> int:
        """Return the length of the next new note, in ticks."""
        if self.length_ticks or not self.info:
            return max(self.length_ticks, 1)
        step = self.grid.step or SIXTEENTH_GRID.step
        return max(round((step or 0) * 4 * self.info.ticks_per_beat), 1)

    def set_tool(self, tool: Tool) -> None:
        """Switch to another tool."""
        self.tool = tool
        self.options_changed.emit()

    def set_grid(self, grid: SnapGrid) -> None:
        """Snap to another grid; new notes take its step as their length."""
        self.grid, self.length_ticks = grid, 0
        self.options_changed.emit()
        self.changed.emit()

    def select(self, indices: IntArray) -> None:
        """Select notes by ascending indices; a single note also moves the cursor to it."""
        self.selected = indices
        if len(indices) == 1:
            note = self.notes[int(indices[0])]
            self.cursor = (note.onset_ticks, note.pitch)
            self.velocity, self.length_ticks = note.velocity, note.length_ticks
        self.selection_changed.emit()
        self.changed.emit()

    def select_all(self) -> None:
        """Select every note of the track."""
        self.select(np.arange(len(self.notes)))

    def select_next(self, by: int = 1, *, add: bool = False) -> None:
        """Select the next note in time, or with -1 the previous one."""
        if not self.notes:
            return
        if len(self.selected):
            at = int(self.selected[-1 if by > 0 else 0]) + by
        else:
            at = int(np.searchsorted(self.index.onsets, self.cursor[0])) - (by < 0)
        at = min(max(at, 0), len(self.notes) - 1)
        new = np.array([at], np.int64)
        self.select(np.union1d(self.selected, new) if add else new)
        self.viewport.reveal(int(self.index.onsets[at]), int(self.index.pitches[at]))

    def go_to_note(self, at: int) -> None:
        """Select the note at an index, which may be -1 for the last, and scroll to it."""
        if self.notes:
            self.select(np.array([at % len(self.notes)], np.int64))
            self.show_selected()

    def set_cursor(self, tick: int, pitch: int) -> None:
        """Move the keyboard cursor, clamped to the valid range."""
        self.cursor = (min(max(tick, 0), MAX_TICK - 1), min(max(pitch, 0), 127))
        self.selection_changed.emit()
        self.changed.emit()

    def fit(self) -> None:
        """Show the whole piece."""
        self.viewport.fit(self._end() or self._length(), *self._keys())

    def set_playhead(self, seconds: float | None) -> None:
        """Move the playhead to a time in seconds, or hide it with None."""
        if seconds is None or self.info is None:
            self.viewport.set_playhead(None)
        else:
            self.viewport.set_playhead(self.info.tempo_map.ticks(seconds))

    def set_gesture(self, gesture: Gesture) -> None:
        """Show a gesture as it starts or continues; the session does not change yet."""
        self.gesture = gesture
        if isinstance(gesture, BoxSelection):
            self.selected = gesture.selected
            self.selection_changed.emit()
        self.changed.emit()

    def commit_gesture(self) -> None:
        """Apply the gesture as one edit."""
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, BoxSelection):
            self.select(gesture.selected)
        elif gesture is not None:
            self.do(gesture.edit())
        self.changed.emit()

    def cancel_gesture(self) -> bool:
        """Cancel the gesture; return False if there was none."""
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, BoxSelection):
            self.select(gesture.before)
        self.changed.emit()
        return gesture is not None

    def cancel_or_deselect(self) -> None:
        """Cancel the gesture, or else clear the selection and the chosen bars."""
        if not self.cancel_gesture():
            self.select(NO_SELECTION)
            self.choose_bars(None)

    def layers(self) -> Layers:
        """Return the notes to paint: unselected, selected, and the gesture's preview."""
        state = (self.index, self.selected, self.gesture)
        if any(a is not b for a, b in zip(state, self._layered, strict=True)):
            self._layered, self._layers = state, layers(*state)
        return self._layers

    def selected_subset(self) -> NoteSubset:
        """Return the selected notes with their indices."""
        return NoteSubset.of(self.index, self.selected)

    @property
    def locked(self) -> Notes:
        """The notes of the track that no edit changes."""
        take, track = self.score.take, self.score.track
        return take.locked_in(track) if take and track >= 0 else NO_NOTES.notes

    @property
    def bar_selection(self) -> BarSelection | None:
        """The chosen bars with the notes of all tracks that are locked in them."""
        take, info = self.score.take, self.info
        if self.bars is None or take is None or info is None:
            return None
        return BarSelection(*self.bars, lock_places(take, info.bars, *self.bars))

    def bar_ticks(self, bars: tuple[int, int]) -> tuple[int, int]:
        """Return the ticks at which bars begin and end."""
        tempo_map = self.info.tempo_map if self.info else None
        return (
            (tempo_map.bar_start(bars[0]), tempo_map.bar_start(bars[1] + 1))
            if tempo_map
            else (0, 0)
        )

    def choose_bars(self, bars: tuple[int, int] | None) -> None:
        """Choose bars, from the first to the last, for operations and the loop; None for none."""
        if bars != self.bars:
            self.bars = bars
            self.bars_changed.emit()
            self.selection_changed.emit()
            self.changed.emit()

    def choose_bars_of_selection(self) -> None:
        """Choose the bars of the selected notes, or the one at the cursor."""
        if info := self.info:
            onsets = self.selected_notes.onsets if len(self.selected) else [self.cursor[0]]
            first, last = (
                info.bars.bar_at(int(tick))[0].bar for tick in (min(onsets), max(onsets))
            )
            self.choose_bars((first, last))

    def extend_bars(self, by: int) -> None:
        """Choose more bars at the end, or fewer."""
        if self.bars is None:
            self.choose_bars_of_selection()
        else:
            first, last = self.bars
            self.choose_bars((first, max(last + by, first)))

    def toggle_locked(self) -> None:
        """Lock the selected notes, or unlock them if all are locked."""
        take, notes = self.score.take, self.selected_notes.ordered()
        if take and notes:
            wanted, title = toggled(self.locked, notes)
            self._workspace.do(LockNotes(take.id, self.score.track, wanted), title=title)

    def do(self, edit: Edit | None) -> None:
        """Apply an edit to what is not locked; notes that it adds become selected."""
        wanted, edit = edit, unlocked(edit, self.locked)
        if edit is None:
            if wanted:
                self.refused.emit("These notes are locked. Unlock them first (L).")
            return
        before = self.selected
        if isinstance(edit, AddNotes):
            self.selected = NO_SELECTION
        if not self._workspace.do(edit):
            self.select(before)

    def show_selected(self) -> None:
        """Scroll to the first selected note."""
        if len(self.selected):
            note = self.notes[int(self.selected[0])]
            self.viewport.reveal(note.onset_ticks, note.pitch)

    def _on_score_changed(self) -> None:
        """Follow the score model to another take, track or state of its notes."""
        score = self.score
        shown = (score.take.id if score.take else "", score.track, score.info is not None)
        before, self._shown = self._shown, shown
        self._keep_bars(score.take)
        if shown[:2] != before[:2]:
            self._show_track(score.notes)
        elif score.notes is not self.notes:
            self._change_notes(score.notes)
        self._update_other_tracks()
        if (shown[0], shown[2]) != (before[0], before[2]) and self.info:
            finest = self.info.ticks_per_beat * FINEST_SCALE
            self.viewport.show_score(self._length(), finest, self._initial_ticks(), *self._keys())
        elif shown[1] != before[1] and len(self.index):
            self.viewport.reveal(self.viewport.x.start, float(np.median(self.index.pitches)))
        self.viewport.set_length(self._length())
        self.changed.emit()

    def _keep_bars(self, take: Take | None) -> None:
        """Keep the chosen bars in takes made from one another; tell about other locked notes."""
        before, self._take = self._take, take
        family = [{one.id, one.parent} - {""} if one else set() for one in (before, take)]
        if not family[0] & family[1]:
            self.choose_bars(None)
        elif before and take and before.locked != take.locked:
            self.bars_changed.emit()

    def _show_track(self, notes: Notes) -> None:
        self.gesture = None
        self.index = NoteIndex(notes)
        self.length_ticks = 0
        self.cursor = (0, notes[0].pitch if notes else 60)
        self.select(NO_SELECTION)

    def _change_notes(self, notes: Notes) -> None:
        old, self.index, self.gesture = self.notes, NoteIndex(notes), None
        self.select(selection_after_change(old, notes, self.selected))

    def _update_other_tracks(self) -> None:
        score = self.score
        tracks = enumerate(score.take.tracks if score.take else ())
        shown = [(n, t) for n, t in tracks if n != score.track and n not in score.hidden]
        others = tuple(notes for _, notes in shown)
        if [*map(id, others)] != [*map(id, self._other_tracks)]:
            self._other_tracks = others
            self.others = NoteIndex(Notes.joined(others))
            self.others_by_track = tuple((n, NoteIndex(notes)) for n, notes in shown)

    def _end(self) -> int:
        return max((int(i.latest_ends[-1]) for i in (self.index, self.others) if len(i)), default=0)

    def _length(self) -> float:
        """Return the ticks that can be scrolled through: the piece and some empty bars."""
        if self.info is None:
            return max(self._end(), 1)
        bar, bar_ticks = self.info.bars.bar_at(self._end())
        least = MIN_BARS * self.info.bars.bar_at(0)[1]
        return max(bar.tick + (1 + MARGIN_BARS) * bar_ticks, least)

    def _initial_ticks(self) -> float:
        """Return the ticks to show at first: the piece, or its first bars."""
        if self.info is None:
            return self._length()
        _, bar_ticks = self.info.bars.bar_at(0)
        piece = max(self._end() + bar_ticks, MIN_BARS * bar_ticks)
        return min(INITIAL_BARS * bar_ticks, piece, self._length())

    def _keys(self) -> tuple[int, int]:
        """Return the lowest and the highest key in use."""
        used = [index for index in (self.index, self.others) if len(index)]
        low = min((int(index.pitches.min()) for index in used), default=DEFAULT_KEYS[0])
        return low, max((int(index.pitches.max()) for index in used), default=DEFAULT_KEYS[1])
