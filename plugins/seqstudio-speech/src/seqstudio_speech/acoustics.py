"""Rooms, microphones, lines and noise for training utterances, all made up from random numbers."""

import numpy as np
from numpy.typing import NDArray

from seqstudio_speech.settings import AugmentSettings

Samples = NDArray[np.float32]

PADDING_S = 0.5  # of silence at most, before or after an utterance
SNR_DB = (5.0, 40.0)  # of the utterance over the noise
SLOPE = (0.0, 1.0)  # the noise's amplitude falls as frequency to this power: white to brown
DECAY_S = (0.1, 0.6)  # in which reverberation falls by 60 dB
DIRECT_DB = (0.0, 15.0)  # of the direct sound over its reverberation
TILT_DB = 8.0  # a microphone is louder or softer by up to this, at each of `TILT_HZ`
TILT_HZ = (60.0, 250.0, 700.0, 1700.0, 3500.0, 7000.0)
LOW_CUT_HZ = (20.0, 300.0)
HIGH_CUT_HZ = (3300.0, 8000.0)
CUT_ORDER = 8  # how steep a line cuts
MU = 255  # of the telephone's logarithmic 8-bit code, ITU-T G.711


def perturb_acoustics(
    samples: Samples, settings: AugmentSettings, rate_hz: int, generator: np.random.Generator
) -> Samples:
    """Put an utterance, (N,), into another room, microphone and noise, each by its share.

    The order is that of the world: silence around, room, noise, microphone, line.
    """
    padded, reverberant, noisy, filtered = (
        generator.random() < share
        for share in (settings.padding, settings.reverberation, settings.noise, settings.channel)
    )
    if padded:
        samples = pad(samples, rate_hz, generator)
    if not (reverberant or noisy or filtered) or not samples.any():
        return samples
    length = len(samples)
    size = _fast_length(length + (round(DECAY_S[1] * rate_hz) if reverberant else 0))
    spectrum = np.fft.rfft(samples, size)
    hertz = np.fft.rfftfreq(size, 1 / rate_hz).astype(np.float32)
    if reverberant:
        spectrum *= np.fft.rfft(room(rate_hz, generator), size)
    if noisy:
        spectrum += _noise(spectrum, hertz, size / length, generator)
    if filtered:
        spectrum *= _response(hertz, generator)
    heard: Samples = np.fft.irfft(spectrum, size)[:length].astype(np.float32)
    return through_line(heard) if filtered and generator.random() < 0.5 else heard


def pad(samples: Samples, rate_hz: int, generator: np.random.Generator) -> Samples:
    """Add up to `PADDING_S` of digital silence before (N,) samples, and as much after."""
    before, after = generator.integers(0, round(PADDING_S * rate_hz), size=2)
    return np.pad(samples, (before, after) if generator.random() < 0.5 else (before // 4, 0))


def room(rate_hz: int, generator: np.random.Generator) -> Samples:
    """Draw the response of a room, (N,): the direct sound, and noise that decays.

    Moorer 1979, "About this reverberation business": late reverberation is decaying noise.
    """
    decay_s = generator.uniform(*DECAY_S)
    times = np.arange(round(decay_s * rate_hz)) / (decay_s * rate_hz)
    response = generator.standard_normal(len(times)) * 10 ** (-3 * times)
    response *= 10 ** (-generator.uniform(*DIRECT_DB) / 20) / np.sqrt(np.square(response).sum())
    response[0] += 1
    drawn: Samples = response.astype(np.float32)
    return drawn


def through_line(samples: Samples) -> Samples:
    """Encode (N,) samples in 8 bits on a logarithmic scale, and decode them."""
    peak = max(float(np.abs(samples).max()), 1e-9)
    small = np.log1p(MU * np.abs(samples) / peak) / np.log1p(MU)
    coded = np.round(small * 127) / 127
    heard: Samples = (np.sign(samples) * np.expm1(coded * np.log1p(MU)) / MU * peak).astype(
        np.float32
    )
    return heard


def _noise(
    spectrum: NDArray[np.complexfloating],
    hertz: Samples,
    stretch: float,
    generator: np.random.Generator,
) -> NDArray[np.complexfloating]:
    """Draw the spectrum of coloured noise, so much below that of the utterance.

    `stretch` is the ratio of the transform to the utterance, whose level the noise is set by.
    """
    shape = np.maximum(hertz, 30.0) ** np.float32(-generator.uniform(*SLOPE))
    parts = generator.standard_normal((2, len(shape)), dtype=np.float32) * shape
    power = np.square(np.abs(spectrum)).sum() * stretch / np.square(parts).sum()
    gain = np.sqrt(power) * 10 ** (-generator.uniform(*SNR_DB) / 20)
    drawn: NDArray[np.complexfloating] = (parts[0] + 1j * parts[1]) * np.float32(gain)
    return drawn


def _response(hertz: Samples, generator: np.random.Generator) -> Samples:
    """Draw the gain of a microphone and line at each frequency."""
    tilt_db = generator.uniform(-TILT_DB, TILT_DB, len(TILT_HZ))
    gain = 10 ** (np.interp(np.log(hertz + 1), np.log(TILT_HZ), tilt_db) / 20)
    low_hz, high_hz = generator.uniform(*LOW_CUT_HZ), generator.uniform(*HIGH_CUT_HZ)
    gain /= np.sqrt(1 + (low_hz / np.maximum(hertz, 1)) ** CUT_ORDER)
    gain /= np.sqrt(1 + (hertz / high_hz) ** (4 * CUT_ORDER))
    drawn: Samples = gain.astype(np.float32)
    return drawn


def _fast_length(length: int) -> int:
    """Return a length of at least this, of few small factors, whose transform is fast."""
    step = 1 << max(0, length.bit_length() - 4)
    return -(-length // step) * step
