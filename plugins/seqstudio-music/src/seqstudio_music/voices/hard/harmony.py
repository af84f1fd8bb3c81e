"""Rules of harmony: a chord in a bar, and a close on the tonic."""

from dataclasses import dataclass

import numpy as np

from seqstudio_music.chords import QUALITIES, chord_pitch_classes, chord_symbol
from seqstudio_music.grid import STEPS_PER_BEAT
from seqstudio_music.voices.cadence import (
    APPROACH_STEPS,
    DOMINANT,
    SUBDOMINANTS,
    TRIADS,
    classes,
)
from seqstudio_music.voices.hard.rules import pitch_classes, sounding_classes
from seqstudio_music.voices.hard.space import STRIKES, Space
from seqstudio_music.voices.tokens import NONE, Held, Values

ROOT_VOICES = {False: "Bass", True: "Melody"}  # by whether there is a voice of chords


@dataclass(frozen=True)
class ChordAt:
    """A chord from one step on up to another.

    A voice of chords begins it there and keeps it. In four voices, all that sound on its beats
    are tones of it, and the soprano sounds.
    """

    chord: int
    steps: slice
    bar: int

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"{chord_symbol(self.chord)} in bar {self.bar}"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the chord to voices of chords, else its tones on the beats."""
        for voice, kind in enumerate(one.kind for one in space.layout.voices):
            if kind == "chord":
                space.values[voice][self.steps] &= space.only(voice, [self.chord])
                space.moves[self.steps.start, voice] &= np.arange(3) == STRIKES
                space.moves[self.steps.start + 1 : self.steps.stop, voice, STRIKES] = False
            elif not space.layout.has_chords:
                tones = chord_pitch_classes(self.chord)
                fits = [own <= tones for own in pitch_classes(space.layout, voice)]
                space.values[voice][self._beats(space)] &= np.array([*fits, voice > 0])
        return [space]

    def _beats(self, space: Space) -> list[int]:
        steps = range(self.steps.start, self.steps.stop)
        return [step for step in steps if space.grid.positions[step] % STEPS_PER_BEAT == 0]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether the chord is there."""
        if space.layout.has_chords:
            voice = int(space.layout.chords.argmax())
            kept = held[self.steps, voice]
            same = (values[self.steps, voice] == self.chord).all()
            return bool(same and not kept[0] and kept[1:].all())
        tones = chord_pitch_classes(self.chord)
        rows = values[self._beats(space)]
        found = [set(sounding_classes(space.layout, row)) for row in rows]
        return all(one <= tones for one in found) and bool((rows[:, 0] != NONE).all())


@dataclass(frozen=True)
class Close:
    """A close on the tonic: four voices come to it from the dominant or the subdominant."""

    key: int
    tonic_steps: int
    name: str

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"close in {self.name}"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the tonic at the end, and before it one of the two chords that lead there."""
        steps = space.grid.steps
        last = slice(steps - self.tonic_steps, steps)
        self._sound(space, last, classes(self.key, TRIADS[self.key >= 12]), self.key % 12)
        if space.layout.has_chords:
            return [space]
        approach = slice(max(last.start - APPROACH_STEPS, 0), last.start)
        found = []
        for root, chord in ((7, DOMINANT), (5, SUBDOMINANTS[self.key >= 12])):
            one = space.copied()
            self._sound(one, approach, classes(self.key, chord), (self.key + root) % 12)
            found.append(one)
        return found

    def _sound(self, space: Space, steps: slice, tones: frozenset[int], root: int) -> None:
        """Leave a chord to the voices, its root to the bass; a melody ends on the root."""
        for voice, own in enumerate(space.layout.voices):
            if own.kind == "chord":
                quality = [name for name, _ in QUALITIES].index("m" if self.key >= 12 else "")
                only = space.only(voice, [root * len(QUALITIES) + quality])
                space.values[voice][steps] &= only
                continue
            lowest = own.name == "Bass" or space.layout.has_chords
            wanted = frozenset({root}) if lowest else tones
            fits = [one <= wanted for one in pitch_classes(space.layout, voice)]
            beat = slice(steps.stop - STEPS_PER_BEAT, steps.stop)
            part = beat if space.layout.has_chords else steps
            space.values[voice][part] &= np.array([*fits, False])

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether the end sounds the tonic chord, from a chord that leads to it."""
        layout, minor = space.layout, self.key >= 12
        root_voice = [voice.name for voice in layout.voices].index(ROOT_VOICES[layout.has_chords])
        tonic = classes(self.key, TRIADS[minor])
        end = values[len(values) - self.tonic_steps :]
        ended = all(set(sounding_classes(layout, row)) <= tonic for row in end)
        if values[-1, root_voice] == NONE or values[-1, root_voice] % 12 != self.key % 12:
            return False
        before = len(values) - self.tonic_steps - 1
        if layout.has_chords or before < 0:
            return ended or layout.has_chords
        leads = (classes(self.key, DOMINANT), classes(self.key, SUBDOMINANTS[minor]))
        last = set(sounding_classes(layout, values[before]))
        return ended and any(last <= chord for chord in leads)
