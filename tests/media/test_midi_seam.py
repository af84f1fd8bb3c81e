"""Notes appended to a score sound as its body does, however the score ends."""

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import BEND, CONTROL, END_OF_TRACK, META, TEMPO, Event
from seqstudio.media.midi_seam import restore_controllers
from seqstudio.media.tempo_map import Tempo

BEAT = 480
END = 16 * BEAT  # four bars
BODY = [Note(beat * BEAT, 60 + beat % 8, BEAT, 80) for beat in range(16)]
NEW = [Note(END + beat * BEAT, 72, BEAT, 80) for beat in range(4)]


def volume(tick: int, value: int) -> Event:
    return Event(tick, CONTROL, bytes([7, value]))


def pedal(tick: int, value: int) -> Event:
    return Event(tick, CONTROL, bytes([64, value]))


def bend(tick: int, high: int) -> Event:
    return Event(tick, BEND, bytes([0, high]))


def tempo(tick: int, bpm: float) -> Event:
    return Event(tick, META, Tempo.of(bpm).to_data(), TEMPO)


def continued(events: list[Event], conductor: list[Event] = []) -> list[Event]:  # noqa: B006 - read
    """Append notes to a score with these events; return the events that were inserted."""
    score = Score.new().with_new_track(BODY)
    score = score.with_track_events(0, conductor).with_track_events(1, events)
    after = score.with_track_notes(1, [*BODY, *NEW])
    found = restore_controllers(score, after)

    assert found.notes == after.notes
    inserted: list[Event] = []
    for old, new in zip(after.tracks, found.tracks, strict=True):
        known = {event[:4] for event in old.events}
        inserted += [event for event in new.events if event[:4] not in known]
    moved = [event for event in inserted if event.meta != END_OF_TRACK]
    return sorted((one._replace(start=-1, end=-1) for one in moved), key=lambda one: one.tick)


@pytest.mark.parametrize(
    ("events", "inserted"),
    [
        ([bend(END - BEAT, 96)], [bend(END, 64)]),
        ([bend(END - BEAT, 96), bend(END - 10, 64)], []),
        ([bend(END + BEAT, 96)], [bend(END + BEAT, 64)]),
        ([volume(0, 90), volume(END - BEAT, 40), volume(END - 10, 0)], [volume(END, 90)]),
        ([volume(END - 10, 0)], [volume(END, 100)]),
        ([volume(0, 40)], []),
        ([volume(0, 0), volume(1, 90)], []),
        ([pedal(END - BEAT, 127)], [pedal(END, 0)]),
        ([pedal(0, 127), pedal(END - 1, 0)], []),
        ([], []),
    ],
)
def test_controllers_are_set_back_before_the_new_notes(
    events: list[Event], inserted: list[Event]
) -> None:
    assert continued(events) == inserted


def test_the_tempo_of_the_body_goes_on_after_a_ritardando() -> None:
    slower = [tempo(0, 120), *(tempo(END - BEAT * n, 60 + 15 * n) for n in (1, 2, 3))]

    assert continued([], slower) == [tempo(END, 120)]


def test_a_tempo_that_lasts_to_the_end_stays() -> None:
    assert continued([], [tempo(0, 120), tempo(8 * BEAT, 90)]) == []


def test_a_reset_comes_before_the_notes_of_its_tick() -> None:
    score = Score.new().with_new_track(BODY).with_track_events(1, [bend(END - 10, 96)])
    found = restore_controllers(score, score.with_track_notes(1, [*BODY, *NEW]))
    at_seam = [event.kind for event in found.tracks[1].events if event.tick == END]

    assert at_seam.index(BEND) < at_seam.index(0x90)
