"""Loudness as people hear it, and bringing audio to a given one without clipping."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqstudio.media.audio import Audio, Samples

TARGET_LUFS = -16.0  # AES TD1004.1.15-10 for streams of audio files
CEILING = 0.89  # of full scale, -1 dB: what stands between samples may rise above them
SILENCE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
BLOCK_S, STEP_S = 0.4, 0.1
DECAY_S = 0.2
LOOK_AHEAD_S = 0.005
MOST_GAIN_DB = 40.0
ROUNDS, CLOSE_ENOUGH_LU = 4, 0.2


def loudness_lufs(audio: Audio) -> float:
    """Return the integrated loudness of mono or stereo audio [1]_; -inf for silence.

    References
    ----------
    .. [1] ITU-R BS.1770-4 (2015), "Algorithms to measure audio programme loudness", annex 1.
    """
    return _gated_loudness(_weighted_power(audio), audio.rate_hz)


def normalised(audio: Audio, target_lufs: float = TARGET_LUFS) -> Audio:
    """Bring audio to a loudness; peaks above the ceiling are limited. Silence stays silent."""
    power = _weighted_power(audio)
    loudness = _gated_loudness(power, audio.rate_hz)
    if not np.isfinite(loudness):
        return audio
    gain_db = min(target_lufs - loudness, MOST_GAIN_DB)
    peaks = np.abs(audio.samples).max(axis=1)
    gain = limited_gain(peaks, gain_db, audio.rate_hz)
    for _ in range(ROUNDS):  # limiting takes some loudness away again
        missing = target_lufs - _gated_loudness(power * gain**2, audio.rate_hz)
        if missing < CLOSE_ENOUGH_LU or gain_db >= MOST_GAIN_DB:
            break
        gain_db = min(gain_db + missing, MOST_GAIN_DB)
        gain = limited_gain(peaks, gain_db, audio.rate_hz)
    return Audio(audio.samples * gain[:, None], audio.rate_hz)


def limited_gain(peaks: Samples, gain_db: float, rate_hz: int) -> Samples:
    """Return the gain of each sample: `gain_db`, smoothly less around peaks above the ceiling.

    Parameters
    ----------
    peaks : (N,) the greatest absolute value of each sample's channels
    """
    gain = np.full(len(peaks), 10 ** (gain_db / 20), dtype=np.float32)
    if peaks.max(initial=0.0) * gain[:1].sum() <= CEILING:
        return gain
    needed = np.minimum(gain, CEILING / np.maximum(peaks, np.float32(1e-9)))
    width = 2 * int(LOOK_AHEAD_S * rate_hz) + 1
    held = _lowest(needed, width)  # so wide that the mean over a width is low enough, too
    return np.minimum(_mean(held, width), needed)


def _lowest(values: Samples, width: int) -> Samples:
    """Return the lowest value in the window around each, of an odd width [1]_.

    References
    ----------
    .. [1] van Herk 1992, "A fast algorithm for local minimum and maximum filters".
    """
    half = width // 2
    padded = np.pad(values, (half, half + -(len(values) + 2 * half) % width), mode="edge")
    blocks = padded.reshape(-1, width)
    ahead = np.minimum.accumulate(blocks, axis=1).ravel()
    behind = np.minimum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    count = len(values)
    return np.asarray(np.minimum(behind[:count], ahead[width - 1 : width - 1 + count]))


def _mean(values: Samples, width: int) -> Samples:
    """Return the mean of the window around each value, of an odd width."""
    padded = np.pad(values, (width // 2 + 1, width // 2), mode="edge")
    total = np.cumsum(padded, dtype=np.float64)
    return np.asarray((total[width:] - total[:-width]) / width, dtype=np.float32)


def _weighted_power(audio: Audio) -> Samples:
    """Return the power of each sample as people hear it, summed over channels: (N,)."""
    power = np.zeros(len(audio.samples), dtype=np.float32)
    for channel in audio.samples.T:
        power += _weighted(channel, audio.rate_hz) ** 2
    return power


def _weighted(samples: Samples, rate_hz: int) -> Samples:
    """Filter a channel as the ear and the head do: K-weighting, in blocks, by its spectrum."""
    block = 1 << 16
    overlap = int(DECAY_S * rate_hz)  # the filters have faded after that
    response = k_weighting(np.fft.rfftfreq(block, 1 / rate_hz), rate_hz)
    weighted = np.empty(len(samples), dtype=np.float32)
    padded = np.pad(samples, (overlap, 0))
    for start in range(0, len(samples), block - overlap):
        part = np.fft.irfft(np.fft.rfft(padded[start : start + block], block) * response, block)
        count = min(block - overlap, len(samples) - start)
        weighted[start : start + count] = part[overlap : overlap + count]
    return weighted


def k_weighting(hz: npt.NDArray[np.floating], rate_hz: int) -> npt.NDArray[np.complex128]:
    """Return the response of the recommendation's two filters to frequencies.

    The recommendation gives their coefficients for 48 kHz; their analogue prototypes, for any rate,
    are those of libebur128 (`ebur128_init_filter`).
    """
    z = np.exp(-2j * np.pi * hz / rate_hz)
    k = np.tan(np.pi * 1681.974450955533 / rate_hz)
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    band = high**0.4996667741545416
    shelf = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    bright = _quadratic(shelf, z) / _quadratic([1 + k / q + k * k, *_poles(k, q)], z)
    k, q = np.tan(np.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    gain = 1 + k / q + k * k  # the second filter's numerator is that of the recommendation
    return np.asarray(bright * gain * (1 - z) ** 2 / _quadratic([gain, *_poles(k, q)], z))


def _poles(k: float, q: float) -> list[float]:
    return [2 * (k * k - 1), 1 - k / q + k * k]


def _quadratic(
    coefficients: Sequence[float], z: npt.NDArray[np.complex128]
) -> npt.NDArray[np.complex128]:
    constant, linear, square = coefficients
    return constant + linear * z + square * z * z


def _gated_loudness(power: Samples, rate_hz: int) -> float:
    """Return the loudness of the blocks that are no silence and not far below the others."""
    total = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    block = min(int(BLOCK_S * rate_hz), len(power))
    if not block:
        return -np.inf
    starts = np.arange(0, len(power) - block + 1, int(STEP_S * rate_hz))
    means = (total[starts + block] - total[starts]) / block
    loud = means[_lufs(means) > SILENCE_LUFS]
    if not loud.size:
        return -np.inf
    gate = _lufs(loud.mean()) + RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))
