"""Augmentation of training utterances; all randomness comes from the generator argument."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api.media import Audio, resample
from seqstudio_speech.settings import AugmentSettings

FULL_SCALE = 32768  # of 16 bits
LONGEST_TIME_MASK = 8  # a time mask covers at most one part in this many of an utterance


def change_speed(samples: NDArray[np.float32], speed: float, rate_hz: int) -> NDArray[np.float32]:
    """Resample (N,) mono samples to about N / speed samples, which changes speed and pitch."""
    if speed == 1:
        return samples
    relabelled = Audio(samples[:, None], round(rate_hz * speed))
    return resample(relabelled, rate_hz).samples[:, 0]


def change_gain(
    samples: NDArray[np.float32], most_db: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Make (N,) samples louder or softer, by up to `most_db`, as a 16-bit recorder stores them."""
    if not most_db:
        return samples
    gain = np.float32(10 ** (generator.uniform(-most_db, most_db) / 20) * FULL_SCALE)
    stored = np.clip(np.round(samples * gain), -FULL_SCALE, FULL_SCALE - 1)
    return (stored / FULL_SCALE).astype(np.float32)


def mask(
    frames: Tensor, settings: AugmentSettings, generator: np.random.Generator, *, hop_s: float
) -> Tensor:
    """Mask random bands and time spans of standardised frames, (T, mels), with their mean, 0."""
    frames = frames.clone()
    length, mels = frames.shape
    longest = min(settings.time_width, length // LONGEST_TIME_MASK)
    for _ in range(settings.frequency_masks):
        start, stop = _span(mels, min(settings.frequency_width, mels), generator)
        frames[:, start:stop] = 0
    for _ in range(max(settings.time_masks, int(settings.time_masks_per_s * length * hop_s))):
        start, stop = _span(length, longest, generator)
        frames[start:stop] = 0
    return frames


def _span(length: int, widest: int, generator: np.random.Generator) -> tuple[int, int]:
    """Draw a span of at most `widest` within `length`."""
    width = int(generator.integers(0, widest + 1))
    start = int(generator.integers(0, length - width + 1))
    return start, start + width
