"""The 12 major and 12 minor keys: their names, transposition, and estimation from notes."""

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio_music.chords import ROOTS

KEYS_COUNT = 24  # 0 to 11 major from C, 12 to 23 minor
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
LAST_BASS_BONUS = 0.15  # added to the correlation of the two keys on the last bass note
ENHARMONIC = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb"}


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
    """Return the key named C, Bb, F#m or similar.

    Raises
    ------
    ConfigError
        If it is not one of the 24.
    """
    minor = name.endswith("m")
    tonic = name[:-1] if minor else name
    tonic = ENHARMONIC.get(tonic, tonic)
    if tonic not in ROOTS:
        raise ConfigError(f"key={name!r}, expected one such as C, Bb or F#m")
    return ROOTS.index(tonic) + (12 if minor else 0)
