"""Loudness: values of the recommendation's signals, and audio brought to a target."""

import numpy as np
import pytest

from seqstudio.media.audio import Audio
from seqstudio.media.loudness import CEILING, loudness_lufs, normalised


def tone(level_db: float, *, rate_hz: int = 48_000, seconds: float = 3.0, hz: float = 997) -> Audio:
    """Return a stereo sine whose peak is at `level_db` of full scale."""
    wave = 10 ** (level_db / 20) * np.sin(
        2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz
    )
    return Audio(np.stack([wave, wave], axis=1).astype(np.float32), rate_hz)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000])
def test_a_stereo_sine_has_the_loudness_of_its_level(rate_hz: int) -> None:
    assert loudness_lufs(tone(-23, rate_hz=rate_hz)) == pytest.approx(-23, abs=0.1)


def test_one_channel_alone_is_3_lu_quieter() -> None:
    audio = tone(0)
    audio.samples[:, 1] = 0

    assert loudness_lufs(audio) == pytest.approx(-3.01, abs=0.05)


def test_low_tones_count_for_less() -> None:
    assert loudness_lufs(tone(-20, hz=30)) < loudness_lufs(tone(-20)) - 5


def test_pauses_do_not_count() -> None:
    loud, quiet = tone(-20), tone(-60)
    both = Audio(np.concatenate([loud.samples, quiet.samples, loud.samples]), loud.rate_hz)

    assert loudness_lufs(both) == pytest.approx(loudness_lufs(loud), abs=0.3)


def test_silence_stays_silent() -> None:
    for frames in (0, 100, 48_000):
        silence = Audio(np.zeros((frames, 2), dtype=np.float32), 48_000)
        assert loudness_lufs(silence) == -np.inf
        assert not normalised(silence).samples.any()


@pytest.mark.parametrize("level_db", [-50.0, -16.0, 0.0])
def test_audio_is_brought_to_the_target(level_db: float) -> None:
    assert loudness_lufs(normalised(tone(level_db))) == pytest.approx(-16, abs=0.1)


def test_peaks_are_limited_and_do_not_clip() -> None:
    clicks = tone(-40, seconds=5.0)
    clicks.samples[::24_000] = 0.5
    found = normalised(clicks)

    assert np.abs(found.samples).max() <= CEILING * (1 + 1e-6)
    assert loudness_lufs(found) == pytest.approx(-16, abs=0.5)
    far = slice(6_000, 18_000)  # between two clicks only the gain has changed
    ratio = found.samples[far, 0] @ clicks.samples[far, 0] / (clicks.samples[far, 0] ** 2).sum()
    assert np.allclose(found.samples[far], ratio * clicks.samples[far], atol=1e-4)
