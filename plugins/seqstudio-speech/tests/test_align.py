"""Known texts in time: on tones, whose times are known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_speech.aligning.operation import Align
from seqstudio_speech.aligning.texts import read_given_text

from seqstudio.api import DataError, Formatted, Request, Result, Transcript

RATE_HZ = 16000
Speak = Callable[[str], Any]


@pytest.fixture
def align(tone_job: Any) -> Callable[[Path, Path], Result]:
    def run(audio: Path, text: Path) -> Result:
        request = Request(inputs={"audio": (audio,), "text": (text,)})
        (result,) = Align().run(request, tone_job)
        return result

    return run


def written(tmp_path: Path, text: str, name: str = "text.txt") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def transcript_of(result: Result) -> Transcript:
    found = result.outputs["transcript"]
    assert isinstance(found, Transcript)
    return found


@pytest.mark.medium
def test_each_word_is_placed_where_it_is_said(
    align: Callable[..., Result], say: Callable[..., Path], spoken: Speak, tmp_path: Path
) -> None:
    true = spoken("CAB A BA")
    transcript = transcript_of(align(say("CAB A BA"), written(tmp_path, "Cab, a\n«ba»\n")))

    assert [one.text for one in transcript.segments] == ["Cab, a", "«ba»"]
    words = [word for one in transcript.segments for word in one.words]
    assert [word.word for word in words] == ["Cab,", "a", "«ba»"]
    for word, (begin_s, stop_s) in zip(words, true.spans_s, strict=True):
        assert word.start_s == pytest.approx(begin_s, abs=0.06)
        assert word.end_s == pytest.approx(stop_s, abs=0.06)
        assert word.confidence is not None
        assert word.confidence > 0.5


def test_the_recording_may_hold_more_than_the_text(
    align: Callable[..., Result], say: Callable[..., Path], spoken: Speak, tmp_path: Path
) -> None:
    true = spoken("BA CC CAB A BA ABC")
    audio = say("BA CC CAB A BA ABC")
    transcript = transcript_of(align(audio, written(tmp_path, "CC\nABC\n")))

    (first, second) = transcript.segments
    assert first.start_s == pytest.approx(true.spans_s[1][0], abs=0.1)
    assert second.start_s == pytest.approx(true.spans_s[5][0], abs=0.1)


def test_a_word_without_known_letters_keeps_its_place(
    align: Callable[..., Result], say: Callable[..., Path], spoken: Speak, tmp_path: Path
) -> None:
    true = spoken("CAB A BA")
    result = align(say("CAB A BA"), written(tmp_path, "CAB 1 BA"))
    (cab, one, ba) = transcript_of(result).segments[0].words

    assert one.confidence is None
    assert cab.end_s <= one.start_s <= one.end_s <= ba.start_s
    assert ba.start_s == pytest.approx(true.spans_s[2][0], abs=0.06)
    assert "without a letter that the model knows: 1" in result.summary


def test_subtitles_are_retimed_and_otherwise_stay_as_they_are(
    align: Callable[..., Result], say: Callable[..., Path], spoken: Speak, tmp_path: Path
) -> None:
    stamps = "00:00:07,000 --> 00:00:09,000"
    srt = f"\ufeff7\n{stamps} X1:2\n<i>CAB</i>\n - a\n\n9\n{stamps}\nBA &amp;\n\n"
    true = spoken("CAB A BA")
    path = written(tmp_path, srt, "late.srt")
    result = align(say("CAB A BA"), path).outputs["transcript"]

    assert isinstance(result, Formatted)
    lines = result.texts["srt"].split("\n")
    old = read_given_text(path)
    assert [line for line in lines if "-->" not in line] == [
        line for line in old.source if "-->" not in line
    ]
    assert lines[1].endswith(" X1:2")
    start = float(lines[6].split()[0].replace(",", ".").rsplit(":", 1)[1])
    assert start == pytest.approx(true.spans_s[2][0], abs=0.06)
    assert isinstance(result.otherwise, Transcript)


def test_a_text_too_long_for_its_recording_is_refused(
    align: Callable[..., Result], say: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"spoken\.wav: \d+ frames for a text of 402 letters"):
        align(say("CAB"), written(tmp_path, "A" * 400))


def test_silence_has_no_place_for_a_text(align: Callable[..., Result], tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(RATE_HZ, np.float32), RATE_HZ)
    with pytest.raises(DataError, match="nothing was said"):
        align(silence, written(tmp_path, "CAB"))
