"""What a user asks of a result as hard constraints, read from text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from seqstudio.api import ConfigError
from seqstudio.api.media import chord_of
from seqstudio_music.chords import ROOTS, nearest_chord
from seqstudio_music.keys import ACCIDENTALS

SCALES = {  # semitones above the root
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}
PITCH = re.compile(r"([A-Ga-g])(#|b)?(-?\d)")
FREE = "."  # a bar without a chord of its own


@dataclass(frozen=True, slots=True)
class RangeText:
    """A voice by name, and its lowest and highest MIDI pitch."""

    voice: str
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardRequest:
    """Hard constraints that are asked for; empty ones are not."""

    scale: str = ""
    scale_classes: frozenset[int] = frozenset()
    chords: tuple[tuple[int, ...], ...] = ()  # of each bar, in turn and again from the first
    ranges: tuple[RangeText, ...] = ()
    most_notes: int = 0
    notes_in_bar: tuple[int, int] = (0, 0)  # of the melody or soprano; 0: no limit
    close: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "HardRequest":
        """Return what an operation's options ask for.

        Raises
        ------
        ConfigError
            If one of them cannot be read.
        """
        return cls(
            scale=options["scale"],
            scale_classes=read_scale(options["scale"]) if options["scale"] else frozenset(),
            chords=read_chords(options["chords"]),
            ranges=tuple(read_range(text) for text in options["range"] or ()),
            most_notes=options["most_notes"],
            notes_in_bar=read_span(options["notes_in_bar"]) if options["notes_in_bar"] else (0, 0),
            close=options["close"],
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """The options that ask for something."""
        return tuple(
            field.name
            for field in fields(self)
            if field.name != "scale_classes" and getattr(self, field.name) != field.default
        )


def read_scale(text: str) -> frozenset[int]:
    """Return the pitch classes of a scale such as "D dorian".

    >>> sorted(read_scale("A minor pentatonic"))
    [0, 2, 4, 7, 9]
    """
    root, _, mode = text.strip().partition(" ")
    letter, accidental = root[:1].upper(), root[1:].lower()
    if letter not in ROOTS or accidental not in ACCIDENTALS or mode.lower() not in SCALES:
        known = ", ".join(SCALES)
        raise ConfigError(f"scale={text!r}, expected a root and one of: {known}")
    tonic = ROOTS.index(letter) + ACCIDENTALS[accidental]
    return frozenset((tonic + interval) % 12 for interval in SCALES[mode.lower()])


def read_chords(text: str) -> tuple[tuple[int, ...], ...]:
    """Return the chords of each bar: bars are parted by | or, without any, each has one chord.

    >>> [len(bar) for bar in read_chords("C Am | . | G7")], len(read_chords("Dm7 G7 Cmaj7"))
    ([2, 0, 1], 3)
    """
    bars = (
        [bar.split() for bar in text.split("|")] if "|" in text else [[one] for one in text.split()]
    )
    return tuple(tuple(read_chord(one) for one in bar if one != FREE) for bar in bars)


def read_chord(text: str) -> int:
    """Return the chord nearest to a symbol such as Dm7.

    Raises
    ------
    ConfigError
        If it is no chord symbol.
    """
    if not (pitches := chord_of(text)):
        raise ConfigError(f"chords={text!r}, expected chord symbols such as C, Dm7 or F#dim")
    return nearest_chord(pitches)[0]


def read_range(text: str) -> RangeText:
    """Return a range such as soprano:60-79 or melody:C4-G5.

    >>> read_range("Melody:C4-G5")
    RangeText(voice='Melody', low=60, high=79)
    """
    voice, _, span = text.partition(":")
    low, high = (
        read_pitch(one)
        for one in _halves(span, f"range={text!r}, expected one such as soprano:C4-G5")
    )
    if low > high:
        raise ConfigError(f"range={text!r}, expected the lower pitch first")
    return RangeText(voice.strip(), low, high)


def read_pitch(text: str) -> int:
    """Return the MIDI pitch of a number, or of a note such as F#4; C4 is 60.

    Raises
    ------
    ConfigError
        If it is neither.

    >>> read_pitch("C4"), read_pitch("Bb3"), read_pitch("72")
    (60, 58, 72)
    """
    if text.strip().isdecimal():
        return int(text)
    if (found := PITCH.fullmatch(text.strip())) is None:
        raise ConfigError(f"pitch {text!r}, expected one such as C4, Bb3 or 60")
    letter, accidental, octave = found.groups()
    return 12 * (int(octave) + 1) + ROOTS.index(letter.upper()) + ACCIDENTALS[accidental or ""]


def read_span(text: str) -> tuple[int, int]:
    """Return the least and the most of a span: 3-6, 4 for exactly so many, 3- for at least.

    >>> read_span("3-6"), read_span("4"), read_span("3-")
    ((3, 6), (4, 4), (3, 0))
    """
    low, dash, high = text.replace(" ", "").partition("-")
    wanted = f"notes_in_bar={text!r}, expected one such as 3-6, 4 or 3-"
    if not low.isdecimal() or not (high.isdecimal() or not high):
        raise ConfigError(wanted)
    if not dash:
        return int(low), int(low)
    if high and int(high) < max(int(low), 1):
        raise ConfigError(wanted)
    return int(low), int(high or 0)


def _halves(text: str, wanted: str) -> Sequence[str]:
    low, dash, high = text.partition("-")
    if not (low and dash and high):
        raise ConfigError(wanted)
    return low, high
