"""Another note in the place of one, and what follows it written anew."""

from dataclasses import dataclass, replace

import numpy as np

from seqstudio.gui.piano_roll.explanation import HOLD, ExplainedNote, OtherNote
from seqstudio.gui.piano_roll.locks import lock_places
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.gui.workspace.take_files import midi_file
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec
from seqstudio.session.apply import apply
from seqstudio.session.document import Document, Take
from seqstudio.session.edits import CompoundEdit, DeleteNotes, Edit, ReplaceNotes
from seqstudio.session.note_array import Notes


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an explained note in a take."""

    take: Take
    note: ExplainedNote
    reach: int  # ticks, half a sixteenth: notes that begin so near are read as one

    @property
    def track(self) -> Notes:
        """All notes of its track."""
        return self.take.tracks[self.note.track]

    @property
    def notes(self) -> Notes:
        """The note, or those of the chord."""
        return self.track.select(np.abs(self.track.onsets - self.note.tick) <= self.reach)

    def edit(self, other: OtherNote) -> Edit | None:
        """Return the edit that puts another note in its place, as long and as loud; or None."""
        take, track, old = self.take.id, self.note.track, self.notes
        title = f"{self.note.name} becomes {other.name}"
        if other.name == HOLD:
            edits = self._held_over()
            return CompoundEdit(title, (DeleteNotes(take, track, old), *edits)) if edits else None
        if not other.pitches:
            return CompoundEdit(title, (DeleteNotes(take, track, old),))
        new = Notes.of([replace(old[0], pitch=pitch) for pitch in sorted(other.pitches)])
        return CompoundEdit(title, (ReplaceNotes(take, track, old, new),))

    def _held_over(self) -> tuple[Edit, ...]:
        """Return the edit that holds the notes before until the end of this one."""
        before = self.track.select(self.track.onsets < self.note.tick - self.reach)
        if not before:
            return ()
        last = before.select(before.onsets == before.onsets.max())
        end = int((self.notes.onsets + self.notes.lengths).max())
        longer = last.with_field("length_ticks", end - last.onsets)
        return (ReplaceNotes(self.take.id, self.note.track, last, longer),)

    def following_bars(self, bars: Bars, chosen: tuple[int, int] | None) -> tuple[int, int]:
        """Return the bars from the note on, to the last one that is chosen, or of the take."""
        first = bars.bar_at(self.note.tick)[0].bar
        if chosen and chosen[0] <= first <= chosen[1]:
            return first, chosen[1]
        ends = [int((notes.onsets + notes.lengths).max()) for notes in self.take.tracks if notes]
        return first, max(bars.bar_at(max(ends) - 1)[0].bar, first)


@dataclass(frozen=True, slots=True)
class Rest:
    """What follows another note, which is written anew."""

    place: Place
    edit: Edit  # puts the other note there
    bars: Bars
    span: tuple[int, int]  # the first and the last bar, from 1
    port: str  # the input of the operation that writes it

    def job(self, spec: JobSpec, document: Document, profile: Profile) -> JobSpec:
        """Return a job on the take with the other note. Writes MIDI: call it on a thread.

        Parameters
        ----------
        spec : of the operation, without its input and options
        document : with the take
        profile : where the take is written

        Raises
        ------
        SeqStudioError
            If the edit does not fit, or the take cannot be written.
        """
        take = apply(document, self.edit)[0].take(self.place.take.id)
        options = {"bars": "{}-{}".format(*self.span), "lock": list(self.kept_places(take))}
        return replace(spec, inputs={self.port: (midi_file(take, profile),)}, options=options)

    def kept_places(self, take: Take) -> tuple[str, ...]:
        """Return the places in the bars of notes that stay: up to this one, and the locked ones."""
        stop = self.place.note.tick + self.place.reach
        start = self.bars.bar_at(self.place.note.tick)[0].tick
        locked = tuple(
            Notes.joined(
                (
                    take.locked_in(track),
                    notes.select((notes.onsets >= start) & (notes.onsets <= stop)),
                )
            )
            for track, notes in enumerate(take.tracks)
        )
        return lock_places(replace(take, locked=locked), self.bars, *self.span)
