import librosa
import numpy as np
import pytest
import torch
from seqstudio_speech.features import log_mel, offset, standardise, statistics
from seqstudio_speech.settings import FeatureSettings
from torch.testing import assert_close

from seqstudio.api import DataError

SETTINGS = FeatureSettings()


@pytest.mark.medium  # librosa compiles what it computes, at its first use
@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")  # librosa's, of short audio
@pytest.mark.parametrize("samples", [1, 160, 399, 16000, 20011])
def test_log_mel_equals_librosa(samples: int) -> None:
    waveform = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=waveform,
        sr=16000,
        n_fft=512,
        win_length=400,
        hop_length=160,
        n_mels=80,
        pad_mode="constant",
    )
    expected = np.log(power.T + SETTINGS.floor)

    found = log_mel(torch.from_numpy(waveform), SETTINGS)

    assert len(found) == SETTINGS.frames(samples)
    assert_close(found, torch.from_numpy(expected), atol=1e-4, rtol=0)


def test_no_samples_give_no_frames() -> None:
    assert log_mel(torch.zeros(0), SETTINGS).shape == (0, 80)
    assert SETTINGS.frames(0) == 0


def test_standardised_training_frames_have_zero_mean_and_unit_variance() -> None:
    utterances = [torch.randn(n, 80) * 3 - 9 for n in (5, 70, 31)]
    buffers = statistics(utterances).buffers

    frames = standardise(torch.cat(utterances), buffers)

    assert_close(frames.mean(0), torch.zeros(80), atol=1e-5, rtol=0)
    assert_close(frames.var(0, correction=0), torch.ones(80), atol=1e-4, rtol=0)


def test_nearly_all_training_utterances_lie_within_the_usual_offset() -> None:
    torch.manual_seed(0)
    utterances = [torch.randn(n, 80) for n in range(20, 120)]
    measured = statistics(utterances)
    frames = [standardise(one, measured.buffers) for one in utterances]
    offsets = [offset(one.sum(0), len(one)) for one in frames]

    assert sum(one > measured.usual_offset for one in offsets) == 2
    narrow = utterances[-1].clone()
    narrow[:, 60:] -= 5
    assert offset(standardise(narrow, measured.buffers).sum(0), len(narrow)) > 4


def test_a_constant_band_is_centred_and_stays_finite() -> None:
    constant = torch.full((10, 80), -4.0)

    assert not standardise(constant, statistics([constant]).buffers).abs().max() > 1e-3


def test_statistics_of_no_utterances_are_an_error() -> None:
    with pytest.raises(DataError, match="0 frames of audio, expected some"):
        statistics([])
