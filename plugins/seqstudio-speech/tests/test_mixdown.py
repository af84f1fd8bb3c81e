from pathlib import Path

import numpy as np
import pytest
import soundfile
from seqstudio_speech.mixdown import mixdown_of
from seqstudio_speech.recordings import read_mono

RATE_HZ = 16000


@pytest.fixture
def speech() -> np.ndarray:
    """Return noise that swells and falls, with little above 2 kHz, as speech has."""
    noise = np.random.default_rng(0).standard_normal(30 * RATE_HZ)
    swelling = 1 + np.sin(np.arange(len(noise)) * 2 * np.pi * 3 / RATE_HZ)
    return 0.05 * np.convolve(noise * swelling, np.ones(8) / 8, mode="same")


def mixed(tmp_path: Path, *channels: np.ndarray) -> tuple[np.ndarray, str]:
    """Write channels to a file; return the mixdown and what is said of it."""
    path = tmp_path / "channels.wav"
    soundfile.write(path, np.stack(channels, axis=1), RATE_HZ, subtype="FLOAT")
    mixdown = mixdown_of(path)
    return read_mono(path, RATE_HZ), mixdown.remark if mixdown else "one channel"


def likeness(found: np.ndarray, speech: np.ndarray) -> float:
    return float(np.corrcoef(found, speech)[0, 1])


def test_one_channel_is_left_as_it_is(tmp_path: Path, speech: np.ndarray) -> None:
    found, remark = mixed(tmp_path, speech)

    assert np.array_equal(found, speech.astype(np.float32))
    assert remark == "one channel"


@pytest.mark.medium
def test_equal_channels_are_mixed_without_a_remark(tmp_path: Path, speech: np.ndarray) -> None:
    found, remark = mixed(tmp_path, speech, speech)

    assert found == pytest.approx(speech, abs=1e-6)
    assert remark == ""


@pytest.mark.medium
def test_channels_without_sound_are_left_out(tmp_path: Path, speech: np.ndarray) -> None:
    hiss = 1e-5 * np.random.default_rng(1).standard_normal(len(speech))
    found, remark = mixed(tmp_path, *[hiss + 0.1] * 3, speech, *[0 * speech] * 4)

    assert found == pytest.approx(speech, abs=1e-6)
    assert remark == "8 channels: 7 without sound, left out"


def test_a_channel_out_of_phase_is_turned_over(tmp_path: Path, speech: np.ndarray) -> None:
    found, remark = mixed(tmp_path, speech, -0.9 * speech)

    assert likeness(found, speech) == pytest.approx(1)
    assert remark == "2 channels: 1 out of phase, turned over"


@pytest.mark.parametrize("delay", [1, 37, 300])
def test_a_delayed_channel_is_aligned(tmp_path: Path, speech: np.ndarray, delay: int) -> None:
    late = np.concatenate([np.zeros(delay), speech[:-delay]])
    found, remark = mixed(tmp_path, speech, 0.9 * late)

    assert len(found) == len(speech)
    assert likeness(found[:-delay], speech[:-delay]) == pytest.approx(1, abs=1e-4)
    assert remark == "2 channels: 1 delayed, aligned"


def test_both_sides_of_a_call_are_heard(tmp_path: Path, speech: np.ndarray) -> None:
    first, second = speech.copy(), speech[::-1].copy()
    first[: len(speech) // 2], second[len(speech) // 2 :] = 0, 0
    found, remark = mixed(tmp_path, first, second)

    assert likeness(found, first + second) == pytest.approx(1, abs=1e-4)
    assert remark == ""


def test_digital_silence_stays_silent(tmp_path: Path, speech: np.ndarray) -> None:
    found, remark = mixed(tmp_path, 0 * speech, 0 * speech)

    assert not found.any()
    assert remark == ""
