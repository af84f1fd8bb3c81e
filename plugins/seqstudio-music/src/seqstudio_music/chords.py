"""Chord symbols: a root and a quality, estimated from notes and spelled as notes."""

from collections.abc import Iterable

QUALITIES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("", (0, 4, 7)),
    ("7", (0, 4, 7, 10)),
    ("m", (0, 3, 7)),
    ("m7", (0, 3, 7, 10)),
    ("dim", (0, 3, 6)),
    ("aug", (0, 4, 8)),
    ("6", (0, 4, 7, 9)),
    ("m6", (0, 3, 7, 9)),
    ("maj7", (0, 4, 7, 11)),
    ("dim7", (0, 3, 6, 9)),
    ("m7b5", (0, 3, 6, 10)),
    ("sus4", (0, 5, 7)),
    ("5", (0, 7)),
    ("note", (0,)),
)
ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
CHORDS = 12 * len(QUALITIES)
LOWEST_ROOT = 36  # MIDI pitch; roots are spelled from here to 47


def nearest_chord(pitches: Iterable[int]) -> tuple[int, bool]:
    """Find the chord symbol for a set of simultaneous notes.

    Returns
    -------
    chord : root * len(QUALITIES) + quality, with the fewest missing and added pitch classes; of
        several such, one whose root is the lowest note
    exact : whether the chord has exactly these pitch classes

    >>> [chord_symbol(nearest_chord(notes)[0]) for notes in ([43, 47, 50], [45, 48, 52, 55])]
    ['G', 'Am7']
    """
    notes = sorted(pitches)
    classes = {pitch % 12 for pitch in notes}
    bass = notes[0] % 12
    best, best_cost = 0, (13, True, 0)
    for root in range(12):
        for quality, (_, intervals) in enumerate(QUALITIES):
            difference = len(classes ^ {(root + step) % 12 for step in intervals})
            cost = (difference, root != bass, quality)
            if cost < best_cost:
                best, best_cost = root * len(QUALITIES) + quality, cost
    return best, best_cost[0] == 0


def chord_pitches(chord: int) -> tuple[int, ...]:
    """Return MIDI pitches of a chord in close position, its root in the second octave below C4."""
    root, quality = divmod(chord, len(QUALITIES))
    return tuple(LOWEST_ROOT + root + interval for interval in QUALITIES[quality][1])


def chord_pitch_classes(chord: int) -> frozenset[int]:
    """Return the pitch classes of a chord."""
    return frozenset(pitch % 12 for pitch in chord_pitches(chord))


def chord_symbol(chord: int) -> str:
    """Return the symbol of a chord.

    >>> chord_symbol(nearest_chord([38, 42, 45, 48])[0])
    'D7'
    """
    root, quality = divmod(chord, len(QUALITIES))
    return ROOTS[root] + QUALITIES[quality][0]
