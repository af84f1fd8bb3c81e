"""Notes in MIDI files: read, checked for faults, edited without changing other events."""

from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import pretty_midi
import pytest
import symusic
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstudio.contracts.notes import Note
from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, Event
from seqstudio.media.midi_notes import fit_notes, overlaps
from seqstudio.media.midi_track import Track

ON, OFF = NOTE_ON | 2, NOTE_OFF | 2


def track(*events: tuple[int, int, bytes] | Event, end: int = 960) -> Track:
    all_events = [one if isinstance(one, Event) else Event(*one) for one in events]
    return Track.of([*all_events, Event(end, META, b"", END_OF_TRACK)])


def score_of(*tracks: Track) -> Score:
    new = Score.new()
    return Score(new.header, (*new.body, *tracks))._with_body((*new.body, *tracks))


def other_events(one: Track) -> list[tuple[int, int, bytes, int]]:
    """Return all events but notes and the end of track, without their byte spans."""
    notes = NOTE_ON, NOTE_OFF
    return [e[:4] for e in one.events if e.kind not in notes and e.meta != END_OF_TRACK]


def test_notes_are_read_first_in_first_out() -> None:
    two = track(
        (0, ON, b"\x3c\x40"), (10, ON, b"\x3c\x50"), (20, OFF, b"\x3c\0"), (30, ON, b"\x3c\0")
    )

    assert two.notes == (Note(0, 60, 20, 64, 2), Note(10, 60, 20, 80, 2))
    assert two.faults == ("note 60 at tick 10 begins before the one at tick 0 ends",)


FAULTY = track(
    (0, ON, b"\x3c\x40"),  # never ends
    (100, ON, b"\x3e\x40"),
    (100, OFF, b"\x3e\x00"),  # no length
    (200, ON, b"\x40\x40"),
    (240, ON, b"\x40\x41"),  # overlap
    (300, OFF, b"\x40\x00"),
    (400, OFF, b"\x40\x00"),
    (500, OFF, b"\x47\x00"),  # unmatched
)


def test_faults_have_track_note_and_tick() -> None:
    assert score_of(FAULTY).faults == (
        "track 2: note 60 at tick 0 never ends",
        "track 2: note 62 at tick 100 has no length",
        "track 2: note 64 at tick 240 begins before the one at tick 200 ends",
        "track 2: 1 note ends without a note, from tick 500",
    )
    assert Note(0, 60, 960, 64, 2) in FAULTY.notes  # lasts to the end of its track


def test_repair_fixes_every_fault_and_leaves_other_tracks_unchanged() -> None:
    score = score_of(FAULTY, track((0, ON, b"\x3c\x40"), (100, OFF, b"\x3c\x11")))
    repaired = score.repaired()

    assert repaired.faults == ()
    assert repaired.tracks[2].data == score.tracks[2].data
    assert repaired.tracks[1].notes == (
        Note(0, 60, 960, 64, 2),
        Note(200, 64, 40, 64, 2),
        Note(240, 64, 160, 65, 2),
    )
    assert repaired.repaired() is repaired


def test_a_wrong_track_count_and_a_missing_end_are_faults_that_repair_fixes() -> None:
    header = b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\x01\xe0"
    faulty = Score.from_bytes(header + b"MTrk\x00\x00\x00\x03\x00\xc0\x05")

    assert faulty.faults == (
        "the header declares 0 tracks, the file has 1",
        "track 1: no end of track",
    )
    assert faulty.repaired().faults == ()


def test_existing_faults_are_kept_when_notes_are_edited() -> None:
    edited = FAULTY.with_notes([*FAULTY.notes, Note(800, 72, 100, 90, 2)])

    assert edited.faults == FAULTY.faults
    old = [event[:3] for event in FAULTY.events[:-1]]
    assert [event[:3] for event in edited.events if event[:3] in old] == old


def test_a_kept_note_keeps_its_own_events() -> None:
    soft = track(
        (0, ON, b"\x3c\x40"), (100, OFF, b"\x3c\x11"), (200, ON, b"\x3e\x40"), (300, ON, b"\x3e\0")
    )
    edited = soft.with_notes([*soft.notes, Note(400, 64, 10, 1, 2)])

    assert [e[:3] for e in edited.events[:4]] == [e[:3] for e in soft.events[:4]]


