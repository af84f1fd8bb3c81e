"""How a result is handed over: whole, the new bars alone, or a loop of whole bars."""

from collections.abc import Iterable
from dataclasses import replace

from seqstudio.api import Note
from seqstudio.api.media import Event, Score, Track

NOTE_KINDS = (0x80, 0x90)
CONTROL = 0xB0
END_OF_TRACK = 0x2F
# What lasts from its event on: sequence and track names, instrument, tempo, meter, key.
LASTING_METAS = (0x03, 0x04, 0x51, 0x58, 0x59)


def only_new(before: Score, after: Score) -> Score:
    """Return the bars after the last bar of `before`, from tick 0 on.

    Names, programs, controllers, tempo, meter and key are those in force there. Notes that complete
    the last bar of `before` are not among them.
    """
    start = before.bars[-1]
    return _with_tracks(after, [_track_from(track, start) for track in after.tracks])


def looped(score: Score, bars: int) -> Score:
    """Return the first `bars` bars of a score: every track ends with them, and no note rings on."""
    lines = score.bars
    if len(lines) > bars:
        stop = lines[bars]
    else:  # the last bars are silent
        usual = score.meters[-1].bar_ticks(score.ticks_per_beat)
        last = lines[-1] - lines[-2] if len(lines) > 1 else usual
        stop = lines[-1] + (bars + 1 - len(lines)) * last
    return _with_tracks(score, [_track_until(track, stop) for track in score.tracks])


def _with_tracks(score: Score, tracks: Iterable[Track]) -> Score:
    """Return a score with other tracks, as many as it has; all else between them stays."""
    rest = iter(tracks)
    body = tuple(next(rest) if isinstance(part, Track) else part for part in score.body)
    return Score(score.header, body)


def _track_from(track: Track, start: int) -> Track:
    lasting: dict[tuple[int, ...], Event] = {}
    later: list[Event] = []
    for event in track.events:
        if event.kind in NOTE_KINDS:
            continue
        if event.tick >= start:
            later.append(event._replace(tick=event.tick - start))
        elif event.meta in LASTING_METAS or event.meta < 0:
            lasting[_what(event)] = event._replace(tick=0)
    notes = [
        replace(note, onset_ticks=note.onset_ticks - start)
        for note in track.notes
        if note.onset_ticks >= start
    ]
    return _rebuilt([*lasting.values(), *later], notes)


def _track_until(track: Track, stop: int) -> Track:
    events = [e for e in track.events if e.kind not in NOTE_KINDS and e.tick <= stop]
    notes = [
        replace(note, length_ticks=min(note.length_ticks, stop - note.onset_ticks))
        for note in track.notes
        if note.onset_ticks < stop
    ]
    return _rebuilt(events, notes, stop)


def _what(event: Event) -> tuple[int, ...]:
    """Return what an event sets: a later one for the same replaces it."""
    if event.meta >= 0:
        return 0xFF, event.meta
    return (event.status, event.data[0]) if event.kind == CONTROL else (event.status,)


def _rebuilt(events: Iterable[Event], notes: Iterable[Note], stop: int = 0) -> Track:
    kept = [event for event in events if event.meta != END_OF_TRACK]
    last = max([stop, *(event.tick for event in kept)])
    return Track.of([*kept, Event(last, 0xFF, b"", END_OF_TRACK)]).with_notes(notes)
