"""Scores written as MusicXML: what is read again is the same music."""

import zipfile
from collections import Counter
from pathlib import Path

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.media.exporters import MusicXmlExporter
from seqstudio.media.key_signature import KeySignature
from seqstudio.media.midi import Score
from seqstudio.media.musicxml_writer import to_musicxml

BEAT = 480


def again(score: Score) -> Score:
    return Score.from_bytes(to_musicxml(score).encode(), "written")


def sounding(score: Score) -> Counter[tuple[int, int, int, bool]]:
    return Counter(
        (note.onset_ticks, note.pitch, note.length_ticks, note.channel == 9) for note in score.notes
    )


def test_voices_chords_ties_triplets_and_drums_are_read_again() -> None:
    melody = [
        *(Note(n * BEAT // 3, 60 + n, BEAT // 3) for n in range(3)),
        Note(3 * BEAT, 72, 3 * BEAT),  # over the bar line
        Note(7 * BEAT, 61, 5 * BEAT // 4),  # a length of no single note
    ]
    held = [Note(0, pitch, 8 * BEAT) for pitch in (48, 52)]
    drums = [Note(n * BEAT // 2, 36 + 2 * (n % 2), BEAT // 4) for n in range(8)]
    score = Score.new(tempo_bpm=90, meter=(3, 4))
    score = score.with_new_track([*melody, *held], name="Tune & <more>", program=73)
    score = score.with_new_track(drums, channel=9)
    score = score.with_track_events(0, [KeySignature(0, -4, minor=True).to_event()])
    found = again(score)

    assert sounding(found) == sounding(score)
    assert [track.name for track in found.tracks] == ["", "Tune & <more>", ""]
    assert found.tracks[1].events[1].data == b"\x49"
    assert found.tempos[0].bpm == pytest.approx(90, abs=0.01)
    assert [(meter.beats, meter.unit) for meter in found.meters] == [(3, 4)]
    assert found.key_signatures == score.key_signatures
    assert found.bars == score.bars
    assert "<alter>-1</alter>" in to_musicxml(score)  # D flat in F minor


@pytest.mark.parametrize("meter", [(4, 4), (6, 8), (7, 8), (5, 4)])
def test_any_meter_is_read_again(meter: tuple[int, int]) -> None:
    notes = [Note(n * BEAT // 2, 60 + n % 12, BEAT // 2) for n in range(40)]
    score = Score.new(meter=meter).with_new_track(notes)

    assert again(score).bars == score.bars
    assert sounding(again(score)) == sounding(score)


def test_a_compressed_file_is_small_and_always_the_same(tmp_path: Path) -> None:
    score = Score.new().with_new_track([Note(n * BEAT, 60, BEAT) for n in range(64)])
    paths = [tmp_path / "a.mxl", tmp_path / "b.mxl"]
    for path in paths:
        MusicXmlExporter().write(score, path)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(paths[0].read_bytes()) < len(to_musicxml(score)) / 5
    assert sounding(Score.read(paths[0])) == sounding(score)
    with zipfile.ZipFile(paths[0]) as archive:
        assert archive.namelist() == ["META-INF/container.xml", "score.musicxml"]