def test_new_notes_are_cut_by_kept_notes() -> None:
    held = track((100, ON, b"\x3c\x40"), (200, OFF, b"\x3c\0"))
    kept = held.notes[0]
    new = [Note(50, 60, 100, 9, 2), Note(150, 60, 100, 9, 2), Note(120, 60, 20, 9, 2)]

    assert held.with_notes([kept, *new]).notes == (
        Note(50, 60, 50, 9, 2),
        kept,
        Note(200, 60, 50, 9, 2),
    )


def test_a_new_note_ends_the_endless_note_before_it() -> None:
    endless = track((0, ON, b"\x3c\x40"))
    edited = endless.with_notes([*endless.notes, Note(480, 60, 100, 70, 2)])

    assert edited.notes == (Note(0, 60, 480, 64, 2), Note(480, 60, 100, 70, 2))
    assert edited.faults == ()


def test_at_one_tick_note_offs_come_first_and_note_ons_last() -> None:
    busy = track((100, 0xB2, b"\x40\x7f"), Event(100, META, b"now", 0x06))
    edited = busy.with_notes([Note(0, 60, 100, 80, 2), Note(100, 60, 100, 80, 2)])

    kinds = [event.kind for event in edited.events if event.tick == 100]
    assert kinds == [NOTE_OFF, 0xB0, META, NOTE_ON]


def test_the_end_of_a_track_moves_only_if_a_note_ends_later() -> None:
    short = track((0, 0xC2, b"\x05"), end=960)

    assert short.with_notes([Note(0, 60, 100, 80, 2)]).end_tick == 960
    assert short.with_notes([Note(0, 60, 1000, 80, 2)]).end_tick == 1000


NEW = 100  # only new notes have this velocity or more
notes = st.builds(
    Note,
    onset_ticks=st.integers(0, 2000),
    pitch=st.integers(58, 64),
    length_ticks=st.integers(1, 700),
    velocity=st.integers(NEW, 127),
    channel=st.sampled_from([0, 2]),
)
random_events = st.builds(
    Event,
    tick=st.integers(0, 2000),
    status=st.sampled_from([0x80, 0x90, 0x92, 0xB2, 0xA0, 0xD2, 0xE2]),
    data=st.tuples(st.integers(58, 64), st.sampled_from([0, 1, 64])).map(bytes),
    meta=st.just(-1),
    start=st.just(-1),
    end=st.just(-1),
).map(lambda one: one._replace(data=one.data[:1]) if one.kind == 0xD0 else one)


def in_order(events: Iterable[Event]) -> Track:
    ordered = sorted(events, key=lambda one: one.tick)
    return track(*ordered, end=ordered[-1].tick if ordered else 0)


@given(st.lists(random_events, max_size=40), st.lists(notes, max_size=20), st.data())
@settings(max_examples=50, deadline=None)
def test_any_edit_keeps_every_other_event_and_writes_notes_without_faults(
    events: list[Event], new: list[Note], data: st.DataObject
) -> None:
    before = in_order(events)
    kept = [note for note in before.notes if data.draw(st.booleans())]
    after = before.with_notes([*kept, *new])

    assert other_events(after) == other_events(before)
    endless = {one.note for one in before.pairing.notes if one.off < 0}
    wanted = Counter(note for note in kept if note not in endless)
    assert not wanted - Counter(after.notes)
    assert all(max(one.velocity, two.velocity) < NEW for one, two in overlaps(after.notes))
    if not before.faults:
        assert not after.faults


@given(st.lists(random_events, max_size=40))
@settings(max_examples=50, deadline=None)
def test_repair_fixes_all_faults_and_keeps_every_other_event(events: list[Event]) -> None:
    before = in_order(events)
    after = before.repaired()

    assert after.faults == ()
    assert other_events(after) == other_events(before)


@given(st.lists(notes, max_size=40))
@settings(max_examples=50, deadline=None)
def test_written_notes_are_read_back_by_mido_symusic_and_pretty_midi(drawn: list[Note]) -> None:
    score = Score.new(ticks_per_beat=480).with_new_track(drawn, name="new", channel=4)
    wanted = fit_notes([Note(*note_fields(note), 4) for note in drawn], ())
    content = score.to_bytes()

    assert score.faults == ()
    assert Score.from_bytes(content).tracks[1].notes == wanted
    simple = sorted(note_fields(note) for note in wanted)
    assert by_mido(content) == simple
    assert by_symusic(content) == simple
    assert by_pretty_midi(content) == simple


