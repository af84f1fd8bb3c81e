"""Render a score with a sound bank, by the package midirenderer (RustySynth).

It follows velocity, volume, expression, pan, pitch bend, pedal and reverb of each channel, as a
General MIDI player does; its reverb is light unless a file asks for more.
"""

import importlib.util
import io

import numpy as np

from seqstudio.errors import DataError
from seqstudio.media.audio import Audio
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import (
    END_OF_TRACK,
    META,
    NOTE_OFF,
    NOTE_ON,
    SYSEX,
    TEMPO,
    Event,
    header_chunk,
)
from seqstudio.media.midi_notes import merged_events, note_events
from seqstudio.media.midi_track import Track
from seqstudio.media.sound_bank import SoundBank
from seqstudio.media.sound_bank_samples import as_sf2

TAIL_S = 4.0  # for the last notes to fade
SILENT = 1e-4  # of full scale
MIN_DURATION_S = 0.1


def is_available() -> bool:
    """Return whether the renderer is installed; it has no wheel for some machines."""
    return importlib.util.find_spec("midirenderer") is not None


def render_with_bank(score: Score, bank: SoundBank) -> Audio:
    """Render a score in stereo, from tick 0 until the last note has faded; its level is low.

    Raises
    ------
    DataError
        If the bank cannot be used.
    """
    import midirenderer
    import soundfile

    try:
        content = midirenderer.render_wave_from(as_sf2(bank), _playable(score))
    except RuntimeError as error:
        raise DataError(f"{bank.path}: {error}, expected a SoundFont that can be played") from error
    samples, rate_hz = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > SILENT)
    last = int(loud[-1]) + 1 if len(loud) else 0
    shortest = int(max(score.seconds(score.end_tick), MIN_DURATION_S) * rate_hz)
    return Audio(samples[: max(last, shortest)], rate_hz)


def _playable(score: Score) -> bytes:
    """Return a file of notes, channel messages and tempos alone, with time to fade at its end."""
    end = max(score.ticks(score.seconds(score.end_tick) + TAIL_S), score.end_tick + 1)
    last = Event(end, META, b"", END_OF_TRACK)
    tracks = []
    for track in score.tracks:
        heard = [event for event in track.events if _is_heard(event) and event.tick <= end]
        tracks.append(Track.of(merged_events([*heard, last], note_events(track.notes))))
    return Score(header_chunk(len(tracks), score.ticks_per_beat), tuple(tracks)).to_bytes()


def _is_heard(event: Event) -> bool:
    if event.meta == TEMPO:
        return len(event.data) == 3 and any(event.data)
    return event.status < SYSEX and event.kind not in (NOTE_ON, NOTE_OFF)
