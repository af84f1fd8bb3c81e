"""Unedited MIDI files are written byte for byte as read; unusable files are refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import (
    Event,
    parse_events,
    read_quantity,
    write_events,
    write_quantity,
)

END = b"\x00\xff\x2f\x00"
CONDUCTOR = (
    b"\x00\xff\x58\x04\x07\x03\x0c\x08"  # 7/8
    b"\x00\xff\x51\x03\x09\x27\xc0"  # 100 bpm
    b"\x00\xff\x59\x02\xfe\x01"  # key
    b"\x83\x60\xff\x06\x05Verse"  # marker
    b"\x00\xff\x60\x02\x01\x02"  # an unknown meta event
    b"\x00\xff\x7f\x03\x00\x00\x41" + END  # sequencer-specific
)
PLAYED = (
    b"\x00\xff\x03\x05Flute\x00\xc3\x49"
    b"\x00\xf0\x05\x7e\x7f\x09\x01\xf7"  # sysex
    b"\x00\xf0\x03\x43\x12\x00\x0a\xf7\x02\x43\xf7"  # sysex in two packets
    b"\x00\xf7\x02\xf3\x01"  # escape: a song select
    b"\x00\x93\x3c\x40\x60\x3c\x00\x00\x3e\x50"  # running status, note on of velocity 0 as end
    b"\x10\xa3\x3e\x22\x10\xd3\x33\x00\x34"  # poly pressure, channel pressure twice
    b"\x00\xff\x05\x02la"  # lyric; running status continues after it
    b"\x00\x35\x00\xe3\x00\x50\x40\x83\x3e\x11" + END
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4) + data


def midi(*chunks: bytes, kind: int = 1, tracks: int | None = None, division: int = 96) -> bytes:
    count = sum(one[:4] == b"MTrk" for one in chunks) if tracks is None else tracks
    fields = (kind, count, division)
    return chunk(b"MThd", b"".join(field.to_bytes(2) for field in fields)) + b"".join(chunks)


RICH = midi(
    chunk(b"MTrk", CONDUCTOR),
    chunk(b"XFIH", b"\x00anything"),
    chunk(b"MTrk", PLAYED + b"after the end"),
    chunk(b"MTrk", b"\x00\x90\x40\x40\x20\x90\x40\x00" + END),
)


@pytest.mark.parametrize(
    "content",
    [
        RICH,
        RICH + b"\x00\x00trailing",
        midi(chunk(b"MTrk", PLAYED), kind=0),
        midi(chunk(b"MTrk", PLAYED[:-4]), kind=0),  # no end of track
        midi(chunk(b"MTrk", b""), kind=0),
        midi(chunk(b"MTrk", b"\x80\x80\x00\xff\x80\x00"[0:0] + b"\x80\x00\xff\x01\x80\x01a" + END)),
        chunk(b"MThd", b"\x00\x00\x00\x01\x00\x60more") + chunk(b"MTrk", PLAYED),
        midi(chunk(b"MTrk", PLAYED), chunk(b"MTrk", CONDUCTOR), tracks=1),
    ],
    ids=["rich", "tail", "type0", "endless", "empty", "padded", "long-header", "undeclared"],
)
def test_an_unedited_file_is_written_byte_for_byte(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in.mid"
    path.write_bytes(content)
    Score.read(path).write(tmp_path / "out.mid")

    assert (tmp_path / "out.mid").read_bytes() == content


def test_events_have_ticks_payloads_and_byte_spans() -> None:
    events = parse_events(PLAYED, "x")

    assert [event.tick for event in events[-4:]] == [138, 138, 202, 202]
    assert events[5].status == 0xF7
    assert events[5].data == b"\xf3\x01"
    assert [event.data for event in events if event.kind == 0xD0] == [b"\x33", b"\x34", b"\x35"]
    assert b"".join(PLAYED[event.start : event.end] for event in events) == PLAYED


messages = st.one_of(
    st.tuples(st.integers(0x80, 0xBF), st.binary(min_size=2, max_size=2)),
    st.tuples(st.integers(0xC0, 0xDF), st.binary(min_size=1, max_size=1)),
    st.tuples(st.integers(0xE0, 0xEF), st.binary(min_size=2, max_size=2)),
).map(lambda one: (one[0], bytes(byte & 0x7F for byte in one[1]), -1))
others = st.tuples(st.sampled_from([0xF0, 0xF7]), st.binary(max_size=200), st.just(-1))
metas = st.tuples(
    st.just(0xFF), st.binary(max_size=9), st.integers(0, 0x7F).filter(lambda n: n != 0x2F)
)
deltas = st.integers(0, 400) | st.integers(0, (1 << 28) - 1)


@given(st.lists(st.tuples(deltas, st.one_of(messages, others, metas))), st.binary(max_size=4))
@settings(max_examples=50, deadline=None)
def test_any_events_round_trip_with_and_without_running_status(
    drawn: list[tuple[int, tuple[int, bytes, int]]], tail: bytes
) -> None:
    events, running, tick, last = [], bytearray(), 0, 0
    for delta, (status, data, meta) in drawn:
        tick += delta
        events.append(Event(tick, status, data, meta))
        full = write_events([Event(delta, status, data, meta)])
        at = len(write_quantity(delta))
        running += full[:at] + full[at + (status == last < 0xF0) :]
        last = status if status < 0xF0 else last
    for written in (write_events(events), bytes(running)):
        content = midi(chunk(b"MTrk", written + END + tail))
        score = Score.from_bytes(content)

        assert score.to_bytes() == content
        assert [event[:4] for event in score.tracks[0].events[:-1]] == [one[:4] for one in events]


@given(st.integers(0, (1 << 28) - 1))
def test_a_quantity_round_trips(value: int) -> None:
    assert read_quantity(write_quantity(value), 0) == (value, len(write_quantity(value)))


ENDLESS = b"\x00\x90\x3c\x40" + END


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", r"empty file \(0 bytes\), expected a MIDI file"),
        (b"RIFF....RMID", r"begins with 'RIFF', expected a MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00", "cut short in the header, expected 14 or more"),
        (chunk(b"MThd", b"\x00\x01\x00\x01") + b"\x00" * 9, "header of 4 bytes, expected 6"),
        (midi(), "cut short after 0 tracks, expected at least 1"),
        (midi(tracks=2), "cut short after 0 tracks, expected 2 as its header says"),
        (midi(chunk(b"MTrk", END), kind=2), r"MIDI type 2, expected type 0 or 1"),
        (midi(chunk(b"MTrk", END), division=0xE728), "SMPTE time, 25 frames a second, expected"),
        (midi(chunk(b"MTrk", END), division=0), "0 ticks per beat, expected at least 1"),
        (midi(chunk(b"MTrk", b"\x00\x90\x3c")), "track 1, byte 0: an event is cut short"),
        (midi(chunk(b"MTrk", b"\x00\x3c\x3c")), "byte 0: a data byte with no status before it"),
        (midi(chunk(b"MTrk", b"\x00\xf8\x00")), "status 0xf8, expected a channel, sysex or meta"),
        (midi(chunk(b"MTrk", b"\xff\xff\xff\xff\x00")), "more than 4 bytes, expected at most 4"),
        (midi(chunk(b"MTrk", b"\x00\xff\x01\x09abc")), "an event is cut short"),
    ],
)
def test_an_unusable_file_is_refused_with_its_fault(
    content: bytes, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)

    with pytest.raises(DataError, match=rf"bad\.mid: .*{fault}") as caught:
        Score.read(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.mid: No such file or directory, expected a MIDI"):
        Score.read(tmp_path / "none.mid")
    with pytest.raises(DataError, match="a folder, expected a MIDI file"):
        Score.read(tmp_path)


@given(st.integers(0, len(RICH) - 1), st.integers(0, 255))
@settings(max_examples=50, deadline=None)
def test_a_damaged_byte_is_read_or_refused_but_never_crashes(at: int, value: int) -> None:
    damaged = RICH[:at] + bytes([value]) + RICH[at + 1 :]
    try:
        score = Score.from_bytes(damaged)
    except DataError as error:
        assert str(error).startswith("MIDI")  # noqa: PT017 (either outcome is right)
    else:
        assert score.mends or score.to_bytes() == damaged
        assert score.repaired().faults == ()


@given(st.integers(0, len(RICH) - 1))
@settings(max_examples=100, deadline=None)
def test_a_truncated_file_is_read_as_far_as_it_goes_and_the_cut_is_reported(length: int) -> None:
    try:
        score = Score.from_bytes(RICH[:length])
    except DataError as error:
        assert "expected" in str(error)  # noqa: PT017 (either outcome is right)
    else:
        whole = Score.from_bytes(RICH)
        pairs = zip(score.tracks, whole.tracks, strict=False)
        assert all(one.events == other.events[: len(one.events)] for one, other in pairs)
        assert score.faults
        assert score.repaired().faults == ()


def test_a_delta_time_that_midi_cannot_represent_is_refused() -> None:
    for value in (1 << 28, -1):
        with pytest.raises(DataError, match=f"^{value} ticks between two events, expected 0 to"):
            write_quantity(value)
