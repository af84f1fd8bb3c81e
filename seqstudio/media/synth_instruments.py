"""The instruments of the synthesiser: decaying partials, by General MIDI program family."""

from dataclasses import dataclass

import numpy as np

from seqstudio.media.audio import Samples


@dataclass(frozen=True, slots=True)
class Layer:
    """Partials that share one decay."""

    partials: tuple[tuple[float, float], ...]  # (multiple of the fundamental, amplitude)
    decay_s: float = 0.0  # to 1/e at middle C, shorter above; 0: sustained until the note ends
    detune_cents: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """An instrument: body layers, and bright layers whose level grows with velocity."""

    body: tuple[Layer, ...]
    bright: tuple[Layer, ...]
    attack_s: float  # to most of its level, so that the onset is on time
    swell_s: float = 0.0  # to its full level
    release_s: float  # decay to 1/e after the note's end
    gain: float = 1.0


def harmonics(*amplitudes: float, first: int = 1) -> tuple[tuple[float, float], ...]:
    """Pair amplitudes with harmonic numbers.

    >>> harmonics(1.0, 0.5)
    ((1, 1.0), (2, 0.5))
    """
    return tuple(enumerate(amplitudes, start=first))


PIANO = Timbre(
    body=(Layer(harmonics(1.0, 0.42), 1.5), Layer(harmonics(0.16, 0.12, first=3), 0.8)),
    bright=(
        Layer(harmonics(0.2, 0.14, 0.12, first=3), 0.6),
        Layer(harmonics(0.1, 0.07, 0.06, 0.05, 0.03, 0.02, first=6), 0.25),
    ),
    attack_s=0.002,
    release_s=0.07,
)
MALLET = Timbre(
    body=(Layer(((1, 1.0),), 0.9), Layer(((4, 0.25),), 0.25)),
    bright=(Layer(((4, 0.3), (9.2, 0.12)), 0.08),),
    attack_s=0.001,
    release_s=0.15,
)
ORGAN = Timbre(
    body=(Layer(harmonics(0.8, 0.5, 0.3, 0.2)), Layer(((6, 0.08), (8, 0.08)))),
    bright=(Layer(((3, 0.1), (6, 0.08), (8, 0.06), (10, 0.04))),),
    attack_s=0.004,
    release_s=0.025,
    gain=0.6,
)
PLUCKED = Timbre(
    body=(Layer(harmonics(1.0, 0.55, 0.3), 0.8),),
    bright=(Layer(harmonics(0.3, 0.3, 0.25, 0.2, 0.15, 0.1, 0.1, first=4), 0.18),),
    attack_s=0.0015,
    release_s=0.06,
)
BASS = Timbre(
    body=(Layer(harmonics(1.0, 0.6, 0.25), 1.6),),
    bright=(Layer(harmonics(0.25, 0.2, 0.15, 0.1, 0.08, first=4), 0.3),),
    attack_s=0.003,
    release_s=0.05,
    gain=1.2,
)
STRINGS = Timbre(
    body=(
        Layer(harmonics(0.6, 0.34, 0.22, 0.15, 0.1, 0.06), detune_cents=3.5),
        Layer(harmonics(0.6, 0.34, 0.22, 0.15, 0.1, 0.06), detune_cents=-3.5),
    ),
    bright=(Layer(harmonics(0.12, 0.1, 0.08, 0.06, 0.05, 0.04, first=5)),),
    attack_s=0.005,
    swell_s=0.09,
    release_s=0.11,
    gain=0.55,
)
CHOIR = Timbre(
    body=(
        Layer(harmonics(0.7, 0.3, 0.12, 0.05), detune_cents=4.0),
        Layer(harmonics(0.7, 0.3, 0.12, 0.05), detune_cents=-4.0),
    ),
    bright=(Layer(harmonics(0.12, 0.08, 0.04, first=3)),),
    attack_s=0.005,
    swell_s=0.08,
    release_s=0.12,
    gain=0.6,
)
BRASS = Timbre(
    body=(Layer(harmonics(0.7, 0.55, 0.4, 0.25)),),
    bright=(Layer(harmonics(0.3, 0.25, 0.2, 0.15, 0.1, 0.08, first=4)),),
    attack_s=0.005,
    swell_s=0.04,
    release_s=0.05,
    gain=0.55,
)
REED = Timbre(
    body=(Layer(((1, 0.9), (2, 0.12), (3, 0.45), (5, 0.22), (7, 0.1))),),
    bright=(Layer(((4, 0.1), (6, 0.08), (9, 0.08), (11, 0.05))),),
    attack_s=0.005,
    swell_s=0.02,
    release_s=0.045,
    gain=0.6,
)
FLUTE = Timbre(
    body=(Layer(harmonics(1.0, 0.22, 0.07)),),
    bright=(Layer(harmonics(0.12, 0.06, 0.03, first=2)),),
    attack_s=0.005,
    swell_s=0.03,
    release_s=0.05,
    gain=0.65,
)
# One per eight programs, in General MIDI order.
FAMILIES = (
    PIANO, MALLET, ORGAN, PLUCKED, BASS, STRINGS, CHOIR, BRASS,
    REED, FLUTE, REED, CHOIR, STRINGS, PLUCKED, MALLET, FLUTE,
)  # fmt: skip
PLUCKED_STRINGS = range(45, 47)  # pizzicato and harp, listed among the bowed strings
STRING_SECTIONS = range(48, 52)  # string ensembles, listed among the choirs
PHASE_STEP = 0.382  # cycles between the phases of partials, so that their peaks do not coincide


def timbre_of(program: int) -> Timbre:
    """Return the instrument of a General MIDI program, 0 to 127."""
    if program in PLUCKED_STRINGS:
        return PLUCKED
    if program in STRING_SECTIONS:
        return STRINGS
    return FAMILIES[program // 8]


def pitch_hz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch in equal temperament, with A4 (69) at 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def render_layers(layers: tuple[Layer, ...], pitch: int, count: int, rate_hz: int) -> Samples:
    """Render layers at a pitch, before attack and release; partials stay below Nyquist.

    Parameters
    ----------
    layers : of one instrument
    pitch : MIDI note number
    count : length in samples
    rate_hz : samples per second

    Returns
    -------
    (count,) float32
    """
    at = np.arange(count, dtype=np.float64)
    total = np.zeros(count, np.float32)
    for layer in layers:
        hz = pitch_hz(pitch + layer.detune_cents / 100)
        part = np.zeros(count, np.float32)
        for multiple, amplitude in layer.partials:
            if multiple * hz > 0.45 * rate_hz:
                continue
            cycles = at * (multiple * hz / rate_hz) + PHASE_STEP * multiple
            cycles -= np.floor(cycles)  # float32 is precise only within one cycle
            phase = np.float32(2 * np.pi) * cycles.astype(np.float32)
            part += np.float32(amplitude) * np.sin(phase)
        if layer.decay_s:
            decay_s = layer.decay_s * 2 ** ((60 - pitch) / 18)
            part *= np.exp(at * (-1 / (decay_s * rate_hz))).astype(np.float32)
        total += part
    return total
