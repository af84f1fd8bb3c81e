"""Pure edits of notes; results stay within what a MIDI file can hold."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from seqstudio.gui.piano_roll.note_index import MAX_TICK
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.edits import DeleteNotes, Edit, MoveNotes, ReplaceNotes
from seqstudio.session.note_array import Notes, find_notes


def lengthened(notes: Notes, ticks: int, least: int) -> Notes:
    """Move the ends of notes; none that was longer than `least` ticks gets shorter than that."""
    longest = np.maximum(MAX_TICK - notes.onsets, 1)
    new = np.maximum(notes.lengths + ticks, np.minimum(least, notes.lengths))
    return notes.with_field("length_ticks", np.minimum(new, longest))


def velocity_shifted(notes: Notes, by: int) -> Notes:
    """Change velocities, clamped to 1 to 127."""
    return notes.with_field("velocity", np.clip(notes.velocities + by, 1, 127))


def quantised(notes: Notes, bars: Bars, step: Fraction, strength: float = 1.0) -> Notes:
    """Move onsets toward the nearest grid lines; lengths stay.

    Parameters
    ----------
    notes : to move
    bars, step : the grid, in ticks
    strength : share of the way, 0 to 1
    """
    way = bars.snapped(notes.onsets, step) - notes.onsets
    return notes.with_field("onset_ticks", notes.onsets + np.rint(strength * way).astype(np.int64))


def unlocked(edit: Edit | None, locked: Notes) -> Edit | None:
    """Return an edit of a track without the notes that are locked; None if none are left."""
    if not locked or not isinstance(edit, DeleteNotes | MoveNotes | ReplaceNotes):
        return edit
    notes = edit.notes.ordered()
    free = np.ones(len(notes), np.bool_)
    free[(found := find_notes(notes, locked))[found >= 0]] = False
    if not free.any():
        return None
    if not isinstance(edit, ReplaceNotes):
        return replace(edit, notes=notes.select(free))
    order = edit.notes.sort_keys.argsort(kind="stable")
    return replace(edit, notes=notes.select(free), by=edit.by.select(order[free]))


def pasted(notes: Notes, tick: int, channel: int) -> Notes:
    """Return notes moved so that the first starts at a tick, on the channel of their new track."""
    if not notes:
        return notes
    last = int((notes.onsets + notes.lengths).max())
    shift = min(tick - int(notes.onsets.min()), MAX_TICK - last)
    return notes.moved(shift, 0).with_field("channel", channel)
