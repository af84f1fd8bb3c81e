"""What a gesture makes of notes: pure, and nothing leaves what a MIDI file can hold."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from seqstudio.contracts.notes import Note
from seqstudio.gui.score.roll_grid import Bars
from seqstudio.gui.score.roll_index import LAST_TICK


def stretched(notes: Sequence[Note], ticks: int, least: int) -> tuple[Note, ...]:
    """Move the ends of notes; none gets shorter than `least` ticks, if it was longer."""
    return tuple(
        replace(
            note,
            length_ticks=min(
                max(note.length_ticks + ticks, min(least, note.length_ticks)),
                max(LAST_TICK - note.onset_ticks, 1),
            ),
        )
        for note in notes
    )


def louder(notes: Sequence[Note], by: int) -> tuple[Note, ...]:
    """Change velocities, held within 1 and 127."""
    return tuple(  # no `replace`: it takes thrice as long, which tells on 50,000 notes
        Note(n.onset_ticks, n.pitch, n.length_ticks, velocity(n.velocity + by), n.channel)
        for n in notes
    )


def velocity(value: float) -> int:
    """Hold a velocity within 1 and 127."""
    return min(max(round(value), 1), 127)


def quantised(notes: Sequence[Note], bars: Bars, step: Fraction) -> tuple[Note, ...]:
    """Move onsets to the nearest lines of the grid; lengths stay."""
    return tuple(replace(note, onset_ticks=bars.snapped(note.onset_ticks, step)) for note in notes)


def pasted(notes: Sequence[Note], tick: int, channel: int) -> tuple[Note, ...]:
    """Copy notes so that the first begins at a tick, on the channel of the track they go to."""
    if not notes:
        return ()
    first = min(note.onset_ticks for note in notes)
    last = max(note.onset_ticks + note.length_ticks for note in notes)
    shift = min(tick - first, LAST_TICK - last)
    return tuple(
        replace(note, onset_ticks=note.onset_ticks + shift, channel=channel) for note in notes
    )
