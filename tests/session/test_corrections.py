"""Corrected transcripts are data to learn from, and it is said when they are too few."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.transcript import Origin, Segment, Transcript
from seqstudio.errors import SessionError
from seqstudio.media.subtitles import read_transcript
from seqstudio.session.corrections import Corrected, corrected, too_few, write_corrections
from seqstudio.session.document import Clip, Document


def spoken(path: Path, origins: Sequence[Origin], speaker: str | None = None) -> Clip:
    """Return a clip with a segment of each origin."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(path.name.encode())
    segments = tuple(
        Segment(start_s=at, end_s=at + 1.0, text=f"word {at}", origin=origin, speaker=speaker)
        for at, origin in enumerate(origins)
    )
    whole = Transcript(audio=path.name, duration_s=99.0, text="", segments=segments)
    return replace(Clip.of(path), transcript=whole)


def found(*clips: Clip) -> tuple[Corrected, ...]:
    return corrected(Document(clips=clips))


def test_recordings_that_nobody_corrected_are_left_out(tmp_path: Path) -> None:
    touched = spoken(tmp_path / "a.wav", ["machine", "human"])
    untouched = spoken(tmp_path / "b.wav", ["machine", "machine"])
    (one,) = found(touched, untouched, Clip.of(touched.path))

    assert (one.clip, one.by_hand, len(one.segments), one.seconds) == (touched, 1, 2, 2.0)
    assert too_few(()).startswith("Correct the transcript of a recording first")


def test_a_text_that_was_typed_without_segments_is_one(tmp_path: Path) -> None:
    clip = spoken(tmp_path / "a.wav", [])
    typed = Transcript(audio="a.wav", duration_s=3.0, text="all of it", origin="human")
    (one,) = found(replace(clip, transcript=typed))

    assert [(segment.text, segment.end_s) for segment in one.segments] == [("all of it", 3.0)]


@pytest.mark.parametrize(("segments", "enough"), [(7, False), (8, True)])
def test_of_one_recording_eight_segments_are_enough(
    tmp_path: Path, segments: int, *, enough: bool
) -> None:
    chosen = found(spoken(tmp_path / "a.wav", ["human"] * segments))
    assert (too_few(chosen) == "") is enough


def test_a_recording_that_is_too_short_to_judge_by_is_named(tmp_path: Path) -> None:
    long = [spoken(tmp_path / f"{name}.wav", ["human"] * 9) for name in "abc"]
    assert too_few(found(*long)) == ""
    held = [spoken(tmp_path / f"{name}.wav", ["human"]) for name in "abc"]

    assert too_few(found(long[0], long[1], held[2])) == (
        "c would be held out to judge by, and is 1 segment: correct more."
    )
    assert too_few(found(held[0], held[1], long[2])) == ""  # c is held out, whoever is short


def test_recordings_of_one_speaker_are_held_out_by_segments(tmp_path: Path) -> None:
    clips = [spoken(tmp_path / f"{name}.wav", ["human"], "Ann") for name in "abcdefgh"]
    assert too_few(found(*clips)) == ""


def test_the_data_set_has_each_recording_with_its_transcript(tmp_path: Path) -> None:
    first = spoken(tmp_path / "one" / "talk.wav", ["machine", "human"])
    second = spoken(tmp_path / "two" / "talk.wav", ["human"])
    folder = tmp_path / "data"
    write_corrections(found(first, second), folder)
    other = f"talk-{second.id}"

    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["talk.json", "talk.wav", f"{other}.json", f"{other}.wav"]
    )
    assert (folder / f"{other}.wav").read_bytes() == second.path.read_bytes()
    read = read_transcript(folder / "talk.json")
    assert (read.origin, read.segments) == ("human", first.transcript.segments)


def test_a_recording_that_is_gone_is_named(tmp_path: Path) -> None:
    clip = spoken(tmp_path / "a.wav", ["human"])
    clip.path.unlink()
    with pytest.raises(SessionError, match=r"a\.wav: not there, expected the recording"):
        write_corrections(found(clip), tmp_path / "data")
