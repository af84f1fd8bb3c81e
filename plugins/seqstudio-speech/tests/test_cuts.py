"""Word times do not depend on where a recording is cut."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from seqstudio_speech.outside import OutsideRecogniser
from seqstudio_speech.pauses import Levels, Measure, Samples, levels_db

from seqstudio.api import Recognition, Word

RATE_HZ = 16000
CLOSE_S = 0.002


class Bursts:
    """A recogniser to which each burst of sound is a word."""

    name, sha256, rate_hz = "bursts", "", RATE_HZ

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s

    def recognise(self, samples: Samples, language: str) -> Recognition:
        loud = np.abs(samples) > 0.05
        edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
        times = [(start / RATE_HZ, end / RATE_HZ) for start, end in edges.reshape(-1, 2).tolist()]
        words = (Word(word="x", start_s=start, end_s=end, confidence=1) for start, end in times)
        return Recognition(words=tuple(words))


def write(path: Path, generator: np.random.Generator, bursts: int) -> list[tuple[float, float]]:
    """Write bursts between pauses of any length; return their times in seconds."""
    parts, times, at_s = [np.zeros(RATE_HZ // 10)], [], 0.1
    for _ in range(bursts):
        burst_s, pause_s = (round(float(generator.uniform(*range_s)), 4) for range_s in RANGES_S)
        parts += [np.full(round(burst_s * RATE_HZ), 0.3), np.zeros(round(pause_s * RATE_HZ))]
        parts[-2][1::2] *= -1
        times.append((at_s, at_s + burst_s))
        at_s += burst_s + pause_s
    soundfile.write(path, np.concatenate(parts), RATE_HZ)
    return times


RANGES_S = (0.1, 1.5), (0.15, 1.5)


def rippled(seed: int) -> Measure:
    """Return levels that are off by so much that other pauses are chosen for the cuts."""

    def measure(samples: Samples, rate_hz: int) -> Levels:
        levels = levels_db(samples, rate_hz)
        return levels + np.random.default_rng(seed).uniform(-9, 9, len(levels))

    return measure


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), bursts=st.integers(1, 60), longest_s=st.floats(8, 30))
def test_words_have_their_times_wherever_a_recording_is_cut(
    tmp_path_factory: pytest.TempPathFactory, seed: int, bursts: int, longest_s: float
) -> None:
    path = tmp_path_factory.mktemp("cuts") / "bursts.wav"
    times = write(path, np.random.default_rng(seed), bursts)
    for measure in (levels_db, rippled(seed)):
        heard = OutsideRecogniser(Bursts(longest_s), measure=measure).transcribe(path)
        words = [word for segment in heard.segments for word in segment.words]
        found = [time for word in words for time in (word.start_s, word.end_s)]

        assert found == pytest.approx([time for pair in times for time in pair], abs=CLOSE_S)
        assert found == sorted(found)
        assert all(0 <= time <= heard.duration_s for time in found)
