import numpy as np
import pytest
from seqstudio_speech.acoustics import PADDING_S, SNR_DB, perturb_acoustics, room, through_line
from seqstudio_speech.settings import AugmentSettings

RATE_HZ = 16000


@pytest.fixture
def speech() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(2 * RATE_HZ)).astype(np.float32)


def drawn(speech: np.ndarray, seed: int, **shares: float) -> np.ndarray:
    settings = AugmentSettings(**shares)  # type: ignore[arg-type]
    return perturb_acoustics(speech, settings, RATE_HZ, np.random.default_rng(seed))


def test_without_shares_nothing_changes(speech: np.ndarray) -> None:
    assert np.array_equal(drawn(speech, 0), speech)


def test_noise_is_below_the_utterance_by_the_stated_decibels(speech: np.ndarray) -> None:
    for seed in range(20):
        noise = drawn(speech, seed, noise=1.0) - speech
        ratio_db = 10 * np.log10(np.square(speech).mean() / np.square(noise).mean())
        assert SNR_DB[0] - 1 < ratio_db < SNR_DB[1] + 1


def test_a_share_is_that_of_the_utterances_that_change(speech: np.ndarray) -> None:
    changed = sum(
        not np.array_equal(drawn(speech[:1600], seed, channel=0.25), speech[:1600])
        for seed in range(200)
    )

    assert 30 < changed < 70


def test_padding_is_silence_before_or_after(speech: np.ndarray) -> None:
    for seed in range(10):
        padded = drawn(speech, seed, padding=1.0)
        assert 0 <= len(padded) - len(speech) < 2 * PADDING_S * RATE_HZ
        assert np.square(padded).sum() == pytest.approx(np.square(speech).sum())


def test_reverberation_begins_with_the_direct_sound_and_decays() -> None:
    response = room(RATE_HZ, np.random.default_rng(0))
    tenth = len(response) // 10

    assert response[0] == pytest.approx(1, abs=0.3)
    assert np.abs(response[1:tenth]).mean() > 100 * np.abs(response[-tenth:]).mean()


@pytest.mark.parametrize("share", ["reverberation", "channel", "noise"])
def test_length_and_finiteness_stay(speech: np.ndarray, share: str) -> None:
    for length in (1, 160, 31999):
        found = drawn(speech[:length], 3, **{share: 1.0})
        assert len(found) == length
        assert np.isfinite(found).all()


def test_a_narrow_line_takes_the_highest_frequencies(speech: np.ndarray) -> None:
    def high_share(samples: np.ndarray) -> float:
        power = np.square(np.abs(np.fft.rfft(samples)))
        return float(power[len(power) * 15 // 16 :].sum() / power.sum())

    shares = [high_share(drawn(speech, seed, channel=1.0)) for seed in range(10)]
    assert np.median(shares) < high_share(speech) / 5


def test_the_code_of_a_telephone_keeps_soft_sounds_better_than_8_plain_bits() -> None:
    soft = (0.002 * np.sin(np.arange(RATE_HZ) / 5)).astype(np.float32)
    soft[0] = 1.0
    plain = np.round(soft * 127) / 127

    assert np.abs(through_line(soft) - soft).max() < np.abs(plain - soft).max() / 4


def test_digital_silence_stays_silent() -> None:
    silence = np.zeros(1000, np.float32)

    assert not drawn(silence, 0, noise=1.0, reverberation=1.0, channel=1.0).any()
