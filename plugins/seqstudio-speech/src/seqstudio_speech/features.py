"""Log-mel features of audio, and the statistics for standardising them."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torchaudio.transforms import MelSpectrogram

from seqstudio.api import DataError
from seqstudio_speech.settings import FeatureSettings

USUAL_SHARE = 0.98  # of training utterances
LEAST_DEVIATION = 1e-3  # a constant band is centred, but not amplified


@functools.cache
def mel_spectrogram(settings: FeatureSettings) -> MelSpectrogram:
    """Return the transform, with Slaney's mel scale and triangles of equal area, as in librosa."""
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
    """Compute log-mel frames, one centred on every hop from the first sample on.

    Parameters
    ----------
    samples : (N,) float, mono, at `settings.rate_hz`; with `settings.level_db` they are brought to
        this level first, so that loudness and a constant offset change nothing

    Returns
    -------
    (settings.frames(N), mels) float: natural logarithm of power
    """
    if not len(samples):
        return samples.new_zeros(0, settings.mels)
    if settings.level_db is not None:
        samples = to_level(samples, settings.level_db)
    power: Tensor = mel_spectrogram(settings)(samples)
    return (power.T + settings.floor).log()


def to_level(samples: Tensor, level_db: float) -> Tensor:
    """Remove the mean of (N,) samples and bring their root mean square to `level_db`.

    Samples that are all equal, as in digital silence, become zeros.
    """
    centred = samples - samples.mean()
    level = centred.square().mean().sqrt()
    return centred * (10 ** (level_db / 20) / level.clamp(min=1e-9))


def standardise(frames: Tensor, buffers: Mapping[str, Tensor]) -> Tensor:
    """Standardise (T, mels) frames by the mean and variance of the training data."""
    return (frames - buffers["mean"]) * buffers["scale"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of the training audio.

    `buffers` holds `mean` and `scale` (the inverse standard deviation) of each band over all
    frames, (mels,) float each. Nearly all utterances have an offset below `usual_offset`.
    """

    buffers: Mapping[str, Tensor]
    usual_offset: float


def offset(sum_of_frames: Tensor, count: int) -> float:
    """Return the distance of a recording from the training data, in standard deviations.

    Parameters
    ----------
    sum_of_frames : (mels,) float, over the recording's standardised frames
    count : number of these frames, 1 or more

    Returns
    -------
    The largest distance of a band's mean from the training mean. Another microphone, a narrower
    bandwidth or noise shifts whole bands.
    """
    return float((sum_of_frames / count).abs().max())


def statistics(utterances: Iterable[Tensor]) -> Statistics:
    """Compute the statistics of training frames.

    Parameters
    ----------
    utterances : (T, mels) float each, T 1 or more

    Raises
    ------
    DataError
        If there is no utterance.
    """
    counts, sums, squares = [], [], torch.zeros(())
    for frames in utterances:
        counts.append(len(frames))
        sums.append(frames.double().sum(0))
        squares = squares + frames.double().square().sum(0)
    if not counts:
        raise DataError("0 frames of audio, expected some to take statistics from")
    total = sum(counts)
    mean = torch.stack(sums).sum(0) / total
    deviation = (squares / total - mean.square()).clamp(min=0).sqrt()
    scale = 1 / deviation.clamp(min=LEAST_DEVIATION)
    offsets = [
        offset((total_frames - count * mean) * scale, count)
        for total_frames, count in zip(sums, counts, strict=True)
    ]
    usual_offset = torch.tensor(offsets).quantile(USUAL_SHARE).item()
    return Statistics({"mean": mean.float(), "scale": scale.float()}, round(usual_offset, 3))
