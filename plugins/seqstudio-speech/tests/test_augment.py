import numpy as np
import pytest
import torch
from seqstudio_speech.augment import change_gain, change_speed, mask
from seqstudio_speech.settings import AugmentSettings

from seqstudio.api import ConfigError


def pitch_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 16000 / len(samples))


@pytest.mark.parametrize("speed", [0.9, 1.0, 1.1])
def test_speed_scales_length_and_pitch(speed: float) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000).astype(np.float32)

    resampled = change_speed(tone, speed, 16000)

    assert len(resampled) == pytest.approx(32000 / speed, abs=1)
    assert pitch_hz(resampled) == pytest.approx(1000 * speed, abs=2)


def test_gain_stays_within_its_bounds() -> None:
    quiet = np.full(1, 0.1, np.float32)
    gains = [10 * change_gain(quiet, 6.0, np.random.default_rng(n))[0] for n in range(50)]

    assert 10 ** (-6 / 20) <= min(gains) < 0.7
    assert 1.4 < max(gains) <= 10 ** (6 / 20)


def test_gain_rounds_and_clips_as_a_recorder_of_16_bits_does() -> None:
    samples = np.linspace(-1, 1, 999, dtype=np.float32)
    found = [change_gain(samples, 90.0, np.random.default_rng(n)) for n in range(20)]

    assert all(np.array_equal(np.round(one * 32768), one * 32768) for one in found)
    assert all(np.abs(one).max() <= 1 for one in found)
    assert max(np.mean(np.abs(one) >= 1 - 1 / 32768) for one in found) > 0.9
    assert min(len(np.unique(one)) for one in found) < 5


def test_masks_are_never_wider_than_their_limits() -> None:
    settings = AugmentSettings(frequency_masks=2, time_masks=2)
    for seed in range(50):
        generator = np.random.default_rng(seed)
        hidden = mask(torch.ones(100, 80), settings, generator, hop_s=0.01) == 0
        assert hidden.all(dim=0).sum() <= 2 * settings.frequency_width
        assert hidden.all(dim=1).sum() <= 2 * (100 // 8)


def test_a_longer_utterance_has_more_time_masks() -> None:
    settings = AugmentSettings(time_masks=1, time_masks_per_s=2.0, time_width=4)

    def masked(frames: int) -> float:
        generators = map(np.random.default_rng, range(50))
        found = [mask(torch.ones(frames, 1), settings, one, hop_s=0.01) for one in generators]
        return float((torch.stack(found) == 0).sum()) / 50

    assert masked(40) < 3
    assert masked(1000) == pytest.approx(20 * 2, rel=0.1)


@pytest.mark.parametrize("frames", [1, 7, 8])
def test_short_utterances_keep_most_frames(frames: int) -> None:
    for seed in range(20):
        settings = AugmentSettings(time_masks=2)
        masked = mask(torch.ones(frames, 80), settings, np.random.default_rng(seed), hop_s=0.01)
        assert (masked.sum(dim=1) == 0).sum() <= 2 * (frames // 8)


def test_masking_does_not_change_its_argument() -> None:
    frames = torch.ones(100, 80)
    mask(frames, AugmentSettings(time_masks=2), np.random.default_rng(0), hop_s=0.01)

    assert frames.all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speeds", ()),
        ("speeds", (0.1,)),
        ("noise", 1.5),
        ("padding", -0.1),
        ("gain_db", -1.0),
        ("time_masks", -1),
    ],
)
def test_a_bad_setting_is_named_with_its_value(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}=.*, expected"):
        AugmentSettings(**{field: value})  # type: ignore[arg-type]
