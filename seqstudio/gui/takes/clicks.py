"""The clicks of a metronome, mixed with the sound of a score."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from seqstudio.media.audio import Audio, Samples
from seqstudio.media.midi import Score

CLICK_S = 0.03
BAR_HZ, BEAT_HZ = 1760.0, 1175.0  # the first beat of a bar is higher
LEVEL = 0.35
DECAY_S = 0.008


def with_clicks(audio: Audio, score: Score) -> Audio:
    """Return the sound with a click at each beat of the score."""
    mixed = audio.samples.copy()
    for second, first in beats(score):
        start = round(second * audio.rate_hz)
        click = _click(audio.rate_hz, BAR_HZ if first else BEAT_HZ)[: max(len(mixed) - start, 0)]
        mixed[start : start + len(click)] += click
    return Audio(np.clip(mixed, -1.0, 1.0), audio.rate_hz)


def beats(score: Score) -> Iterator[tuple[float, bool]]:
    """Yield the second of each quarter note of each bar, and whether it begins the bar."""
    bars = score.tempo_map.bars(score.end_tick)
    for start, stop in pairwise(bars):
        for tick in range(start, stop, score.ticks_per_beat):
            yield score.tempo_map.seconds(tick), tick == start


def _click(rate_hz: int, hz: float) -> Samples:
    at = np.arange(round(CLICK_S * rate_hz)) / rate_hz
    return (LEVEL * np.sin(2 * np.pi * hz * at) * np.exp(-at / DECAY_S)).astype(np.float32)[:, None]
