"""What a gesture makes of notes: pure, and nothing leaves what a MIDI file can hold."""

from fractions import Fraction

import numpy as np

from seqstudio.gui.piano_roll.note_index import LAST_TICK
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.note_array import Notes


def stretched(notes: Notes, ticks: int, least: int) -> Notes:
    """Move the ends of notes; none gets shorter than `least` ticks, if it was longer."""
    longest = np.maximum(LAST_TICK - notes.onsets, 1)
    new = np.maximum(notes.lengths + ticks, np.minimum(least, notes.lengths))
    return notes.with_row("length_ticks", np.minimum(new, longest))


def louder(notes: Notes, by: int) -> Notes:
    """Change velocities, held within 1 and 127."""
    return notes.with_row("velocity", np.clip(notes.velocities + by, 1, 127))


def quantised(notes: Notes, bars: Bars, step: Fraction) -> Notes:
    """Move onsets to the nearest lines of the grid; lengths stay."""
    return notes.with_row("onset_ticks", bars.snapped(notes.onsets, step))


def pasted(notes: Notes, tick: int, channel: int) -> Notes:
    """Copy notes so that the first begins at a tick, on the channel of the track they go to."""
    if not notes:
        return notes
    last = int((notes.onsets + notes.lengths).max())
    shift = min(tick - int(notes.onsets.min()), LAST_TICK - last)
    return notes.moved(shift, 0).with_row("channel", channel)
