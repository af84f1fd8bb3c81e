"""Log-mel features of audio, and the statistics that standardise them."""

import functools
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torchaudio.transforms import MelSpectrogram

from seqstudio.api import DataError
from seqstudio_speech.settings import FeatureSettings

LEAST_DEVIATION = 1e-3  # a band that never moves is centred, not blown up


@functools.cache
def mel_spectrogram(settings: FeatureSettings) -> MelSpectrogram:
    """Make the transform, with Slaney's mel scale and triangles of equal area, as librosa's."""
    return MelSpectrogram(
        sample_rate=settings.rate_hz,
        n_fft=settings.fft_samples,
        win_length=settings.window_samples,
        hop_length=settings.hop_samples,
        n_mels=settings.mels,
        pad_mode="constant",
        norm="slaney",
        mel_scale="slaney",
    )


def log_mel(samples: Tensor, settings: FeatureSettings) -> Tensor:
    """Turn audio into log-mel frames, one centred on every hop from the first sample on.

    Parameters
    ----------
    samples : (N,) float, mono, at `settings.rate_hz`

    Returns
    -------
    (settings.frames(N), mels) float: natural logarithm of power
    """
    if not len(samples):
        return samples.new_zeros(0, settings.mels)
    power: Tensor = mel_spectrogram(settings)(samples)
    return (power.T + settings.floor).log()


def standardise(frames: Tensor, buffers: Mapping[str, Tensor]) -> Tensor:
    """Give frames, (T, mels), the zero mean and unit variance of the training data."""
    return (frames - buffers["mean"]) * buffers["scale"]


def statistics(utterances: Iterable[Tensor]) -> dict[str, Tensor]:
    """Learn what `standardise` needs.

    Parameters
    ----------
    utterances : (T, mels) float each

    Returns
    -------
    `mean` and `scale` (the inverse standard deviation) of each band over all frames, (mels,) float

    Raises
    ------
    DataError
        If there is no frame at all.
    """
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for frames in utterances:
        count += len(frames)
        total = total + frames.double().sum(0)
        squares = squares + frames.double().square().sum(0)
    if not count:
        raise DataError("0 frames of audio, expected some to take statistics from")
    mean = total / count
    deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
    return {"mean": mean.float(), "scale": (1 / deviation.clamp(min=LEAST_DEVIATION)).float()}
