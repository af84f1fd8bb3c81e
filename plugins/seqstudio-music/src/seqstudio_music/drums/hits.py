"""Hits on the grid of sixteenths: a piece, how hard, and how far from the grid; and their tokens.

A step is a group of tokens in ascending order, then END. A token says piece, velocity and timing
together, so that how a hit is played depends on all that is struck before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from seqstudio.api import Note
from seqstudio_music.grid import Grid
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.kit import PIECE_OF, PIECES

LOUDEST = (40, 75, 105)  # velocities up to which a hit counts as softer than the next class
VELOCITIES = (28, 60, 92, 116)  # with which each class is played
TIMINGS = 7  # classes of the distance from the grid, over a sixteenth
PER_PIECE = len(VELOCITIES) * TIMINGS  # tokens
END = len(PIECES) * PER_PIECE
VOCABULARY = END + 1
HIT_TICKS_PER_BEAT = 8  # a hit lasts an eighth of a beat
LOUD = 2  # the class from which a hit is an accent


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One stroke: classes of velocity and timing; timing 3 is on the grid."""

    piece: int
    velocity: int
    timing: int

    @property
    def token(self) -> int:
        """The token of the hit."""
        return self.piece * PER_PIECE + self.velocity * TIMINGS + self.timing

    @classmethod
    def of_token(cls, token: int) -> "Hit":
        """Return the hit of a token below END."""
        piece, rest = divmod(token, PER_PIECE)
        return cls(piece, *divmod(rest, TIMINGS))

    @property
    def offset(self) -> float:
        """How late it is, in sixteenths; early is negative."""
        return (self.timing - TIMINGS // 2) / TIMINGS


PieceOf = Callable[[Note], int | None]
Steps = tuple[tuple[Hit, ...], ...]  # of each step, one for each piece at most


def hit_of(note: Note, piece: int, distance: float) -> Hit:
    """Return a note as a hit; `distance` from the grid is -0.5 to 0.5 sixteenths."""
    timing = min(max(round(distance * TIMINGS) + TIMINGS // 2, 0), TIMINGS - 1)
    return Hit(piece, bisect_right(LOUDEST, note.velocity - 1), timing)


def steps_of(notes: Iterable[Note], grid: Grid, pieces: PieceOf | None = None) -> Steps:
    """Return the hits of each step of a grid; of several of one piece in a step the loudest.

    `pieces` returns the piece of a note, or None to leave it out; by default that of its pitch.
    """
    found: list[dict[int, Hit]] = [{} for _ in range(grid.steps)]
    for note in notes:
        piece = PIECE_OF.get(note.pitch) if pieces is None else pieces(note)
        if piece is None:
            continue
        step = grid.onset_step(note.onset_ticks)
        sixteenth = grid.ticks_per_beat / 4
        hit = hit_of(note, piece, (note.onset_ticks - int(grid.ticks[step])) / sixteenth)
        if piece not in found[step] or hit.velocity > found[step][piece].velocity:
            found[step][piece] = hit
    return tuple(tuple(sorted(hits.values())) for hits in found)


def tokens_of(steps: Steps) -> list[list[int]]:
    """Return the groups of tokens of steps."""
    return [[*(hit.token for hit in hits), END] for hits in steps]


def steps_of_tokens(tokens: Sequence[int]) -> Steps:
    """Return the steps of flat tokens; a last step without END is left out.

    >>> [len(step) for step in steps_of_tokens([3, 40, END, END, 5])]
    [2, 0]
    """
    steps, hits = [], dict[int, Hit]()
    for token in tokens:
        if token == END:
            steps.append(tuple(hits.values()))
            hits = {}
        else:
            hit = Hit.of_token(token)
            hits.setdefault(hit.piece, hit)
    return tuple(steps)


def notes_of(steps: Steps, grid: Grid, kit: dict[int, int], first: int = 0) -> list[Note]:
    """Return the notes of steps that begin at step `first` of a grid, played on a kit."""
    sixteenth, length = grid.ticks_per_beat / 4, max(grid.ticks_per_beat // HIT_TICKS_PER_BEAT, 1)
    notes = []
    for step, hits in enumerate(steps, start=first):
        for hit in hits:
            onset = max(int(grid.ticks[step]) + round(hit.offset * sixteenth), 0)
            velocity = VELOCITIES[hit.velocity]
            notes.append(Note(onset, kit[hit.piece], length, velocity, DRUM_CHANNEL))
    return notes
