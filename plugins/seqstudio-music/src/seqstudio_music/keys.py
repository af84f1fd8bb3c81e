"""Keys: 12 major and 12 minor, estimated from how long each pitch class sounds."""

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio_music.chords import ROOTS

KEYS_COUNT = 24  # 0 to 11 major from C, 12 to 23 minor
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
LAST_BASS = 0.15  # added to the correlation of the keys on the last bass note
FLATS = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}


def estimate_key(weights: NDArray[np.float64], last_bass: int | None) -> int:
    """Find the key whose profile correlates best with what sounds [1]_.

    Parameters
    ----------
    weights : (12,) how long each pitch class sounds
    last_bass : pitch class of the last bass note, which is mostly the tonic; None where unknown

    References
    ----------
    .. [1] Krumhansl 1990, "Cognitive foundations of musical pitch": the profiles and the method.
    """
    if weights.std() == 0:
        return 0 if last_bass is None else last_bass
    scores = np.empty(KEYS_COUNT)
    for key in range(KEYS_COUNT):
        profile = np.roll(MAJOR if key < 12 else MINOR, key % 12)
        scores[key] = np.corrcoef(profile, weights)[0, 1]
    if last_bass is not None:
        scores[[last_bass, last_bass + 12]] += LAST_BASS
    return int(scores.argmax())


def transpose_key(key: int, semitones: int) -> int:
    """Move a key, keeping its mode.

    >>> key_name(transpose_key(key_of_name("Am"), 3))
    'Cm'
    """
    return (key % 12 + semitones) % 12 + (12 if key >= 12 else 0)


def key_name(key: int) -> str:
    """Write a key: C, F#m."""
    return ROOTS[key % 12] + ("m" if key >= 12 else "")


def key_of_name(name: str) -> int:
    """Read a key such as C, Bb or F#m.

    Raises
    ------
    ConfigError
        If it is none of the 24.
    """
    minor = name.endswith("m")
    tonic = name[:-1] if minor else name
    tonic = FLATS.get(tonic, tonic)
    if tonic not in ROOTS:
        raise ConfigError(f"key={name!r}, expected one such as C, Bb or F#m")
    return ROOTS.index(tonic) + (12 if minor else 0)
