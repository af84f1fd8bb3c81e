"""Sound from a score, with no system package: additive tones and a noise drum kit, in numpy.

Notes of one instrument and pitch share their waveform, computed once to the longest of them;
each note takes its beginning of it and has its own velocity, envelope, gain and pan.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from seqstudio.errors import DataError
from seqstudio.media.audio import Audio
from seqstudio.media.drums import drum_sound
from seqstudio.media.midi import Score
from seqstudio.media.performance import Voice, perform
from seqstudio.media.timbres import Sound, Timbre, timbre_of, tone

CEILING = 0.98  # of full scale; louder mixes are turned down as a whole
LEVEL = 0.32  # of one note at full velocity and volume
RELEASES = 5.0  # a released note is silent after so many release times
LONGEST_S = 3600.0
SUDDEN = 0.6  # the share of its level that a swelling sound has from the first


def render(score: Score, rate_hz: int = 44100) -> Audio:
    """Play a score: stereo, from its first tick to the end of the last sound.

    Quiet scores stay quiet; only what would pass full scale is turned down. The same score
    gives the same samples.

    Raises
    ------
    DataError
        If the score lasts more than an hour.
    """
    voices = perform(score)
    end_s = max((voice.end_s for voice in voices), default=0.0)
    if end_s > LONGEST_S:
        raise DataError(f"the score lasts {end_s / 3600:.1f} h, expected at most 1 h to render")
    mix = np.zeros((2, int((end_s + 4.0) * rate_hz)), np.float32)
    groups: dict[tuple[bool, int, int], list[Voice]] = defaultdict(list)
    for voice in voices:
        groups[voice.drums, voice.program, voice.pitch].append(voice)
    for (drums, program, pitch), group in groups.items():
        if drums:
            _add_hits(mix, group, pitch, rate_hz)
        else:
            _add_notes(mix, group, timbre_of(program), pitch, rate_hz)
    return Audio(_finished(mix, int(end_s * rate_hz), rate_hz), rate_hz)


def _finished(mix: Sound, end: int, rate_hz: int) -> Sound:
    """Cut the silence after the last sound and keep the peak below full scale."""
    loud = np.flatnonzero(np.abs(mix).max(axis=0) > 1e-4)
    last = max(int(loud[-1]) + 1 if len(loud) else 0, end, rate_hz // 10)
    peak = float(np.abs(mix).max())
    if peak > CEILING:
        mix *= np.float32(CEILING / peak)
    return np.ascontiguousarray(mix[:, :last].T)


def _add_hits(mix: Sound, hits: Sequence[Voice], pitch: int, rate_hz: int) -> None:
    sound, pan = drum_sound(pitch, rate_hz)
    for hit in hits:
        _place(mix, sound * np.float32(_gain(hit)), hit.start_s, hit.pan or pan, rate_hz)


def _add_notes(
    mix: Sound, notes: Sequence[Voice], timbre: Timbre, pitch: int, rate_hz: int
) -> None:
    """Mix all notes of one instrument and pitch."""
    counts = [_count(note, timbre, rate_hz) for note in notes]
    longest = max(counts)
    bent = [note.controls.bend.values for note in notes]
    stretch = 2 ** (max([0.0, *(value for values in bent for value in values)]) / 12)
    source = int(longest * stretch) + 2
    body = tone(timbre.body, pitch, source, rate_hz)
    shine = tone(timbre.shine, pitch, source, rate_hz)
    for note, count in zip(notes, counts, strict=True):
        bright = np.float32((note.velocity / 100) ** 1.5)
        used = int(count * stretch) + 2
        sound = body[:used] + bright * shine[:used]
        sound = _bent(sound, note, count, rate_hz)
        sound *= np.float32(_gain(note) * timbre.gain)
        _shape(sound, note, timbre, rate_hz)
        _place(mix, sound, note.start_s, note.pan, rate_hz)


def _count(note: Voice, timbre: Timbre, rate_hz: int) -> int:
    return max(1, int((note.end_s - note.start_s + RELEASES * timbre.release_s) * rate_hz))


def _gain(note: Voice) -> float:
    return float(LEVEL * (note.velocity / 127) ** 1.6)


def _bent(sound: Sound, note: Voice, count: int, rate_hz: int) -> Sound:
    """Follow the pitch wheel by reading the waveform faster or slower."""
    bend = note.controls.bend
    end_s = note.start_s + count / rate_hz
    if not bend.moves(note.start_s, end_s) and not bend.at(note.start_s):
        return sound[:count]
    at_s = note.start_s + np.arange(count) / rate_hz
    steps = 2 ** (bend.curve(at_s) / 12)
    places = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    return np.asarray(np.interp(places, np.arange(len(sound)), sound), dtype=np.float32)


def _shape(sound: Sound, note: Voice, timbre: Timbre, rate_hz: int) -> None:
    """Apply attack, release, volume and expression in place."""
    attack = min(len(sound), max(1, int(timbre.attack_s * rate_hz)))
    sound[:attack] *= np.sin(np.linspace(0, np.pi / 2, attack, dtype=np.float32)) ** 2
    swell = min(len(sound), int(timbre.swell_s * rate_hz))
    if swell:
        sound[:swell] *= np.linspace(SUDDEN, 1, swell, dtype=np.float32)
    end = min(len(sound), max(1, int((note.end_s - note.start_s) * rate_hz)))
    tail = np.arange(len(sound) - end, dtype=np.float32)
    if len(tail):
        fading = np.exp(-tail / np.float32(timbre.release_s * rate_hz))
        sound[end:] *= fading * (1 - tail / len(tail))
    sound *= _loudness(note, len(sound), rate_hz)


def _loudness(note: Voice, count: int, rate_hz: int) -> Sound | np.float32:
    """Give volume times expression: one number, or one a sample where they move."""
    lanes = note.controls.volume, note.controls.expression
    end_s = note.start_s + count / rate_hz
    if not any(lane.moves(note.start_s, end_s) for lane in lanes):
        return np.float32(lanes[0].at(note.start_s) * lanes[1].at(note.start_s) / (100 * 127))
    at_s = note.start_s + np.arange(count) / rate_hz
    level = lanes[0].curve(at_s) * lanes[1].curve(at_s) / (100 * 127)
    return np.asarray(level, dtype=np.float32)


def _place(mix: Sound, sound: Sound, start_s: float, pan: float, rate_hz: int) -> None:
    """Add a sound to the mix, panned with constant power."""
    start = round(start_s * rate_hz)
    count = min(len(sound), mix.shape[1] - start)
    angle = (pan + 1) * np.pi / 4
    mix[0, start : start + count] += np.float32(np.cos(angle)) * sound[:count]
    mix[1, start : start + count] += np.float32(np.sin(angle)) * sound[:count]
