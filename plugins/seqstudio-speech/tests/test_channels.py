"""A speaker on each channel: each is heard alone, and both are in one transcript."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_speech.channels import ChannelPieces
from seqstudio_speech.operation import Transcribe

from seqstudio.api import MARK, DataError, Request, Result, Transcript
from seqstudio.api.media import AudioSource, read_audio
from seqstudio.host.worker.pieces import PieceFile

RATE_HZ = 16000
Speak = Callable[[str], Any]


@pytest.fixture
def call(tmp_path: Path, spoken: Speak) -> Path:
    """One says A B; the other answers C A a second later, while nobody else speaks."""
    first, second = spoken("A B").samples, spoken("C A").samples
    samples = np.zeros((len(first) + RATE_HZ + len(second), 2), np.float32)
    samples[: len(first), 0] = first
    samples[-len(second) :, 1] = second
    soundfile.write(tmp_path / "call.wav", samples, RATE_HZ)
    return tmp_path / "call.wav"


@pytest.fixture
def transcribe(tone_job: Any) -> Callable[..., Result]:
    def run(path: Path, **options: Any) -> Result:
        request = Request(inputs={"audio": (path,)}, options=options)
        (result,) = Transcribe().run(request, tone_job)
        return result

    return run


def test_each_channel_is_a_speaker_at_its_time(
    transcribe: Callable[..., Result], call: Path
) -> None:
    found = transcribe(call, channels="split").outputs["transcript"]

    assert isinstance(found, Transcript)
    said = [(one.speaker, one.channel, one.text) for one in found.segments]
    assert said == [("channel 1", 1, "A B"), ("channel 2", 2, "C A")]
    assert found.segments[0].end_s < found.segments[1].start_s < found.duration_s
    assert found.text == "A B C A"


def test_channels_are_mixed_unless_they_are_to_be_split(
    transcribe: Callable[..., Result], call: Path, say: Callable[..., Path]
) -> None:
    for result in (transcribe(call), transcribe(say("A B"), channels="split")):
        found = result.outputs["transcript"]
        assert isinstance(found, Transcript)
        assert {one.speaker for one in found.segments} == {None}


def test_the_pieces_of_a_channel_are_its_own(tmp_path: Path) -> None:
    kept = PieceFile(tmp_path / "pieces.jsonl")
    ChannelPieces(kept, 1).keep("one")
    ChannelPieces(kept, 2).keep("two")
    again = PieceFile(tmp_path / "pieces.jsonl")

    assert [list(ChannelPieces(again, n).kept) for n in (1, 2, 3)] == [["one"], ["two"], []]


def test_a_channel_that_is_not_there_is_named(call: Path) -> None:
    with pytest.raises(DataError, match=r"call\.wav: channel 3 of 2, expected 1 to 2"):
        read_audio(AudioSource(call, channel=3))


def test_a_transcript_is_marked_and_laid_out_as_asked(
    transcribe: Callable[..., Result], say: Callable[..., Path]
) -> None:
    result = transcribe(say("A B"), mark=True, line_length=20, least_duration=0.0)
    found = result.outputs["transcript"]

    assert isinstance(found, Transcript)
    assert found.notes[0] == MARK
    assert (result.presentation.line_length, result.presentation.least_s) == (20, 0.0)
    assert result.details["confidence"] == pytest.approx(0.9, abs=0.1)
