"""The first chord of a piece and its last ones: which pitches and chords the voices may have."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqstudio_music.chords import QUALITIES
from seqstudio_music.grid import Grid
from seqstudio_music.voices.tokens import Layout

TRIADS = {False: (0, 4, 7), True: (0, 3, 7)}  # by whether the key is minor
DOMINANT = (7, 11, 2, 5)  # a seventh chord in both modes, in semitones above the tonic
SUBDOMINANTS = {False: (5, 9, 0), True: (5, 8, 0)}
CLOSING_STEPS = 8  # sixteenths at the end that are on the tonic; at most half a bar
APPROACH_STEPS = 4  # sixteenths of the chord before the tonic: a beat
MELODY_STEPS = 4  # the last sixteenths of a lead sheet's melody, on the root

Classes = frozenset[int]  # pitch classes, or chords


def closing_steps(grid: Grid) -> int:
    """Return how many sixteenths at the end of a piece are on the tonic."""
    return min(CLOSING_STEPS, grid.steps_per_bar[-1] // 2)


@dataclass(frozen=True, slots=True)
class Cadence:
    """An authentic or plagal close of four voices, or the tonic chord under a melody's last note.

    The last `tonic_steps` of `steps` are on the tonic. Four voices come to it from the dominant or
    the subdominant, whose root is in the bass. With `opening` the first step is on the tonic too.
    """

    layout: Layout
    steps: int
    tonic_steps: int
    opening: bool = False

    def choices(self, key: int, step: int, voice: int, chosen: Sequence[int]) -> list[Classes]:
        """Return what a voice may have, preferred sets first; none where it is free.

        Parameters
        ----------
        key : 0 to 11 major, 12 to 23 minor
        chosen : the pitch classes of the voices before it in this step
        """
        left = self.steps - step
        if self.opening and step == 0:
            return self._on_tonic(key, voice, chosen)
        if not self.tonic_steps or left > self.tonic_steps + APPROACH_STEPS:
            return []
        if left > self.tonic_steps:
            return [] if self.layout.has_chords else self._approach(key, voice, chosen)
        if self.layout.has_chords and self.layout.voices[voice].kind == "pitch":
            return [frozenset({key % 12})] if left <= MELODY_STEPS else []
        return self._on_tonic(key, voice, chosen)

    def arrives(self, step: int) -> bool:
        """Return whether this is the first step of the last chord."""
        return self.tonic_steps > 0 and self.steps - step == self.tonic_steps

    def has_ended(self, step: int) -> bool:
        """Return whether the last chord sounds already: what fits it is held."""
        return self.steps - step < self.tonic_steps

    def _approach(self, key: int, voice: int, chosen: Sequence[int]) -> list[Classes]:
        """Return the tones of the dominant or the subdominant, above its root in the bass."""
        dominant = classes(key, DOMINANT)
        subdominant = classes(key, SUBDOMINANTS[key >= 12])
        fitting = [
            chord for chord in (dominant, subdominant) if all(one in chord for one in chosen)
        ]
        if self.layout.voices[voice].name == "Bass":
            roots = {dominant: (key + 7) % 12, subdominant: (key + 5) % 12}
            return [frozenset(roots[chord] for chord in fitting)] if fitting else []
        return [frozenset(tone for chord in fitting for tone in chord)] if fitting else []

    def _on_tonic(self, key: int, voice: int, chosen: Sequence[int]) -> list[Classes]:
        """Return the tonic chord: the bass has its root, the others its notes, one its third."""
        if self.layout.voices[voice].kind == "chord":
            names = [name for name, _ in QUALITIES]
            return [frozenset({key % 12 * len(QUALITIES) + names.index("m" if key >= 12 else "")})]
        root, third, fifth = ((key + interval) % 12 for interval in TRIADS[key >= 12])
        if self.layout.voices[voice].name == "Bass":
            return [frozenset({root})]
        is_last = voice == len(self.layout.voices) - 1 and not self.layout.has_chords
        missing = [frozenset({third})] if is_last and third not in chosen else []
        return [*missing, frozenset({root, third, fifth})]


def classes(key: int, intervals: Sequence[int]) -> Classes:
    """Return the pitch classes at these intervals above the tonic of a key."""
    return frozenset((key + interval) % 12 for interval in intervals)
