from pathlib import Path

import numpy as np
import pytest
import soundfile
from seqstudio_speech.pauses import LONGEST_PIECE_S
from seqstudio_speech.recordings import (
    EDGE_S,
    Chunk,
    chunks,
    is_silent,
    loud_levels,
    read_mono,
    spoken,
)

RATE_HZ = 16000


def noise_with_pauses(seconds: float, pauses_s: tuple[float, ...]) -> np.ndarray:
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ))
    for pause in pauses_s:
        samples[round(pause * RATE_HZ) : round((pause + 0.4) * RATE_HZ)] *= 0.001
    return samples


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.wav"
    soundfile.write(path, noise_with_pauses(47, (14.0, 31.5)), RATE_HZ)
    return path


def test_chunks_join_to_the_whole_recording(long_file: Path) -> None:
    found = list(chunks(long_file, RATE_HZ))

    assert np.array_equal(
        np.concatenate([chunk.samples for chunk in found]), read_mono(long_file, RATE_HZ)
    )
    assert all(len(chunk.samples) <= LONGEST_PIECE_S * RATE_HZ for chunk in found)


def test_chunks_are_cut_in_the_pauses(long_file: Path) -> None:
    starts = [chunk.start_s for chunk in chunks(long_file, RATE_HZ)]

    assert starts[0] == 0
    assert sum(14.0 < start < 14.4 for start in starts) == 1
    assert sum(31.5 < start < 31.9 for start in starts) == 1


def test_quiet_before_and_after_speech_is_cut_off() -> None:
    samples = np.zeros(10 * RATE_HZ, np.float32)
    samples[4 * RATE_HZ : 5 * RATE_HZ] = noise_with_pauses(1, ())

    found = spoken(Chunk(samples, 100.0), RATE_HZ)

    assert found.start_s == pytest.approx(104 - EDGE_S)
    assert len(found.samples) / RATE_HZ == pytest.approx(1 + 2 * EDGE_S)
    assert np.square(found.samples).sum() == np.square(samples).sum()


def test_a_short_recording_is_one_chunk(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, noise_with_pauses(3, ()), RATE_HZ)

    assert [chunk.start_s for chunk in chunks(path, RATE_HZ)] == [0]


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (1e-5, True), (1e-4, False)])
def test_audio_below_the_threshold_is_silent(level: float, silent: bool) -> None:  # noqa: FBT001
    samples = level * np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)

    assert is_silent(samples, RATE_HZ) is silent


def test_a_constant_is_silence_whatever_its_offset() -> None:
    assert is_silent(np.full(RATE_HZ, 0.5, np.float32), RATE_HZ)


def test_audio_too_short_for_speech_is_silent() -> None:
    assert is_silent(noise_with_pauses(1, ())[:799], RATE_HZ)
    assert not is_silent(noise_with_pauses(1, ())[:800], RATE_HZ)


def test_one_loud_word_in_long_silence_is_not_silent() -> None:
    samples = np.zeros(19 * RATE_HZ, np.float32)
    samples[RATE_HZ : RATE_HZ + 1600] = noise_with_pauses(0.1, ())

    assert not is_silent(samples, RATE_HZ)
    assert loud_levels(samples, RATE_HZ).nonzero()[0].tolist() == list(range(100, 110))
