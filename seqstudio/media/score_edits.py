"""Edits of what a score holds besides notes: tempos, meters and instruments."""

from collections.abc import Callable
from dataclasses import replace

from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import META, METER, PROGRAM, TEMPO, Event
from seqstudio.media.midi_track import Track
from seqstudio.media.tempo_map import Meter, Tempo


def with_tempo(score: Score, tick: int, bpm: float) -> Score:
    """Return a copy with another tempo from a tick on, in quarter notes a minute.

    Raises
    ------
    DataError
        If a MIDI file cannot hold it.
    """
    event = Event(tick, META, Tempo.of(bpm).to_data(), TEMPO)
    return _without(score, event).with_track_events(0, [event])


def with_meter(score: Score, tick: int, beats: int, unit: int) -> Score:
    """Return a copy with another meter from a tick on, where a bar then begins.

    Raises
    ------
    DataError
        If a MIDI file cannot hold it.
    """
    event = Event(tick, META, Meter.of(beats, unit).to_data(), METER)
    return _without(score, event).with_track_events(0, [event])


def with_program(score: Score, track: int, program: int) -> Score:
    """Return a copy in which one General MIDI program, 0 to 127, plays a whole track.

    Raises
    ------
    DataError
        If there is no such track or program.
    """
    if not 0 <= program <= 127:
        raise DataError(f"program={program}, expected 0 to 127")
    if not 0 <= track < len(score.tracks):
        raise DataError(f"track index {track}, expected 0 to {len(score.tracks) - 1}")
    old = score.tracks[track]
    channel = next((event.channel for event in old.events if 0x80 <= event.kind < 0xF0), 0)
    changed = _mapped(
        score, lambda one: one.without(lambda e: e.kind == PROGRAM) if one is old else one
    )
    return changed.with_track_events(track, [Event(0, PROGRAM | channel, bytes([program]))])


def _without(score: Score, new: Event) -> Score:
    """Return a copy without the events that a new one takes the place of."""

    def is_replaced(event: Event) -> bool:
        return event.meta == new.meta and event.tick == new.tick

    return _mapped(score, lambda track: track.without(is_replaced))


def _mapped(score: Score, change: Callable[[Track], Track]) -> Score:
    parts = (change(part) if isinstance(part, Track) else part for part in score.body)
    return replace(score, body=tuple(parts))
