"""The longest match of a piece with others, whatever its key and tempo.

A part is a sequence of intervals and of ratios between the times from onset to onset; of notes that
begin together the highest counts. Two parts match where both sequences are equal: in the manner of
Yin et al. 2022, "Measuring when a music generation algorithm copies too much".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log2

from seqstudio.api.media import Score
from seqstudio_music.parts import parts_of

SEED = 6  # tokens that a match has at least
NOTES_MORE = 2  # a match of N tokens has so many notes more
COPY_NOTES = 12  # notes of a match that counts as a copy
CHORDS = 2.0  # notes per onset from which a part is chords, which match all too easily

Token = tuple[int, int]  # interval in semitones, ratio of times in twelfths of an octave


@dataclass(frozen=True, slots=True)
class Melody:
    """One part as a sequence of tokens, with the bar of each of its notes, from 1."""

    piece: str
    tokens: tuple[Token, ...]
    bars: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The longest match of a piece; `notes` is 0 if there is none of at least 8 notes."""

    notes: int = 0
    bar: int = 0  # of the piece, where the match begins
    piece: str = ""  # that it matches
    piece_bar: int = 0
    copied: float = 0.0  # share of the piece's notes within matches of `COPY_NOTES` or more

    @property
    def place(self) -> str:
        """Its length, and where it stands.

        >>> Match(14, 3, "tune.mid", 9).place
        '14 notes from bar 3, as tune.mid from bar 9'
        """
        if not self.notes:
            return "no match of 8 notes or more"
        return f"{self.notes} notes from bar {self.bar}, as {self.piece} from bar {self.piece_bar}"


def melodies(score: Score, piece: str) -> list[Melody]:
    """Return the parts of a score that are no drums and no chords; all pitched parts if none is."""
    parts = parts_of(score)
    starts = score.bars
    chosen = [part for part in parts if part.notes_per_onset < CHORDS] or parts
    found = []
    for part in chosen:
        highest: dict[int, int] = {}
        for note in part.notes:
            highest[note.onset_ticks] = max(highest.get(note.onset_ticks, 0), note.pitch)
        onsets = sorted(highest)
        pitches = [highest[onset] for onset in onsets]
        bars = tuple(_bar_of(starts, onsets))
        found.append(Melody(piece, tuple(tokens(onsets, pitches)), bars))
    return found


def tokens(onsets: Sequence[int], pitches: Sequence[int]) -> Iterator[Token]:
    """Yield a token for each note but the first and the last.

    >>> list(tokens([0, 480, 720, 960], [60, 62, 64, 62]))
    [(2, -12), (-2, 0)]
    """
    for n in range(1, len(onsets) - 1):
        ratio = (onsets[n + 1] - onsets[n]) / (onsets[n] - onsets[n - 1])
        yield pitches[n + 1] - pitches[n], round(12 * log2(ratio))


def _bar_of(starts: Sequence[int], onsets: Sequence[int]) -> Iterator[int]:
    bar = 0
    for onset in onsets:
        while bar < len(starts) and starts[bar] <= onset:
            bar += 1
        yield max(bar, 1)


class MatchIndex:
    """Where each run of `SEED` tokens stands in a set of melodies."""

    def __init__(self, melodies: Iterable[Melody]) -> None:
        self._melodies = list(melodies)
        self._places: dict[tuple[Token, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, melody in enumerate(self._melodies):
            for at in range(len(melody.tokens) - SEED + 1):
                self._places[melody.tokens[at : at + SEED]].append((number, at))

    def longest(self, piece: Sequence[Melody]) -> Match:
        """Return the longest match of the parts of a piece, the first of several."""
        best, copied, notes = Match(), 0, 0
        for melody in piece:
            covered = [False] * len(melody.bars)
            for at in range(len(melody.tokens) - SEED + 1):
                for number, other in self._places.get(melody.tokens[at : at + SEED], ()):
                    length = self._length(melody, at, number, other)
                    found = self._melodies[number]
                    if length + NOTES_MORE > best.notes:
                        best = Match(
                            length + NOTES_MORE, melody.bars[at], found.piece, found.bars[other]
                        )
                    if length + NOTES_MORE >= COPY_NOTES:
                        end = at + length + NOTES_MORE
                        covered[at:end] = [True] * (end - at)
            copied, notes = copied + sum(covered), notes + len(covered)
        share = copied / notes if notes else 0.0
        return Match(best.notes, best.bar, best.piece, best.piece_bar, share)

    def _length(self, melody: Melody, at: int, number: int, other: int) -> int:
        """Return the number of equal tokens; 0 within a match that began before."""
        ours, theirs = melody.tokens, self._melodies[number].tokens
        if at and other and ours[at - 1] == theirs[other - 1]:
            return 0
        length = SEED
        while at + length < len(ours) and other + length < len(theirs):
            if ours[at + length] != theirs[other + length]:
                break
            length += 1
        return length
