"""The seam between a score and notes appended to it: what the end of the score left behind.

A piece may end with a bent note, a fade-out, a held pedal or a ritardando. New notes after it would
sound out of tune, be silent, blur or crawl. Before them, these are set back to what they were in
the body of the piece.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from seqstudio.media.midi import Score
from seqstudio.media.midi_events import BEND, CONTROL, META, TEMPO, Event
from seqstudio.media.midi_track import Track
from seqstudio.media.tempo_map import Tempo

T = TypeVar("T")
VOLUME, EXPRESSION, PEDAL = 7, 11, 64
DEFAULTS = {VOLUME: 100, EXPRESSION: 127, PEDAL: 0}
CENTRE = bytes([0, 64])  # of the pitch bend
SHORT_BARS = 2.0  # a last tempo shorter than this belongs to the ending


def restore_controllers(before: Score, after: Score) -> Score:
    """Set controllers and tempo back where notes were appended.

    Parameters
    ----------
    before : the score without the new notes
    after : the same score with notes appended to its tracks, after `before.end_tick`

    Returns
    -------
    `after`, with further events where the end of `before` left bend, volume, expression, pedal or
    tempo otherwise than in its body
    """
    seam = before.end_tick
    for index, (old, new) in enumerate(zip(before.tracks, after.tracks, strict=False)):
        channels = {note.channel for note in new.notes if note.onset_ticks >= seam}
        events = [event for c in sorted(channels) for event in _resets(before, old, c)]
        after = after.with_track_events(index, events)
    if (tempo := _body_tempo(before)) is not None:
        index = _tempo_track(before)
        event = Event(seam, META, Tempo(seam, tempo).to_data(), TEMPO)
        after = after.with_track_events(index, [event])
    return after


def _resets(score: Score, track: Track, channel: int) -> Iterator[Event]:
    """Yield the messages that set a channel back, after each message from the seam on."""
    events = list(_messages(score, track, channel))
    onsets = [note.onset_ticks for note in track.notes if note.channel == channel]
    bends = [(event.tick, event.data) for event in events if event.kind == BEND]
    for tick, data in _at_seam(bends, score.end_tick, CENTRE):
        if data != CENTRE:
            yield Event(tick, BEND | channel, CENTRE)
    for number, default in DEFAULTS.items():
        changes = [
            (event.tick, event.data[1])
            for event in events
            if event.kind == CONTROL and event.data[0] == number
        ]
        usual = 0 if number == PEDAL else _usual(changes, onsets, default)
        for tick, value in _at_seam(changes, score.end_tick, default):
            if value > usual if number == PEDAL else value < usual:
                yield Event(tick, CONTROL | channel, bytes([number, usual]))


def _messages(score: Score, track: Track, channel: int) -> Iterator[Event]:
    """Yield the channel's messages, of this track and of tracks without notes on the channel."""
    for other in score.tracks:
        has_notes = any(note.channel == channel for note in other.notes)
        if other is track or not has_notes:
            for event in other.events:
                if event.kind in (BEND, CONTROL) and event.channel == channel:
                    yield event


def _at_seam(changes: list[tuple[int, T]], seam: int, default: T) -> Iterator[tuple[int, T]]:
    """Yield (tick, value) at the seam, and after it wherever the value changes again."""
    ordered = sorted(changes, key=lambda one: one[0])
    earlier = [value for tick, value in ordered if tick <= seam]
    yield seam, earlier[-1] if earlier else default
    yield from (one for one in ordered if one[0] > seam)


def _usual(changes: list[tuple[int, int]], onsets: list[int], default: int) -> int:
    """Return the value of a controller with which most notes begin."""
    ordered = sorted(changes)
    values = Counter(
        next((value for tick, value in reversed(ordered) if tick <= onset), default)
        for onset in onsets
    )
    return values.most_common(1)[0][0] if values else default


def _body_tempo(score: Score) -> int | None:
    """Return the body's microseconds a beat if the ending has a tempo of its own, else None."""
    tempos = [tempo for tempo in score.tempos if tempo.tick <= score.end_tick]
    spans: Counter[int] = Counter()
    ends = [*(tempo.tick for tempo in tempos[1:]), score.end_tick]
    for tempo, end in zip(tempos, ends, strict=True):
        spans[tempo.beat_us] += end - tempo.tick
    usual = spans.most_common(1)[0][0]
    meter = score.meters[-1]
    last_bars = (score.end_tick - tempos[-1].tick) / meter.bar_ticks(score.ticks_per_beat)
    return usual if usual != tempos[-1].beat_us and last_bars < SHORT_BARS else None


def _tempo_track(score: Score) -> int:
    """Return the index of the track that holds the tempos."""
    held = [index for index, track in enumerate(score.tracks) if _has_tempo(track.events)]
    return held[-1] if held else 0


def _has_tempo(events: Iterable[Event]) -> bool:
    return any(event.meta == TEMPO for event in events)
