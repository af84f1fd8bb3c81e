"""Sound at another speed keeps its pitch and its words in their order."""

from pathlib import Path

import numpy as np
import pytest

from seqstudio.media.audio import Audio, read_blocks
from seqstudio.media.time_stretch import stretch_blocks

RATE = 16_000
ASSETS = Path(__file__).parents[2] / "assets"


def tone(seconds: float, hz: float = 440.0) -> Audio:
    at = np.arange(round(seconds * RATE)) / RATE
    return Audio(np.sin(2 * np.pi * hz * at).astype(np.float32)[:, None], RATE)


def pitch_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.3, 2.0])
def test_a_tone_keeps_its_pitch_and_its_level(speed: float) -> None:
    sound = tone(1.5)
    blocks = [
        Audio(sound.samples[at : at + 3000], RATE) for at in range(0, len(sound.samples), 3000)
    ]
    heard = np.concatenate([block.samples for block in stretch_blocks(blocks, speed)])[:, 0]

    assert len(heard) == pytest.approx(1.5 * RATE / speed, abs=0.08 * RATE)
    middle = heard[len(heard) // 4 : 3 * len(heard) // 4]
    assert pitch_hz(middle) == pytest.approx(440, abs=3)
    assert np.sqrt((middle**2).mean()) == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_speech_is_twice_as_short_and_as_loud() -> None:
    path = ASSETS / "speech" / "an2-mblw-b.flac"
    whole = np.concatenate([block.samples for block in read_blocks(path, 0.5)])
    fast = np.concatenate([one.samples for one in stretch_blocks(read_blocks(path, 0.5), 2.0)])

    assert len(fast) == pytest.approx(len(whole) / 2, rel=0.06)
    assert np.sqrt((fast**2).mean()) == pytest.approx(np.sqrt((whole**2).mean()), rel=0.15)


def test_the_usual_speed_leaves_the_sound_as_it_is() -> None:
    sound = tone(0.1)
    assert [block.samples is sound.samples for block in stretch_blocks([sound], 1.0)] == [True]


def test_a_speed_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"speed=3, expected 0\.5 to 2\.0"):
        next(stretch_blocks([tone(0.1)], 3))
