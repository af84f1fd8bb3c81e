"""Damaged files as other programs write them: what can be played is read, and the mend is said."""

import pytest

from seqstudio.errors import DataError
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import write_quantity
from seqstudio.media.midi_text import decode_text

END = b"\x00\xff\x2f\x00"
SCALE = (60, 62, 64, 65)
NOTES = b"".join(b"\x00\x90%c\x50\x30\x80%c\x40" % (pitch, pitch) for pitch in SCALE)


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    return kind + (len(data) if length is None else length).to_bytes(4) + data


def midi(*chunks: bytes, tracks: int | None = None) -> bytes:
    count = len(chunks) if tracks is None else tracks
    header = b"".join(field.to_bytes(2) for field in (1, count, 96))
    return chunk(b"MThd", header) + b"".join(chunks)


def riff(content: bytes) -> bytes:
    data = b"data" + len(content).to_bytes(4, "little") + content
    return b"RIFF" + (len(data) + 4).to_bytes(4, "little") + b"RMID" + data + b"LIST\0\0\0\0"


TRACK = chunk(b"MTrk", NOTES + END)
WHOLE = midi(TRACK)


@pytest.mark.parametrize(
    ("content", "tracks", "mend"),
    [
        (riff(WHOLE), 1, "a RIFF wrapper removed"),
        (b"\0" * 128 + WHOLE, 1, "128 bytes before the header skipped"),
        (midi(chunk(b"MTrk", NOTES + END, 900)), 1, "track 1: its length says 900 bytes, 36 were"),
        (midi(chunk(b"MTrk", NOTES + END, 20), TRACK), 2, "track 1: its length says 20 bytes"),
        (midi(TRACK, b"junk!" + TRACK), 2, "5 bytes between tracks skipped"),
        (midi(TRACK, b"\xff\xff\xff" + TRACK), 2, "3 bytes between tracks skipped"),
        (midi(b"gone!" + TRACK, tracks=1), 1, "5 bytes after the header skipped"),
        (WHOLE.replace(b"MThd\0\0\0\6", b"MThd\0\0\0\7"), 1, "the header's length says 7 bytes"),
        (midi(TRACK, tracks=3), 1, "the header declares 3 tracks, the file has 1"),
        (midi(chunk(b"MTrk", NOTES + b"\x00\x90\x3c")), 1, "track 1: cut off at byte 32: an event"),
        (
            midi(chunk(b"MTrk", NOTES + b"\x81" * 8 + b"\x00" + END)),
            1,
            "track 1: cut off at byte 32: a length of more than 4 bytes",
        ),
    ],
    ids=[
        "riff",
        "macbinary",
        "long",
        "short",
        "junk",
        "bytes",
        "gap",
        "header",
        "count",
        "cut",
        "vlq",
    ],
)
def test_the_notes_of_a_damaged_file_are_read_and_the_mend_is_reported(
    content: bytes, tracks: int, mend: str
) -> None:
    score = Score.from_bytes(content)
    clean = score.repaired()

    assert [note.pitch for note in score.tracks[0].notes] == list(SCALE)
    assert len(score.tracks) == tracks
    assert any(fault.startswith(mend) for fault in score.faults), score.faults
    assert clean.faults == ()
    assert Score.from_bytes(clean.to_bytes()) == clean


def test_values_over_127_are_clipped_in_place() -> None:
    loud = NOTES.replace(b"\x3c\x50", b"\x3c\xc8")
    score = Score.from_bytes(midi(chunk(b"MTrk", loud + END)))

    assert score.notes[0].velocity == 127
    assert score.faults == ("track 1: 1 values over 127 clipped, the first 200 at byte 0",)
    assert score.to_bytes() == midi(chunk(b"MTrk", loud.replace(b"\xc8", b"\x7f") + END))


@pytest.mark.parametrize("payload", [b"\x04\x21\x18\x08", b"\x00\x02\x18\x08", b"\x04"])
def test_an_absurd_meter_is_ignored_and_repair_removes_it(payload: bytes) -> None:
    meter = b"\x00\xff\x58" + write_quantity(len(payload)) + payload
    content = midi(chunk(b"MTrk", meter + NOTES + END))
    score = Score.from_bytes(content)

    assert [(one.beats, one.unit) for one in score.meters] == [(4, 4)]
    assert score.faults == ("absurd meter at tick 0 ignored",)
    assert score.to_bytes() == content
    assert score.repaired().to_bytes() == WHOLE


def test_a_sound_file_has_no_mends() -> None:
    score = Score.from_bytes(WHOLE)

    assert (score.mends, score.faults) == ((), ())


@pytest.mark.parametrize("content", [b"RIFF....RMID", b"MThd" + b"\xff" * 30, riff(b"text")])
def test_a_file_without_any_track_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="expected"):
        Score.from_bytes(content)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("主旋律テスト", "shift_jis"),
        ("ピアノ", "shift_jis"),
        ("小提琴", "gb2312"),
        ("主旋律", "gb2312"),
        ("Flöte und Gitarre", "latin-1"),
        ("Clarinette en si♭".replace("♭", "b"), "latin-1"),
        ("Été", "latin-1"),
        ("Violine", "ascii"),
        ("Скрипка", "utf-8"),
    ],
)
def test_names_are_shown_as_they_were_written(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text
