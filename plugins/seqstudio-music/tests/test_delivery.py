"""What is handed over: new bars alone, loops of whole bars, and the touch of the primer."""

import pytest
from seqstudio_music.delivery import looped, only_new
from seqstudio_music.parts import append_notes, parts_of
from small_music import TPB

from seqstudio.api import Note
from seqstudio.api.media import Event, Score

BAR = 4 * TPB


def primer() -> Score:
    """Return a bar and a half of an oboe at 90 beats a minute, with its volume turned down."""
    notes = [Note(TPB * n, 60 + n, TPB, 40) for n in range(6)]
    score = Score.new(ticks_per_beat=TPB, tempo_bpm=90)
    score = score.with_new_track(notes, name="Oboe", program=68, channel=2)
    volumes = [Event(0, 0xB2, bytes([7, 90])), Event(TPB, 0xB2, bytes([7, 50]))]
    return score.with_track_events(1, volumes)


def continued() -> Score:
    before = primer()
    new = [Note(2 * BAR - TPB, 70, TPB), Note(2 * BAR, 72, TPB), Note(3 * BAR + TPB, 74, 8 * TPB)]
    return append_notes(before, parts_of(before)[0], new)


def test_only_the_new_bars_begin_at_the_first_tick_as_the_primer_left_off() -> None:
    found = Score.from_bytes(only_new(primer(), continued()).to_bytes())
    track = found.tracks[1]

    assert [(note.onset_ticks, note.pitch) for note in found.notes] == [(0, 72), (BAR + TPB, 74)]
    assert (track.name, track.notes[0].channel) == ("Oboe", 2)
    states = [(event.status, event.data) for event in track.events if event.tick == 0]
    assert (0xC2, b"\x44") in states
    assert [data[1] for status, data in states if status == 0xB2] == [50]
    assert found.tempos[0].bpm == pytest.approx(90, abs=0.01)
    assert found.faults == ()


@pytest.mark.parametrize("bars", [3, 4, 6])
def test_a_loop_has_exactly_its_bars_and_nothing_rings_on(bars: int) -> None:
    found = Score.from_bytes(looped(continued(), bars).to_bytes())

    assert {track.end_tick for track in found.tracks} == {bars * BAR}
    assert found.end_tick <= bars * BAR
    assert [n for n in found.notes if n.onset_ticks < 3 * BAR] == [
        n for n in continued().notes if n.onset_ticks < 3 * BAR
    ]
    assert found.faults == ()


def test_new_notes_have_the_touch_of_the_part() -> None:
    accents = [Note(TPB * n // 2, 60, TPB // 2, 100 if n % 2 == 0 else 30) for n in range(16)]
    before = Score.new(ticks_per_beat=TPB).with_new_track(accents)
    new = [Note(2 * BAR + TPB * n // 2, 62, TPB // 2) for n in range(4)]
    after = append_notes(before, parts_of(before)[0], new)

    assert [note.velocity for note in after.notes[-4:]] == [100, 30, 100, 30]
    assert {note.velocity for note in continued().notes} == {40}
