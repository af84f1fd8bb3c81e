"""Speech of tones, one a letter, in a low and a high voice, as files and transcripts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from seqstudio.contracts.transcript import Segment, Transcript

RATE_HZ = 16000
TONES_HZ = {"A": 400.0, "B": 900.0, "C": 1900.0, " ": 200.0}
TONE_S, GAP_S, PAUSE_S = 0.10, 0.06, 0.4
WORDS = ("A", "B", "C", "AB", "BA", "CC", "CAB", "ABC")
HIGHER = 1.6  # by which the high voice has its tones higher


def sentences(count: int, *, seed: int) -> list[str]:
    """Return random sentences of three words."""
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, size=3)) for _ in range(count)]


def speak(text: str) -> NDArray[np.float64]:
    """Return a sentence between pauses, (N,) at `RATE_HZ`."""
    times = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    parts = [_silence(PAUSE_S / 2)]
    for letter in text:
        tone = np.sin(2 * np.pi * TONES_HZ[letter] * times) * np.hanning(len(times))
        parts += [0.3 * tone, _silence(GAP_S)]
    return np.concatenate([*parts, _silence(PAUSE_S / 2)])


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * RATE_HZ))


def write_training_data(folder: Path, count: int) -> Path:
    """Write recordings of the low voice with a text beside each."""
    folder.mkdir()
    for number, text in enumerate(sentences(count, seed=1)):
        soundfile.write(folder / f"{number}.wav", speak(text), RATE_HZ)
        (folder / f"{number}.txt").write_text(text)
    return folder


def write_recording(path: Path, texts: Sequence[str]) -> Transcript:
    """Write a recording of the high voice; return the transcript that a model would make."""
    rate_hz = round(HIGHER * RATE_HZ)
    spoken = [speak(text) for text in texts]
    soundfile.write(path, np.concatenate(spoken), rate_hz)
    ends_s = np.cumsum([len(one) / rate_hz for one in spoken]).tolist()
    segments = tuple(
        Segment(start_s=start, end_s=end, text=text)
        for text, start, end in zip(texts, [0.0, *ends_s], ends_s, strict=False)
    )
    return Transcript(
        audio=path.name, duration_s=ends_s[-1], text=" ".join(texts), segments=segments
    )
