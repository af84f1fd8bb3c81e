"""The 12 major and 12 minor keys: their names, transposition, and estimation from notes."""

import re

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio.api.media import KeySignature
from seqstudio_music.chords import ROOTS

KEYS_COUNT = 24  # 0 to 11 major from C, 12 to 23 minor
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
LAST_BASS_BONUS = 0.15  # added to the correlation of the two keys on the last bass note
ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
FIFTHS = "FCGDAEB"  # the letters, each a fifth above the one before
FLATTEST = {False: -3, True: -2}  # of a key's names, in fifths from its signature, by minor
KEY_NAME = re.compile(
    r"([A-Ga-g])[ -]?(#|♯|b|♭|(?i:sharp|flat))?[ -]?(?:(m|(?i:min|minor))|M|(?i:maj|major))?"
)
# Semitones above the tonic that Bach's chorales and folk tunes use least: together some 3 % of
# what sounds. Without them a short piece stays in its key and mode.
FOREIGN = {False: (1, 3, 6, 8), True: (1, 4, 6)}  # by whether the key is minor


def estimate_key(durations: NDArray[np.float64], last_bass: int | None) -> int:
    """Find the key whose profile correlates best with the durations of the pitch classes [1]_.

    Parameters
    ----------
    durations : (12,) total duration of each pitch class, in any unit
    last_bass : pitch class of the last bass note, which is usually the tonic; None if unknown

    References
    ----------
    .. [1] Krumhansl 1990, "Cognitive foundations of musical pitch": the profiles and the method.
    """
    if durations.std() == 0:
        return 0 if last_bass is None else last_bass
    scores = np.empty(KEYS_COUNT)
    for key in range(KEYS_COUNT):
        profile = np.roll(MAJOR if key < 12 else MINOR, key % 12)
        scores[key] = np.corrcoef(profile, durations)[0, 1]
    if last_bass is not None:
        scores[[last_bass, last_bass + 12]] += LAST_BASS_BONUS
    return int(scores.argmax())


def foreign_classes(key: int, *, harmonic: bool = False) -> frozenset[int]:
    """Return the pitch classes that lead away from a key, of a minor one perhaps the subtonic too.

    >>> sorted(foreign_classes(parse_key("Am"))), sorted(foreign_classes(21, harmonic=True))
    ([1, 3, 10], [1, 3, 7, 10])
    """
    subtonic = (10,) if harmonic and key >= 12 else ()
    return frozenset((key + interval) % 12 for interval in (*FOREIGN[key >= 12], *subtonic))


def transpose_key(key: int, semitones: int) -> int:
    """Transpose a key; its mode stays.

    >>> key_name(transpose_key(parse_key("Am"), 3))
    'Cm'
    """
    return (key % 12 + semitones) % 12 + (12 if key >= 12 else 0)


def key_name(key: int) -> str:
    """Return the name of a key, such as C or F#m."""
    return ROOTS[key % 12] + ("m" if key >= 12 else "")


def parse_key(name: str) -> int:
    """Return the key named C, Bb, F#m, "c minor", "E flat major" or similar.

    Raises
    ------
    ConfigError
        If it is not one of the 24.

    >>> [key_name(parse_key(name)) for name in ("Cm", "c minor", "Bbmaj", "e flat major", "F♯ min")]
    ['Cm', 'Cm', 'Bb', 'Eb', 'F#m']
    """
    found = KEY_NAME.fullmatch(name.strip())
    if found is None:
        raise ConfigError(f'key={name!r}, expected one such as C, Bb, F#m or "c minor"')
    letter, accidental, minor = found.groups()
    tonic = ROOTS.index(letter.upper()) + ACCIDENTALS[(accidental or "").lower()]
    return tonic % 12 + (12 if minor else 0)


def key_of_signature(fifths: int, *, minor: bool) -> int:
    """Return the key of a signature: its sharps, or minus its flats, and its mode.

    >>> [key_name(key_of_signature(fifths, minor=True)) for fifths in (0, -3, 3)]
    ['Am', 'Cm', 'F#m']
    """
    major = 7 * fifths % 12
    return (major + 9) % 12 + 12 if minor else major


def signature_of_key(key: int) -> KeySignature:
    """Return the signature of a key, that with fewer accidentals.

    >>> [signature_of_key(parse_key(name)).fifths for name in ("Cm", "C#", "F#m", "A")]
    [-3, -5, 3, 3]
    """
    minor = key >= 12
    major = (key + 3) % 12 if minor else key
    fifths = 7 * major % 12
    return KeySignature(0, fifths - 12 if fifths > 6 else fifths, minor)


def pitch_name(pitch: int, key: int) -> str:
    """Return the name of a MIDI pitch as it is usually spelled in a key; C4 is 60.

    >>> [pitch_name(56, parse_key(key)) for key in ("Am", "Cm")], pitch_name(59, parse_key("Gb"))
    (['G#3', 'Ab3'], 'B3')
    """
    flattest = signature_of_key(key).fifths + FLATTEST[key >= 12]
    fifths = flattest + (7 * pitch - flattest) % 12  # from C
    accidentals, letter = divmod(fifths + 1, len(FIFTHS))
    sign = "#" * accidentals if accidentals > 0 else "b" * -accidentals
    return f"{FIFTHS[letter]}{sign}{(pitch - accidentals) // 12 - 1}"
