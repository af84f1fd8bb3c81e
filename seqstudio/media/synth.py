"""Render a score to audio in numpy, without system packages: additive tones and a noise drum kit.

Notes of one instrument and pitch share one waveform, computed once for the longest of them. Each
note uses the start of it, with its own velocity, envelope, gain and pan.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from seqstudio.errors import DataError
from seqstudio.media.audio import Audio, Samples
from seqstudio.media.midi import Score
from seqstudio.media.synth_drums import render_drum
from seqstudio.media.synth_instruments import Timbre, render_layers, timbre_of
from seqstudio.media.synth_voices import Voice, score_voices

CEILING = 0.98  # of full scale; louder mixes are scaled down as a whole
NOTE_LEVEL = 0.32  # of one note at full velocity and volume
RELEASE_TIMES = 5.0  # a released note is silent after this many release times
MAX_DURATION_S = 3600.0
SWELL_START = 0.6  # level at which a swell starts


def render(score: Score, rate_hz: int = 44100) -> Audio:
    """Render a score in stereo, from tick 0 until the last note has faded.

    The level of quiet scores is unchanged; a mix above full scale is scaled down. The same score
    always renders to the same samples.

    Raises
    ------
    DataError
        If the score lasts more than an hour.
    """
    voices = score_voices(score)
    end_s = max((voice.end_s for voice in voices), default=0.0)
    if end_s > MAX_DURATION_S:
        raise DataError(f"the score lasts {end_s / 3600:.1f} h, expected at most 1 h to render")
    mix = np.zeros((2, int((end_s + 4.0) * rate_hz)), np.float32)
    groups: dict[tuple[bool, int, int], list[Voice]] = defaultdict(list)
    for voice in voices:
        groups[voice.drums, voice.program, voice.pitch].append(voice)
    for (drums, program, pitch), group in groups.items():
        if drums:
            _add_drum_hits(mix, group, pitch, rate_hz)
        else:
            _add_notes(mix, group, timbre_of(program), pitch, rate_hz)
    return Audio(_trimmed(mix, int(end_s * rate_hz), rate_hz), rate_hz)


def _trimmed(mix: Samples, end: int, rate_hz: int) -> Samples:
    """Cut the silence at the end and scale the peak below full scale."""
    loud = np.flatnonzero(np.abs(mix).max(axis=0) > 1e-4)
    last = max(int(loud[-1]) + 1 if len(loud) else 0, end, rate_hz // 10)
    peak = float(np.abs(mix).max())
    if peak > CEILING:
        mix *= np.float32(CEILING / peak)
    return np.ascontiguousarray(mix[:, :last].T)


def _add_drum_hits(mix: Samples, hits: Sequence[Voice], pitch: int, rate_hz: int) -> None:
    samples, pan = render_drum(pitch, rate_hz)
    for hit in hits:
        _add(mix, samples * np.float32(_gain(hit)), hit.start_s, hit.pan or pan, rate_hz)


def _add_notes(
    mix: Samples, notes: Sequence[Voice], timbre: Timbre, pitch: int, rate_hz: int
) -> None:
    """Mix all notes of one instrument and pitch."""
    counts = [_sample_count(note, timbre, rate_hz) for note in notes]
    longest = max(counts)
    bends = [note.controllers.bend.values for note in notes]
    stretch = 2 ** (max([0.0, *(value for values in bends for value in values)]) / 12)
    source_count = int(longest * stretch) + 2
    body = render_layers(timbre.body, pitch, source_count, rate_hz)
    bright = render_layers(timbre.bright, pitch, source_count, rate_hz)
    for note, count in zip(notes, counts, strict=True):
        brightness = np.float32((note.velocity / 100) ** 1.5)
        used = int(count * stretch) + 2
        samples = body[:used] + brightness * bright[:used]
        samples = _with_pitch_bend(samples, note, count, rate_hz)
        samples *= np.float32(_gain(note) * timbre.gain)
        _apply_envelope(samples, note, timbre, rate_hz)
        _add(mix, samples, note.start_s, note.pan, rate_hz)


def _sample_count(note: Voice, timbre: Timbre, rate_hz: int) -> int:
    return max(1, int((note.end_s - note.start_s + RELEASE_TIMES * timbre.release_s) * rate_hz))


def _gain(note: Voice) -> float:
    return float(NOTE_LEVEL * (note.velocity / 127) ** 1.6)


def _with_pitch_bend(samples: Samples, note: Voice, count: int, rate_hz: int) -> Samples:
    """Apply pitch bend by reading the waveform faster or slower."""
    bend = note.controllers.bend
    end_s = note.start_s + count / rate_hz
    if not bend.changes(note.start_s, end_s) and not bend.at(note.start_s):
        return samples[:count]
    at_s = note.start_s + np.arange(count) / rate_hz
    steps = 2 ** (bend.curve(at_s) / 12)
    positions = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    return np.asarray(np.interp(positions, np.arange(len(samples)), samples), dtype=np.float32)


def _apply_envelope(samples: Samples, note: Voice, timbre: Timbre, rate_hz: int) -> None:
    """Apply attack, release, volume and expression in place."""
    attack = min(len(samples), max(1, int(timbre.attack_s * rate_hz)))
    samples[:attack] *= np.sin(np.linspace(0, np.pi / 2, attack, dtype=np.float32)) ** 2
    swell = min(len(samples), int(timbre.swell_s * rate_hz))
    if swell:
        samples[:swell] *= np.linspace(SWELL_START, 1, swell, dtype=np.float32)
    end = min(len(samples), max(1, int((note.end_s - note.start_s) * rate_hz)))
    tail = np.arange(len(samples) - end, dtype=np.float32)
    if len(tail):
        decay = np.exp(-tail / np.float32(timbre.release_s * rate_hz))
        samples[end:] *= decay * (1 - tail / len(tail))
    samples *= _loudness(note, len(samples), rate_hz)


def _loudness(note: Voice, count: int, rate_hz: int) -> Samples | np.float32:
    """Return volume times expression: one number, or one per sample if either changes."""
    start_s, end_s = note.start_s, note.start_s + count / rate_hz
    volume, expression = note.controllers.volume, note.controllers.expression
    if not volume.changes(start_s, end_s) and not expression.changes(start_s, end_s):
        return np.float32(volume.at(start_s) * expression.at(start_s) / (100 * 127))
    at_s = start_s + np.arange(count) / rate_hz
    level = volume.curve(at_s) * expression.curve(at_s) / (100 * 127)
    return np.asarray(level, dtype=np.float32)


def _add(mix: Samples, samples: Samples, start_s: float, pan: float, rate_hz: int) -> None:
    """Add mono samples to the mix, panned with constant power."""
    start = round(start_s * rate_hz)
    count = min(len(samples), mix.shape[1] - start)
    angle = (pan + 1) * np.pi / 4
    mix[0, start : start + count] += np.float32(np.cos(angle)) * samples[:count]
    mix[1, start : start + count] += np.float32(np.sin(angle)) * samples[:count]