def note_fields(note: Note) -> tuple[int, int, int, int]:
    return note.onset_ticks, note.pitch, note.length_ticks, note.velocity


def by_mido(content: bytes) -> list[tuple[int, int, int, int]]:
    found, sounding, tick = [], {}, 0
    for message in mido.MidiFile(file=BytesIO(content)).tracks[1]:
        tick += message.time
        if message.type == "note_on":
            assert message.note not in sounding
            sounding[message.note] = tick, message.velocity
        elif message.type == "note_off":
            start, velocity = sounding.pop(message.note)
            found.append((start, message.note, tick - start, velocity))
    assert not sounding
    return sorted(found)


def by_symusic(content: bytes) -> list[tuple[int, int, int, int]]:
    read: Any = symusic.Score.from_midi(content)
    found = [(n.time, n.pitch, n.duration, n.velocity) for one in read.tracks for n in one.notes]
    return sorted(found)


def by_pretty_midi(content: bytes) -> list[tuple[int, int, int, int]]:
    read = pretty_midi.PrettyMIDI(BytesIO(content))
    found = []
    for note in (note for one in read.instruments for note in one.notes):
        start, end = read.time_to_tick(note.start), read.time_to_tick(note.end)
        found.append((start, note.pitch, end - start, note.velocity))
    return sorted(found)


def test_a_new_score_has_the_values_it_was_created_with() -> None:
    score = Score.new(ticks_per_beat=96, tempo_bpm=90, meter=(6, 8))
    score = score.with_new_track([Note(0, 40, 10, channel=3)], name="Bajo ñ", program=33, channel=1)

    assert (score.ticks_per_beat, score.kind, len(score.tracks)) == (96, 1, 2)
    assert score.tempos[0].bpm == pytest.approx(90, abs=1e-3)
    assert (score.meters[0].beats, score.meters[0].unit) == (6, 8)
    added = score.tracks[1]
    assert (added.name, added.program, added.notes[0].channel) == ("Bajo ñ", 33, 1)
    assert not added.is_drums


def test_adding_a_track_to_type_0_makes_it_type_1_and_keeps_the_first_track() -> None:
    one = Score.new().with_track_notes(0, [Note(0, 60, 10)])
    type_0 = Score.from_bytes(one.to_bytes().replace(b"\x00\x01\x00\x01", b"\x00\x00\x00\x01", 1))
    two = type_0.with_new_track([Note(0, 36, 10)], channel=9)

    assert (type_0.kind, two.kind, len(two.tracks)) == (0, 1, 2)
    assert two.tracks[0].data == type_0.tracks[0].data
    assert two.tracks[1].is_drums


def test_editing_one_track_leaves_all_other_chunks_unchanged(tmp_path: Path) -> None:
    score = score_of(FAULTY, FAULTY)
    edited = score.with_track_notes(1, [])
    edited.write(tmp_path / "out.mid")

    written = (tmp_path / "out.mid").read_bytes()
    assert written.startswith(score.header.to_bytes() + score.tracks[0].to_bytes())
    assert written.endswith(score.tracks[2].to_bytes())


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ticks_per_beat": 0}, "ticks_per_beat=0, expected 1 to 32767"),
        ({"tempo_bpm": 1.0}, r"tempo_bpm=1.0, expected 3.6 or more"),
        ({"meter": (4, 5)}, r"meter=4/5, expected beats 1 to 255 over a power of 2"),
    ],
)
def test_a_score_that_midi_cannot_represent_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(DataError, match=text):
        Score.new(**fields)


def test_tracks_programs_and_channels_out_of_range_are_refused() -> None:
    score = Score.new()
    with pytest.raises(DataError, match="track index 1, expected 0 to 0"):
        score.with_track_notes(1, [])
    with pytest.raises(DataError, match="program=128, expected 0 to 127"):
        score.with_new_track([], program=128)
    with pytest.raises(DataError, match="channel=16, expected 0 to 15"):
        score.with_new_track([], channel=16)
