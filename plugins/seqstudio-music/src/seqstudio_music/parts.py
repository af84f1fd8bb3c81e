"""The parts of a MIDI score: the notes of one track on one channel."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from seqstudio.api import Note
from seqstudio.api.media import Score
from seqstudio_music.keyboard import DRUM_CHANNEL

TOUCH_NOTES = 64  # the last notes of a part, whose velocities its new notes have
TOUCH_LEAST = 3  # notes at a position of the beat, to have a velocity of their own


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one track on one channel."""

    track: int  # index in the score
    channel: int
    notes: tuple[Note, ...]

    @property
    def notes_per_onset(self) -> float:
        """Mean number of notes that begin at the same tick."""
        return len(self.notes) / len({note.onset_ticks for note in self.notes})

    @property
    def mean_pitch(self) -> float:
        """Mean MIDI pitch of the notes."""
        return sum(note.pitch for note in self.notes) / len(self.notes)

    @property
    def overlaps(self) -> int:
        """Number of notes that begin before an earlier note of the part has ended."""
        end, found = 0, 0
        for note in self.notes:
            found += note.onset_ticks < end
            end = max(end, note.onset_ticks + note.length_ticks)
        return found


@dataclass(frozen=True, slots=True)
class Touch:
    """How hard a part plays: the median velocity of its last notes, by position in the beat."""

    beat_ticks: int
    by_position: Mapping[int, int]  # quarter of a beat -> velocity
    usual: int

    @classmethod
    def of(cls, part: Part, score: Score) -> "Touch":
        """Return the touch of a part's last notes."""
        notes = part.notes[-TOUCH_NOTES:]
        touch = cls(score.ticks_per_beat, {}, round(median(note.velocity for note in notes)))
        found: dict[int, list[int]] = defaultdict(list)
        for note in notes:
            found[touch.position(note.onset_ticks)].append(note.velocity)
        usual = {at: round(median(v)) for at, v in found.items() if len(v) >= TOUCH_LEAST}
        return cls(touch.beat_ticks, usual, touch.usual)

    def position(self, tick: int) -> int:
        """Return the position of a tick in its beat, in quarters of the beat."""
        return round(tick * 4 / self.beat_ticks) % 4

    def velocity(self, tick: int) -> int:
        """Return the velocity of a note that begins at a tick."""
        return self.by_position.get(self.position(tick), self.usual)


def parts_of(score: Score, *, drums: bool = False) -> list[Part]:
    """Return the drum parts of a score, or all other parts, in file order."""
    parts = []
    for index, track in enumerate(score.tracks):
        by_channel: dict[int, list[Note]] = defaultdict(list)
        for note in track.notes:
            by_channel[note.channel].append(note)
        parts += [
            Part(index, channel, tuple(sorted(notes)))
            for channel, notes in sorted(by_channel.items())
            if (channel == DRUM_CHANNEL) == drums
        ]
    return parts


def nearest_part(parts: Sequence[Part], pitch: int) -> int:
    """Return the index of the part whose mean pitch is nearest to `pitch`."""
    return min(range(len(parts)), key=lambda index: abs(parts[index].mean_pitch - pitch))


def append_notes(score: Score, part: Part, notes: Iterable[Note]) -> Score:
    """Append notes to a part's track, on the part's channel and with the part's velocities."""
    track = score.tracks[part.track]
    touch = Touch.of(part, score)
    appended = [
        Note(
            note.onset_ticks,
            note.pitch,
            note.length_ticks,
            touch.velocity(note.onset_ticks),
            part.channel,
        )
        for note in notes
    ]
    return score.with_track_notes(part.track, [*track.notes, *appended])


def clip_before(notes: Iterable[Note], tick: int) -> list[Note]:
    """Cut off what lies before `tick`, and drop the notes that end by then."""
    kept = []
    for note in notes:
        end = note.onset_ticks + note.length_ticks
        onset = max(note.onset_ticks, tick)
        if end > onset:
            kept.append(Note(onset, note.pitch, end - onset, note.velocity, note.channel))
    return kept
