"""Files of type 0: their channels are shown as tracks, in a take too."""

import dataclasses

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.media.midi_channels import split_channels
from seqstudio.media.midi_events import CONTROL, HEADER, Chunk, Event
from seqstudio.session.document import Take


def type_0(*channels: int) -> Score:
    """Return a file of type 0 with a volume and a note on each channel, at 90 beats a minute."""
    score = Score.new(tempo_bpm=90)
    header = Chunk(HEADER, b"\0\0" + score.header.data[2:])
    score = dataclasses.replace(score, header=header)
    notes = [Note(480 * n, 60 + n, 480, channel=channel) for n, channel in enumerate(channels)]
    score = score.with_track_notes(0, notes)
    volumes = [Event(0, CONTROL | channel, bytes([7, 50 + channel])) for channel in channels]
    return Score.from_bytes(score.with_track_events(0, volumes).to_bytes())


def test_each_channel_becomes_a_track_with_its_own_events() -> None:
    score = type_0(0, 3, 9)
    found = split_channels(score)

    assert score.kind == 0
    assert found.kind == 1
    assert [track.name for track in found.tracks] == ["", "Channel 1", "Channel 4", "Drums"]
    assert found.notes == score.notes
    assert found.tempos == score.tempos
    assert [event.data[1] for event in found.tracks[2].events if event.kind == CONTROL] == [53]
    assert Score.from_bytes(found.to_bytes()).faults == ()


def test_one_channel_or_several_tracks_stay_as_they_are() -> None:
    one = type_0(2)
    several = Score.new().with_new_track([Note(0, 60, 480)])

    assert split_channels(one) is one
    assert split_channels(several) is several


def test_a_take_of_a_type_0_file_or_of_written_music_has_its_parts() -> None:
    five = Take.of(type_0(0, 1, 2, 3, 9).to_bytes(), "five")
    written = Take.of(b"X:1\nK:C\nCDEF|\n", "tune")

    assert len(five.tracks) == 6
    assert five.score.tracks[5].name == "Drums"
    assert written.midi.startswith(b"MThd")
    assert len(written.score.notes) == 4
