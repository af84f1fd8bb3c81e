"""Chord symbols: a root and a quality, read from sets of notes and spelled as notes again."""

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
LOWEST_ROOT = 36  # chords are spelled in close position on a root from 36 to 47


def chord_of(pitches: Iterable[int]) -> tuple[int, bool]:
    """Name a set of sounding notes.

    Returns
    -------
    chord : root * len(QUALITIES) + quality; the one that shares most and adds least, on the lowest
        note where several do
    exact : whether it has just these pitch classes

    >>> [chord_name(chord_of(notes)[0]) for notes in ([43, 47, 50], [45, 48, 52, 55])]
    ['G', 'Am7']
    """
    notes = sorted(pitches)
    classes = {pitch % 12 for pitch in notes}
    bass = notes[0] % 12
    best, best_cost = 0, (13, True, 0)
    for root in range(12):
        for quality, (_, intervals) in enumerate(QUALITIES):
            differs = len(classes ^ {(root + step) % 12 for step in intervals})
            cost = (differs, root != bass, quality)
            if cost < best_cost:
                best, best_cost = root * len(QUALITIES) + quality, cost
    return best, best_cost[0] == 0


def chord_pitches(chord: int) -> tuple[int, ...]:
    """Spell a chord in close position, its root in the second octave below middle C."""
    root, quality = divmod(chord, len(QUALITIES))
    return tuple(LOWEST_ROOT + root + interval for interval in QUALITIES[quality][1])


def chord_classes(chord: int) -> frozenset[int]:
    """Give a chord's pitch classes."""
    return frozenset(pitch % 12 for pitch in chord_pitches(chord))


def chord_name(chord: int) -> str:
    """Write a chord's symbol.

    >>> chord_name(chord_of([38, 42, 45, 48])[0])
    'D7'
    """
    root, quality = divmod(chord, len(QUALITIES))
    return ROOTS[root] + QUALITIES[quality][0]
