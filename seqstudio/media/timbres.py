"""The synthesiser's instruments: partials that decay, by family of General MIDI programs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """Partials that share one decay."""

    partials: tuple[tuple[float, float], ...]  # (multiple of the fundamental, amplitude)
    decay_s: float = 0.0  # to 1/e at middle C, shorter above; 0 sounds on until the note ends
    detune_cents: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """An instrument: a body that always sounds, and a shine that grows with velocity."""

    body: tuple[Layer, ...]
    shine: tuple[Layer, ...]
    attack_s: float  # to most of its level, so that the onset is heard in time
    swell_s: float = 0.0  # to all of it
    release_s: float  # to 1/e after the note's end
    gain: float = 1.0


def harmonics(*amplitudes: float, first: int = 1) -> tuple[tuple[float, float], ...]:
    """Give amplitudes their harmonic numbers.

    >>> harmonics(1.0, 0.5)
    ((1, 1.0), (2, 0.5))
    """
    return tuple(enumerate(amplitudes, start=first))


PIANO = Timbre(
    body=(Layer(harmonics(1.0, 0.42), 1.5), Layer(harmonics(0.16, 0.12, first=3), 0.8)),
    shine=(
        Layer(harmonics(0.2, 0.14, 0.12, first=3), 0.6),
        Layer(harmonics(0.1, 0.07, 0.06, 0.05, 0.03, 0.02, first=6), 0.25),
    ),
    attack_s=0.002,
    release_s=0.07,
)
MALLET = Timbre(
    body=(Layer(((1, 1.0),), 0.9), Layer(((4, 0.25),), 0.25)),
    shine=(Layer(((4, 0.3), (9.2, 0.12)), 0.08),),
    attack_s=0.001,
    release_s=0.15,
)
ORGAN = Timbre(
    body=(Layer(harmonics(0.8, 0.5, 0.3, 0.2)), Layer(((6, 0.08), (8, 0.08)))),
    shine=(Layer(((3, 0.1), (6, 0.08), (8, 0.06), (10, 0.04))),),
    attack_s=0.004,
    release_s=0.025,
    gain=0.6,
)
PLUCKED = Timbre(
    body=(Layer(harmonics(1.0, 0.55, 0.3), 0.8),),
    shine=(Layer(harmonics(0.3, 0.3, 0.25, 0.2, 0.15, 0.1, 0.1, first=4), 0.18),),
    attack_s=0.0015,
    release_s=0.06,
)
BASS = Timbre(
    body=(Layer(harmonics(1.0, 0.6, 0.25), 1.6),),
    shine=(Layer(harmonics(0.25, 0.2, 0.15, 0.1, 0.08, first=4), 0.3),),
    attack_s=0.003,
    release_s=0.05,
    gain=1.2,
)
STRINGS = Timbre(
    body=(
        Layer(harmonics(0.6, 0.34, 0.22, 0.15, 0.1, 0.06), detune_cents=3.5),
        Layer(harmonics(0.6, 0.34, 0.22, 0.15, 0.1, 0.06), detune_cents=-3.5),
    ),
    shine=(Layer(harmonics(0.12, 0.1, 0.08, 0.06, 0.05, 0.04, first=5)),),
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
    shine=(Layer(harmonics(0.12, 0.08, 0.04, first=3)),),
    attack_s=0.005,
    swell_s=0.08,
    release_s=0.12,
    gain=0.6,
)
BRASS = Timbre(
    body=(Layer(harmonics(0.7, 0.55, 0.4, 0.25)),),
    shine=(Layer(harmonics(0.3, 0.25, 0.2, 0.15, 0.1, 0.08, first=4)),),
    attack_s=0.005,
    swell_s=0.04,
    release_s=0.05,
    gain=0.55,
)
REED = Timbre(
    body=(Layer(((1, 0.9), (2, 0.12), (3, 0.45), (5, 0.22), (7, 0.1))),),
    shine=(Layer(((4, 0.1), (6, 0.08), (9, 0.08), (11, 0.05))),),
    attack_s=0.005,
    swell_s=0.02,
    release_s=0.045,
    gain=0.6,
)
FLUTE = Timbre(
    body=(Layer(harmonics(1.0, 0.22, 0.07)),),
    shine=(Layer(harmonics(0.12, 0.06, 0.03, first=2)),),
    attack_s=0.005,
    swell_s=0.03,
    release_s=0.05,
    gain=0.65,
)
# One for each eight programs, in General MIDI's order.
FAMILIES = (
    PIANO, MALLET, ORGAN, PLUCKED, BASS, STRINGS, CHOIR, BRASS,
    REED, FLUTE, REED, CHOIR, STRINGS, PLUCKED, MALLET, FLUTE,
)  # fmt: skip
PLUCKED_STRINGS = range(45, 47)  # pizzicato and harp stand among the bowed strings
STRING_SECTIONS = range(48, 52)  # and the sections among the choirs


SCATTER = 0.382  # of a turn: partials that begin at different phases are heard at once


def timbre_of(program: int) -> Timbre:
    """Choose the instrument of a General MIDI program, 0 to 127."""
    if program in PLUCKED_STRINGS:
        return PLUCKED
    if program in STRING_SECTIONS:
        return STRINGS
    return FAMILIES[program // 8]


def pitch_hz(pitch: float) -> float:
    """Give the frequency of a MIDI pitch in equal temperament, A4 (69) at 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def tone(layers: tuple[Layer, ...], pitch: int, count: int, rate_hz: int) -> Sound:
    """Sound layers at a pitch, before attack and release; partials stay below Nyquist.

    Parameters
    ----------
    layers : of one instrument
    pitch : MIDI
    count : length in samples
    rate_hz : samples a second

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
            turns = at * (multiple * hz / rate_hz) + SCATTER * multiple
            turns -= np.floor(turns)  # float32 keeps its precision only within one turn
            part += np.float32(amplitude) * np.sin(np.float32(2 * np.pi) * turns.astype(np.float32))
        if layer.decay_s:
            decay_s = layer.decay_s * 2 ** ((60 - pitch) / 18)
            part *= np.exp(at * (-1 / (decay_s * rate_hz))).astype(np.float32)
        total += part
    return total
