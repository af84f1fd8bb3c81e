"""A primer: a score to be continued, what it is like, and which model suits it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Note
from seqstudio.api.media import Score
from seqstudio_music.score_voices import Part, is_chorale, lead_and_chords, parts_of

CHORALE_MODEL = "music-chorale"
FOLK_MODEL = "music-folk"
OTHER_MODEL = "rolls-nottingham"  # knows all 88 keys and any number of notes together


@dataclass(frozen=True, slots=True)
class Primer:
    """A readable score that holds a note. `faults` are those that it came with."""

    path: Path
    score: Score
    faults: tuple[str, ...]
    repaired: bool

    @property
    def heard(self) -> str:
        """Say in a few words what was done about its faults; "" where it has none."""
        if not self.faults:
            return ""
        did = "mended" if self.repaired else "kept"
        more = f" and {len(self.faults) - 1} more" if len(self.faults) > 1 else ""
        return f"{did}: {self.faults[0]}{more}"


def read_primer(path: Path, *, repair: bool) -> Primer:
    """Read a score to be continued.

    Raises
    ------
    DataError
        If it cannot be read, or holds no note.
    """
    score = Score.read(path)
    faults = score.faults
    if repair:
        score = score.repaired()
    if not score.notes:
        raise DataError(f"{path}: 0 notes, expected at least 1")
    return Primer(path, score, faults, repair and bool(faults))


def suited_model(score: Score) -> str:
    """Name the shipped model that knows music like this best.

    Four parts of one voice each are a chorale; a melody, alone or with chords, is a folk tune; all
    else is polyphony.
    """
    parts = parts_of(score)
    if is_chorale(parts):
        return CHORALE_MODEL
    if lead_and_chords(parts) is not None:
        return FOLK_MODEL
    return OTHER_MODEL


def append_notes(score: Score, part: Part, notes: Iterable[Note]) -> Score:
    """Append notes to a part's track on its channel; all else of the score stays."""
    track = score.tracks[part.track]
    moved = [
        Note(note.onset_ticks, note.pitch, note.length_ticks, note.velocity, part.channel)
        for note in notes
    ]
    return score.with_track_notes(part.track, [*track.notes, *moved])


def nearest_part(parts: Sequence[Part], pitch: int) -> int:
    """Give the index of the part whose mean pitch is nearest."""
    return min(range(len(parts)), key=lambda index: abs(parts[index].height - pitch))


def started_after(notes: Iterable[Note], tick: int) -> list[Note]:
    """Let notes begin at `tick` at the earliest, and drop what would have ended by then."""
    kept = []
    for note in notes:
        end = note.onset_ticks + note.length_ticks
        onset = max(note.onset_ticks, tick)
        if end > onset:
            kept.append(Note(onset, note.pitch, end - onset, note.velocity, note.channel))
    return kept
