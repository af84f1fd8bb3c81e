"""Reading the voices of a layout out of a MIDI score."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqstudio.api import DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.chords import chord_of
from seqstudio_music.grid import Grid, grid_of_score
from seqstudio_music.roll_data import LOWEST
from seqstudio_music.roll_midi import DRUMS, key_of
from seqstudio_music.slots import CHORALE, LEAD_SHEET, NONE, Held, Slot, Values
from seqstudio_music.voice_data import Voices, held_pitches, key_of_values

CHORD_SIZE = 2.0  # mean notes struck together from which a part is one of chords


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one track and channel."""

    track: int  # index in the score
    channel: int
    notes: tuple[Note, ...]

    @property
    def struck_together(self) -> float:
        """Mean notes that begin at one tick."""
        return len(self.notes) / len({note.onset_ticks for note in self.notes})

    @property
    def height(self) -> float:
        """Mean pitch."""
        return sum(note.pitch for note in self.notes) / len(self.notes)

    @property
    def overlaps(self) -> int:
        """How many notes begin while another of this part still sounds."""
        end, found = 0, 0
        for note in self.notes:
            found += note.onset_ticks < end
            end = max(end, note.onset_ticks + note.length_ticks)
        return found


def parts_of(score: Score, *, drums: bool = False) -> list[Part]:
    """Group notes by track and channel in file order: drums alone, or all but drums."""
    parts = []
    for index, track in enumerate(score.tracks):
        by_channel: dict[int, list[Note]] = defaultdict(list)
        for note in track.notes:
            by_channel[note.channel].append(note)
        parts += [
            Part(index, channel, tuple(sorted(notes)))
            for channel, notes in sorted(by_channel.items())
            if (channel == DRUMS) == drums
        ]
    return parts


def is_chorale(parts: Sequence[Part]) -> bool:
    """Say whether there are four parts of one voice each."""
    return len(parts) == 4 and all(part.overlaps <= len(part.notes) / 10 for part in parts)


def lead_and_chords(parts: Sequence[Part]) -> tuple[Part, Part | None] | None:
    """Tell a melody from its chords, if that is what the parts are.

    One part is a melody if mostly one note is struck at a time; of two, the other has chords.
    """
    if not 1 <= len(parts) <= 2:
        return None
    thin = sorted(parts, key=lambda part: part.struck_together)
    melody, chords = thin[0], thin[1] if len(thin) == 2 else None
    if melody.struck_together >= CHORD_SIZE or melody.overlaps > len(melody.notes) / 2:
        return None
    if chords is not None and chords.struck_together < CHORD_SIZE:
        return None
    return melody, chords


def chorale_of_score(score: Score) -> Voices:
    """Read four parts as soprano, bass, alto and tenor, by their mean pitch.

    A repeated note is held: the chorales that models learn from do not tell the two apart.

    Raises
    ------
    DataError
        If there are not four parts of one voice each.
    """
    parts = parts_of(score)
    if not is_chorale(parts):
        raise DataError(f"{described(parts)}, expected four parts of one voice each")
    soprano, alto, tenor, bass = sorted(parts, key=lambda part: -part.height)
    grid, bent = grid_of_score(score, score.end_tick), Counter[str]()
    columns = [line(part.notes, grid, bent) for part in (soprano, bass, alto, tenor)]
    voices = voices_of_columns(columns, grid, bent, CHORALE)
    return replace(voices, held=held_pitches(voices.values))


def lead_sheet_of_score(score: Score) -> Voices:
    """Read one or two parts as a melody, and the chords under it if there are some.

    Raises
    ------
    DataError
        If the parts are something else.
    """
    parts = parts_of(score)
    found = lead_and_chords(parts)
    if found is None:
        raise DataError(f"{described(parts)}, expected a melody, alone or with one part of chords")
    melody, chords = found
    grid, bent = grid_of_score(score, score.end_tick), Counter[str]()
    chord_notes = chords.notes if chords is not None else ()
    columns = [chord_line(chord_notes, grid, bent), line(melody.notes, grid, bent)]
    return voices_of_columns(columns, grid, bent, LEAD_SHEET)


READERS = {"chorale": chorale_of_score, "lead-sheet": lead_sheet_of_score}


def described(parts: Sequence[Part]) -> str:
    """Say how many parts there are, and how many notes each strikes together."""
    if not parts:
        return "0 parts with notes"
    sizes = ", ".join(f"{part.struck_together:.1f}" for part in parts)
    return f"{len(parts)} parts that strike {sizes} notes together"


Column = tuple[Values, Held]  # (T,) each


def voices_of_columns(
    columns: Sequence[Column], grid: Grid, bent: Counter[str], slots: Sequence[Slot]
) -> Voices:
    """Put the voices of one piece side by side."""
    values = np.stack([values for values, _ in columns], axis=1)
    held = np.stack([held for _, held in columns], axis=1)
    return Voices(values, held, grid, key_of_values(slots, values), dict(+bent))


def line(notes: Iterable[Note], grid: Grid, bent: Counter[str]) -> Column:
    """Lay one voice on the grid: of notes struck together the highest, later ones end earlier."""
    values, held = silence(grid)
    struck: dict[int, Note] = {}
    for note in sorted(notes, key=lambda note: (note.onset_ticks, note.pitch)):
        first = min(grid.step_at(note.onset_ticks), grid.steps - 1)
        end = max(grid.step_at(note.onset_ticks + note.length_ticks), first + 1)
        bent["onsets moved to the sixteenth"] += int(grid.ticks[first]) != note.onset_ticks
        bent["notes under another of their voice"] += first in struck
        struck[first] = note
        values[first:] = NONE
        values[first:end] = key_of(note.pitch) + LOWEST
        held[first:end] = True
        held[first] = False
    return values, held & (values != NONE)


def chord_line(notes: Iterable[Note], grid: Grid, bent: Counter[str]) -> Column:
    """Lay a part of chords on the grid: what is struck in one step is one chord symbol."""
    values, held = silence(grid)
    struck: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        struck[min(grid.step_at(note.onset_ticks), grid.steps - 1)].append(note)
    for first, together in sorted(struck.items()):
        chord, exact = chord_of(note.pitch for note in together)
        last_tick = max(note.onset_ticks + note.length_ticks for note in together)
        end = max(grid.step_at(last_tick), first + 1)
        bent["chords respelled as the nearest symbol"] += not exact
        values[first:] = NONE
        values[first:end] = chord
        held[first:end] = True
        held[first] = False
    return values, held & (values != NONE)


def silence(grid: Grid) -> Column:
    """Make a voice that rests."""
    return np.full(grid.steps, NONE, dtype=np.int64), np.zeros(grid.steps, dtype=np.bool_)
