"""The drum kit of the synthesiser: swept sines and filtered noise, the same on every run."""

from dataclasses import dataclass

import numpy as np

from seqstudio.media.audio import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Drum:
    """A drum: a sine falling in pitch plus band-limited noise, each with its own decay to 1/e."""

    sweep_hz: tuple[float, float] = (0.0, 0.0)  # from, to
    sweep_s: float = 0.03  # time constant of the pitch sweep
    tone_s: float = 0.1
    tone: float = 0.0
    band_hz: tuple[float, float] = (2000.0, 12000.0)
    noise_s: float = 0.05
    noise: float = 0.0
    claps: int = 1  # bursts of noise, 11 ms apart
    pan: float = 0.0  # -1 left to 1 right


def _tom(hz: float, pan: float) -> Drum:
    return Drum(
        sweep_hz=(hz * 1.7, hz), sweep_s=0.05, tone_s=0.22, tone=0.9,
        band_hz=(200, 3000), noise_s=0.03, noise=0.25, pan=pan,
    )  # fmt: skip


KICK = Drum(
    sweep_hz=(170, 48), sweep_s=0.028, tone_s=0.16, tone=1.3,
    band_hz=(800, 5000), noise_s=0.006, noise=0.35,
)  # fmt: skip
SNARE = Drum(
    sweep_hz=(260, 185), sweep_s=0.02, tone_s=0.07, tone=0.55,
    band_hz=(1200, 9500), noise_s=0.085, noise=0.8,
)  # fmt: skip
STICK = Drum(
    sweep_hz=(1700, 1500), tone_s=0.012, tone=0.5,
    band_hz=(1500, 8000), noise_s=0.012, noise=0.5, pan=0.1,
)  # fmt: skip
CLAP = Drum(band_hz=(900, 5000), noise_s=0.06, noise=0.8, claps=3, pan=-0.1)
CLOSED_HAT = Drum(band_hz=(7000, 15000), noise_s=0.022, noise=0.5, pan=0.3)
OPEN_HAT = Drum(band_hz=(6500, 15000), noise_s=0.22, noise=0.45, pan=0.3)
CRASH = Drum(band_hz=(3000, 15000), noise_s=0.55, noise=0.55, pan=-0.35)
RIDE = Drum(
    sweep_hz=(5200, 5200), tone_s=0.25, tone=0.06,
    band_hz=(5000, 13000), noise_s=0.25, noise=0.3, pan=0.4,
)  # fmt: skip
SHAKER = Drum(band_hz=(5000, 14000), noise_s=0.035, noise=0.35, pan=-0.3)
COWBELL = Drum(
    sweep_hz=(820, 810), tone_s=0.09, tone=0.5,
    band_hz=(1500, 6000), noise_s=0.02, noise=0.3, pan=0.2,
)  # fmt: skip
KIT = {
    35: KICK, 36: KICK, 37: STICK, 38: SNARE, 39: CLAP, 40: SNARE,
    41: _tom(82, -0.35), 43: _tom(98, -0.25), 45: _tom(118, -0.1),
    47: _tom(140, 0.05), 48: _tom(165, 0.2), 50: _tom(196, 0.35),
    42: CLOSED_HAT, 44: CLOSED_HAT, 46: OPEN_HAT,
    49: CRASH, 52: CRASH, 55: CRASH, 57: CRASH, 51: RIDE, 53: RIDE, 59: RIDE,
    54: SHAKER, 56: COWBELL, 69: SHAKER, 70: SHAKER,
    60: _tom(330, 0.2), 61: _tom(250, 0.2), 62: _tom(300, -0.2), 63: _tom(290, -0.2),
    64: _tom(220, -0.2), 75: STICK, 76: STICK, 77: STICK,
}  # fmt: skip


def render_drum(pitch: int, rate_hz: int) -> tuple[Samples, float]:
    """Render one hit at full velocity.

    Parameters
    ----------
    pitch : MIDI note number; one outside the General MIDI kit sounds as a stick
    rate_hz : samples per second

    Returns
    -------
    (N,) float32, and the pan from left (-1) to right (1)
    """
    drum = KIT.get(pitch, STICK)
    length_s = 6 * max(drum.tone_s if drum.tone else 0, drum.noise_s) + 0.011 * drum.claps
    at_s = np.arange(int(length_s * rate_hz)) / rate_hz
    samples = np.zeros(len(at_s))
    if drum.tone:
        start, end = drum.sweep_hz
        cycles = end * at_s + (start - end) * drum.sweep_s * (1 - np.exp(-at_s / drum.sweep_s))
        samples += drum.tone * np.sin(2 * np.pi * cycles) * np.exp(-at_s / drum.tone_s)
    if drum.noise:
        noise = _band_noise(len(at_s), drum.band_hz, rate_hz, seed=pitch)
        for clap in range(drum.claps):
            since_s = at_s - 0.011 * clap
            decay = np.where(since_s < 0, 0, np.exp(-since_s / drum.noise_s))
            samples += drum.noise * noise * decay
    fade = np.minimum(1, np.arange(len(samples))[::-1] / (0.005 * rate_hz))
    return (samples * fade).astype(np.float32), drum.pan


def _band_noise(count: int, band_hz: tuple[float, float], rate_hz: int, seed: int) -> Samples:
    """Return noise between two frequencies, with soft band edges and an RMS of 0.5."""
    size = 1 << (count - 1).bit_length()  # a power of 2, for a fast FFT
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    low, high = band_hz[0], min(band_hz[1], 0.45 * rate_hz)
    spectrum *= 1 / (1 + (low / np.maximum(hz, 1)) ** 6) / (1 + (hz / high) ** 8)
    noise = np.fft.irfft(spectrum, size)[:count]
    level = np.sqrt(np.mean(noise**2))
    return np.asarray(0.5 * noise / level, dtype=np.float32)
