"""Bars of one take put into another, in place: the edit, which can be undone."""

import numpy as np

from seqstudio.errors import SessionError
from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import CompoundEdit, Edit, ReplaceNotes, SetScore
from seqstudio.session.note_array import Notes, find_notes


def merge_edit(into: Take, source: Take, bars: BarSelection) -> CompoundEdit:
    """Return the edit that puts bars of a take into another; locked notes stay.

    Tracks correspond by their number; a track that `into` lacks is added. Reads MIDI: call it on a
    thread.

    Raises
    ------
    SessionError
        If nothing would change.
    SeqStudioError
        If the MIDI of one of them cannot be read.
    """
    score, other = (
        Score.from_bytes(into.midi, into.name),
        Score.from_bytes(source.midi, source.name),
    )
    start, stop = (score.tempo_map.bar_start(bar) for bar in (bars.first, bars.last + 1))
    scale = score.ticks_per_beat / other.ticks_per_beat
    new = [_inside(_scaled(notes, scale), start, stop) for notes in source.tracks]
    changes: list[Edit] = []
    for number, notes in enumerate(into.tracks[: len(new)]):
        gone, added = _replaced(notes, new[number], into.locked_in(number), start, stop)
        if gone != added:
            changes.append(ReplaceNotes(into.id, number, gone, added))
    if any(extra := new[len(into.tracks) :]):
        changes.insert(0, _with_tracks(into, score, other, extra))
    if not changes:
        raise SessionError(f"{bars.text} of {source.name}: as in {into.name}, expected other notes")
    return CompoundEdit(f"Use {bars.text} of {source.name}", tuple(changes))


def _scaled(notes: Notes, scale: float) -> Notes:
    """Return notes in the ticks of another file."""
    if scale == 1:
        return notes
    onsets, lengths = (np.rint(t * scale).astype(np.int64) for t in (notes.onsets, notes.lengths))
    moved = notes.with_field("onset_ticks", onsets)
    return moved.with_field("length_ticks", np.maximum(lengths, 1))


def _inside(notes: Notes, start: int, stop: int) -> Notes:
    return notes.select((notes.onsets >= start) & (notes.onsets < stop))


def _replaced(
    notes: Notes, new: Notes, locked: Notes, start: int, stop: int
) -> tuple[Notes, Notes]:
    """Return the notes that go and those that come: none in the place of a locked note.

    A take that has the locked note itself was made around it, and is taken as it is.
    """
    old = _inside(notes, start, stop).ordered()
    gone = old.select(find_notes(locked, old) < 0)
    free = np.ones(len(new), np.bool_)
    for note in locked:
        ends, same_key = new.onsets + new.lengths, new.pitches == note.pitch
        meets = (new.onsets < note.onset_ticks + note.length_ticks) & (ends > note.onset_ticks)
        together = new.onsets == note.onset_ticks
        kept = bool((together & same_key).any())
        free &= ~(meets & same_key) if kept else ~(meets & same_key | together)
    return gone, new.select(free).ordered()


def _with_tracks(into: Take, score: Score, other: Score, extra: list[Notes]) -> SetScore:
    """Return the edit that adds the tracks that only the other take has."""
    tracks = list(into.tracks)
    for number, notes in enumerate(extra, start=len(into.tracks)):
        old = other.tracks[number]
        channel = notes[0].channel if notes else 0
        score = score.with_new_track((), name=old.name, program=old.program, channel=channel)
        tracks.append(notes)
    return SetScore(into.id, score.to_bytes(), tuple(tracks))
