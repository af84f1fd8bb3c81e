"""Pure edits of notes; results stay within what a MIDI file can hold."""

from fractions import Fraction

import numpy as np

from seqstudio.gui.piano_roll.note_index import MAX_TICK
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.note_array import Notes


def lengthened(notes: Notes, ticks: int, least: int) -> Notes:
    """Move the ends of notes; none that was longer than `least` ticks gets shorter than that."""
    longest = np.maximum(MAX_TICK - notes.onsets, 1)
    new = np.maximum(notes.lengths + ticks, np.minimum(least, notes.lengths))
    return notes.with_field("length_ticks", np.minimum(new, longest))


def velocity_shifted(notes: Notes, by: int) -> Notes:
    """Change velocities, clamped to 1 to 127."""
    return notes.with_field("velocity", np.clip(notes.velocities + by, 1, 127))


def quantised(notes: Notes, bars: Bars, step: Fraction) -> Notes:
    """Move onsets to the nearest grid lines; lengths stay."""
    return notes.with_field("onset_ticks", bars.snapped(notes.onsets, step))


def pasted(notes: Notes, tick: int, channel: int) -> Notes:
    """Return notes moved so that the first starts at a tick, on the channel of their new track."""
    if not notes:
        return notes
    last = int((notes.onsets + notes.lengths).max())
    shift = min(tick - int(notes.onsets.min()), MAX_TICK - last)
    return notes.moved(shift, 0).with_field("channel", channel)
