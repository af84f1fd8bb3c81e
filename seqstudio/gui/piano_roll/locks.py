"""Locked notes: which stay after a toggle, and their places as operations are told them."""

from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes, find_notes


def toggled(locked: Notes, notes: Notes) -> tuple[Notes, str]:
    """Return the locked notes after a toggle of some, and its title.

    They become locked, or unlocked if all of them were locked.
    """
    others = locked.select(find_notes(notes, locked) < 0)
    if (find_notes(locked, notes) < 0).any():
        return Notes.joined((others, notes)), "Lock notes"
    return others, "Unlock notes"


def lock_places(take: Take, bars: Bars, first: int, last: int) -> tuple[str, ...]:
    """Return BAR:BEAT/TRACK of the notes that are locked in some bars, each once."""
    places = (
        f"{bar}:{int(bars.beat(tick))}/{track + 1}"
        for track, notes in enumerate(take.locked)
        for tick in notes.onsets.tolist()
        if first <= (bar := bars.bar_at(tick)[0].bar) <= last
    )
    return tuple(dict.fromkeys(places))
