"""Pauses found by silero-vad; all but the error needs the extra `vad`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_speech.pauses import LEVEL_S, cuts, levels_db
from seqstudio_speech.recordings import chunks
from seqstudio_speech.voice_levels import VoiceLevels

from seqstudio.errors import ConfigError

SPEECH = Path(__file__).parents[3] / "assets/speech"
RATE_HZ = 16000
GAP_S = 0.8
needs_vad = pytest.mark.skipif(not find_spec("silero_vad"), reason="needs the extra `vad`")


@pytest.fixture
def noisy(tmp_path: Path) -> tuple[Path, list[float]]:
    """Write the demo's recordings with noise and gaps; return the file and the gaps' middles."""
    gap = np.zeros(round(GAP_S * RATE_HZ), np.float32)
    parts, middles, samples = [], [], 0
    for path in sorted(SPEECH.glob("*.flac")) * 2:
        sound, _ = soundfile.read(path, dtype="float32")
        parts += [sound, gap]
        samples += len(sound) + len(gap)
        middles.append(samples / RATE_HZ - GAP_S / 2)
    sound = np.concatenate(parts[:-1])
    sound += np.random.default_rng(0).normal(0, 0.03, len(sound)).astype(np.float32)
    soundfile.write(tmp_path / "noisy.wav", sound, RATE_HZ)
    return tmp_path / "noisy.wav", middles[:-1]


def found(at_s: list[float], middles_s: list[float]) -> int:
    """Return in how many gaps there is a cut."""
    near = 0.25 + GAP_S / 2
    return sum(any(abs(cut - middle) < near for cut in at_s) for middle in middles_s)


@needs_vad
def test_pauses_in_noise_are_found(noisy: tuple[Path, list[float]]) -> None:
    path, middles = noisy
    samples, _ = soundfile.read(path, dtype="float32")

    def at_s(measure: Callable[..., Any]) -> list[float]:
        return [cut * LEVEL_S for cut in cuts(measure(samples, RATE_HZ))]

    assert found(at_s(VoiceLevels()), middles) == len(middles) == 9
    assert found(at_s(levels_db), middles) < 9


@needs_vad
def test_chunks_join_to_the_whole_recording(noisy: tuple[Path, list[float]]) -> None:
    path, middles = noisy
    samples, _ = soundfile.read(path, dtype="float32")
    pieces = list(chunks(path, RATE_HZ, measure=VoiceLevels()))

    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), samples)
    assert found([piece.start_s for piece in pieces], middles) == 9


@needs_vad
@pytest.mark.parametrize("count", [0, 1, 159, 160, 512, 1000, RATE_HZ])
def test_each_hundredth_of_a_second_has_a_level(count: int) -> None:
    levels = VoiceLevels()(np.zeros(count, np.float32), RATE_HZ)

    assert len(levels) == count // 160
    assert (levels < -50).all()


@needs_vad
def test_another_rate_is_refused() -> None:
    with pytest.raises(ConfigError, match="a model at 8000 Hz, expected 16000 Hz"):
        VoiceLevels()(np.zeros(8000, np.float32), 8000)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqstudio_speech.voice_levels.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'seqstudio-speech\[vad\]'"):
        VoiceLevels()
