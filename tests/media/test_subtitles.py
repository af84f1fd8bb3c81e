"""Transcripts in every text format; subtitles are checked with webvtt-py."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import webvtt

from seqstudio.contracts.transcript import MARK, Segment, Transcript, Word
from seqstudio.errors import DataError
from seqstudio.media.subtitles import read_transcript, to_json, to_srt, to_txt, to_vtt

WORDS = (
    Word(word="GO", start_s=0.5, end_s=0.9, confidence=0.75),
    Word(word="AHEAD", start_s=1.0, end_s=1.4),
)
TWO = Transcript(
    audio="a.wav",
    duration_s=3725.5,
    text="GO AHEAD <B> & C\nÉTÉ",
    language="en",
    unlike_training=False,
    segments=(
        Segment(start_s=0.5, end_s=1.4, text="GO AHEAD", confidence=0.7, words=WORDS),
        Segment(start_s=2.0, end_s=2.0, text="<B> & C", speaker="eve"),
        Segment(start_s=2.5, end_s=2.6, text=" "),
        Segment(start_s=1.5, end_s=3725.4996, text="ÉTÉ\nPASSÉ"),
    ),
)


def test_text_has_one_segment_per_line() -> None:
    assert to_txt(TWO).splitlines()[:2] == ["GO AHEAD", "eve: <B> & C"]
    assert to_txt(Transcript(audio="a", duration_s=1, text="ONE")) == "ONE\n"


def test_srt_is_numbered_and_webvtt_reads_it() -> None:
    srt = to_srt(TWO)
    cues = webvtt.from_buffer(StringIO(srt), format="srt").captions

    assert srt.startswith("1\n00:00:00,500 --> 00:00:01,500\nGO AHEAD\n\n2\n")
    assert [cue.raw_text for cue in cues] == ["GO AHEAD", "ÉTÉ PASSÉ", "eve: <B> & C"]
    assert [(cue.start, cue.end) for cue in cues[1:]] == [
        ("00:00:01.500", "00:00:02.000"),
        ("00:00:02.000", "00:00:03.000"),
    ]


def test_a_cue_ends_with_its_segment_to_the_millisecond() -> None:
    long = Segment(start_s=0.0, end_s=3725.4996, text="ÉTÉ")
    assert " --> 01:02:05,500\n" in to_srt(replace(TWO, segments=(long,)))


def test_vtt_escapes_markup_and_webvtt_reads_it() -> None:
    vtt = to_vtt(TWO)

    assert vtt.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nGO AHEAD\n")
    assert "<v eve>&lt;B&gt; &amp; C</v>" in vtt
    captions = webvtt.from_buffer(StringIO(vtt), format="vtt").captions
    assert [caption.voice for caption in captions] == [None, None, "eve"]


def test_notes_are_comments_of_vtt_and_the_mark_begins_the_first_cue_of_srt() -> None:
    marked = replace(TWO, notes=(MARK, "two\nlines --> here"))
    vtt, srt = to_vtt(marked), to_srt(marked)

    read = webvtt.from_buffer(StringIO(vtt), format="vtt")
    assert len(read.captions) == 3
    assert f"NOTE {MARK}\n\nNOTE two lines --&gt; here\n\n00:00:00.500" in vtt
    first = webvtt.from_buffer(StringIO(srt), format="srt").captions[0]
    assert first.raw_text == f"[{MARK}]\nGO AHEAD"
    silent = to_srt(Transcript(audio="a", duration_s=2.0, text="", notes=(MARK,)))
    assert silent == f"1\n00:00:00,000 --> 00:00:02,000\n[{MARK}]\n"


def test_an_empty_transcript_has_no_cues() -> None:
    silence = Transcript(audio="a", duration_s=1.0, text="")

    assert (to_srt(silence), to_vtt(silence)) == ("", "WEBVTT\n")


def test_json_has_the_field_names_of_the_contract_without_unknown_fields() -> None:
    value = json.loads(to_json(TWO))

    names = ["audio", "duration_s", "text", "language", "origin", "unlike_training", "segments"]
    assert list(value) == names
    assert value["unlike_training"] is False
    first = value["segments"][0]
    assert list(first) == ["start_s", "end_s", "text", "confidence", "origin", "words"]
    assert list(first["words"][1]) == ["word", "start_s", "end_s"]
    assert "ÉTÉ" in to_json(TWO)


def test_json_is_read_back_as_the_same_transcript(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(to_json(TWO), encoding="utf-8")

    assert read_transcript(path) == TWO


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", r"t\.json: Expecting property name.*, expected a transcript in JSON"),
        ("[]", r"t\.json=\[\], expected a table with the fields of Transcript"),
        ('{"audio": "a", "duration_s": 1, "text": "x", "lang": "en"}', "unknown field 'lang'"),
        ('{"audio": "a", "duration_s": "1", "text": "x"}', "duration_s='1', expected float"),
    ],
)
def test_an_invalid_transcript_is_refused(content: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(DataError, match=fault):
        read_transcript(path)


def test_a_missing_transcript_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t\.json: No such file or directory, expected a trans"):
        read_transcript(tmp_path / "t.json")
