"""Chord symbols as text, such as Am7 or F#dim/A, and the pitches that stand for them."""

import re

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LOWEST_ROOT = 36  # MIDI pitch; roots are spelled from here to 47
LOWEST_BASS = 24  # of a bass other than the root
QUALITIES = {  # how a chord is written -> its intervals above the root
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "mmaj7": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "7b5": (0, 4, 6, 10),
    "aug7": (0, 4, 8, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "add9": (0, 4, 7, 14),
    "7b9": (0, 4, 7, 10, 13),
    "11": (0, 4, 7, 10, 14, 17),
    "13": (0, 4, 7, 10, 14, 21),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "5": (0, 7),
}
SPELLINGS = (  # other ways to write a quality, tried in turn
    (r"[()\s]", ""),
    (r"♭", "b"),
    (r"♯", "#"),
    (r"^(maj|M|major)$", ""),
    (r"^(-|min|minor|mi)", "m"),
    (r"^(\^|Δ|M|ma)(?=7|9|$)", "maj"),
    (r"^maj$", "maj7"),
    (r"^m(\^|Δ|M|ma)7", "mmaj7"),
    (r"^(ø|h|hdim)7?$", "m7b5"),
    (r"^(o|°|d)(7?)$", r"dim\2"),
    (r"^(\+|a)(7?)$", r"aug\2"),
    (r"^7(\+|#5)$", "aug7"),
    (r"^sus$", "sus4"),
    (r"^6/9$", "69"),
)
SYMBOL = re.compile(r"([A-G])([#b♯♭]?)(.*?)(?:/([A-Ga-g])([#b♯♭]?))?")
ALTERATIONS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


def chord_of(text: str) -> tuple[int, ...] | None:
    """Return the pitches of a chord symbol; () for "N.C.", None for what is no chord symbol.

    A quality that is not known, such as 7#9b13, is read without its end: as 7.

    >>> chord_of("Am7"), chord_of("C/E"), chord_of("N.C."), chord_of("Fine")
    ((45, 48, 52, 55), (28, 36, 40, 43), (), None)
    """
    text = text.strip()
    if text.upper().replace(".", "") == "NC":
        return ()
    found = SYMBOL.fullmatch(text)
    if found is None:
        return None
    letter, alteration, quality, bass, bass_alteration = found.groups()
    intervals = _intervals(quality)
    if intervals is None:
        return None
    root = (STEPS[letter] + ALTERATIONS[alteration]) % 12
    low = (STEPS[bass.upper()] + ALTERATIONS[bass_alteration or ""]) % 12 if bass else root
    return spelled(root, intervals, low)


def spelled(root: int, intervals: tuple[int, ...], bass: int) -> tuple[int, ...]:
    """Return MIDI pitches of a chord in close position, with another bass below it.

    >>> spelled(9, (0, 3, 7), 9), spelled(0, (0, 4, 7), 4)
    ((45, 48, 52), (28, 36, 40, 43))
    """
    pitches = tuple(LOWEST_ROOT + root + interval for interval in sorted(set(intervals)))
    return pitches if bass == root else (LOWEST_BASS + bass, *pitches)


def _intervals(quality: str) -> tuple[int, ...] | None:
    for pattern, spelling in SPELLINGS:
        quality = re.sub(pattern, spelling, quality)
    for end in range(len(quality), -1, -1):
        if quality[:end] in QUALITIES and (end or not quality or not quality[0].isalpha()):
            return QUALITIES[quality[:end]]
    return None
