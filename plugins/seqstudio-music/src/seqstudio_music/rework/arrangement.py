"""A score as the voices of a model: which part each voice is, and what of it stays."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from seqstudio.api import Note
from seqstudio.api.media import Score
from seqstudio_music.grid import Grid, grid_of_score
from seqstudio_music.keys import key_of_signature
from seqstudio_music.parts import Part, Touch
from seqstudio_music.voices.data import Piece
from seqstudio_music.voices.hard.space import Allowed
from seqstudio_music.voices.notes import column_notes
from seqstudio_music.voices.score_reader import piece_of_parts, read_columns
from seqstudio_music.voices.tokens import Held, Layout, Values


@dataclass(frozen=True)
class Arrangement:
    """A score and, for each voice of a layout, the part that it is; None for a voice without."""

    score: Score
    layout: Layout
    grid: Grid
    parts: tuple[Part | None, ...]

    @classmethod
    def of(cls, score: Score, layout: Layout, parts: Sequence[Part | None]) -> "Arrangement":
        """Return the arrangement, on the grid of the score's meters."""
        return cls(score, layout, grid_of_score(score, score.end_tick), tuple(parts))

    @cached_property
    def piece(self) -> Piece:
        """All notes as the values of the voices, read once."""
        return piece_of_parts(self.parts, self.layout.voices, self.grid)

    def columns(self, stays: Callable[[int, Note], bool]) -> tuple[Values, Held]:
        """Return the (T, S) values and holds of the notes that stay; `stays` is given the voice."""
        notes = [
            [note for note in (part.notes if part else ()) if stays(voice, note)]
            for voice, part in enumerate(self.parts)
        ]
        return read_columns(notes, self.layout.voices, self.grid, Counter())

    def key(self) -> int:
        """Return the key of the score's one signature, or the one that its notes suggest."""
        signatures = {key_of_signature(k.fifths, minor=k.minor) for k in self.score.key_signatures}
        if len(signatures) == 1:
            return signatures.pop()
        return self.piece.key

    def onsets(self, chosen: Callable[[int, Note], bool]) -> list[tuple[int, int]]:
        """Return (step, voice) of each step in which chosen notes begin, in order."""
        found = {
            (self.grid.onset_step(note.onset_ticks), voice)
            for voice, notes in enumerate(self.notes_where(chosen))
            for note in notes
        }
        return sorted(found)

    def notes_where(self, chosen: Callable[[int, Note], bool]) -> list[set[Note]]:
        """Return the notes of each voice that are chosen."""
        return [
            {note for note in (part.notes if part else ()) if chosen(voice, note)}
            for voice, part in enumerate(self.parts)
        ]

    def with_notes(self, new: Sequence[Sequence[Note]], gone: Sequence[set[Note]]) -> Score:
        """Return the score with new notes of each voice, and without those that are gone.

        All else keeps its bytes. New notes have the touch and channel of their part.
        """
        score = self.score
        for part, added, without in zip(self.parts, new, gone, strict=True):
            if part is None:
                continue
            touch, track = Touch.of(part, self.score), score.tracks[part.track]
            played = [
                replace(note, velocity=touch.velocity(note.onset_ticks), channel=part.channel)
                for note in added
            ]
            kept = [note for note in track.notes if note not in without]
            score = score.with_track_notes(part.track, [*kept, *played])
        return score

    def new_notes(self, values: Values, held: Held, free: Allowed) -> list[list[Note]]:
        """Return the notes of each voice in the (T, S) steps that are free."""
        return [self.notes_of(values, held, free, voice) for voice in range(len(self.parts))]

    def notes_of(self, values: Values, held: Held, free: Allowed, voice: int) -> list[Note]:
        """Return the notes of a voice in the (T, S) steps that are free; none leaves them."""
        column = values[:, voice], held[:, voice]
        return column_notes(column, free[:, voice], self.layout.voices[voice], self.grid)
