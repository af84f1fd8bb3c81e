import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_speech.operation import Transcribe
from seqstudio_speech.recognise import Recogniser

from seqstudio.api import DataError, LoadedModel, ModelError, Request, Transcript
from seqstudio.media.subtitles import to_txt

RATE_HZ = 16000
Speak = Callable[[str], Any]


@pytest.fixture
def transcribe(tone_job: Any) -> Callable[..., Transcript]:
    def run(path: Path, **options: Any) -> Transcript:
        request = Request(inputs={"audio": (path,)}, options=options)
        (result,) = Transcribe().run(request, tone_job)
        found = result.outputs["transcript"]
        assert isinstance(found, Transcript)
        return found

    return run


def words(transcript: Transcript) -> Iterator[tuple[str, float, float]]:
    for segment in transcript.segments:
        for one in segment.words:
            yield one.word, one.start_s, one.end_s


@pytest.mark.parametrize("beam", [None, 1, 4])
def test_words_come_with_their_times(
    transcribe: Callable[..., Transcript],
    say: Callable[..., Path],
    spoken: Speak,
    beam: int | None,
) -> None:
    true = spoken("CAB A BA")
    transcript = transcribe(say("CAB A BA"), beam=beam)

    assert transcript.text == "CAB A BA"
    assert transcript.duration_s == pytest.approx(len(true.samples) / RATE_HZ, abs=1e-3)
    for (_, start_s, end_s), (begin_s, stop_s) in zip(words(transcript), true.spans_s, strict=True):
        assert start_s == pytest.approx(begin_s, abs=0.06)
        assert end_s == pytest.approx(stop_s, abs=0.06)


def test_confidence_is_a_probability(
    transcribe: Callable[..., Transcript], say: Callable[..., Path]
) -> None:
    for segment in transcribe(say("A B")).segments:
        for one in segment.words:
            assert one.confidence is not None
            assert 0.5 < one.confidence <= 1


@pytest.mark.parametrize(
    ("format_", "rate_hz", "channels"),
    [("WAV", 16000, 8), ("FLAC", 44100, 8), ("OGG", 48000, 2), ("MP3", 44100, 1)],
)
def test_any_format_rate_and_channels_give_the_same_text(
    transcribe: Callable[..., Transcript],
    tmp_path: Path,
    spoken: Speak,
    format_: str,
    rate_hz: int,
    channels: int,
) -> None:
    speech = spoken("AB C").samples
    samples = np.interp(
        np.arange(0, len(speech), RATE_HZ / rate_hz), np.arange(len(speech)), speech
    )
    path = tmp_path / f"spoken.{format_.lower()}"
    soundfile.write(path, np.tile(samples[:, None], channels), rate_hz, format=format_)

    assert transcribe(path).text == "AB C"


@pytest.mark.parametrize("samples", [1, 160, 16000, 400000])
def test_silence_of_any_length_is_an_empty_transcript(
    transcribe: Callable[..., Transcript], tmp_path: Path, samples: int
) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(samples), RATE_HZ)
    transcript = transcribe(path)

    assert (transcript.text, transcript.segments) == ("", ())


def test_one_word_after_long_silence_is_found(
    transcribe: Callable[..., Transcript], tmp_path: Path, spoken: Speak
) -> None:
    path = tmp_path / "late.wav"
    soundfile.write(path, np.concatenate([np.zeros(18 * RATE_HZ), spoken("A").samples]), RATE_HZ)
    (only,) = words(transcribe(path))

    assert only[0] == "A"
    assert only[1] == pytest.approx(18.15, abs=0.06)


def test_loudness_and_a_constant_offset_change_no_word(
    transcribe: Callable[..., Transcript], tmp_path: Path, spoken: Speak
) -> None:
    speech = spoken("CAB A BA").samples
    for gain_db, offset in ((-40, 0.0), (-20, 0.2), (12, -0.05)):
        path = tmp_path / f"{gain_db}.wav"
        soundfile.write(path, speech * 10 ** (gain_db / 20) + offset, RATE_HZ, subtype="FLOAT")
        assert transcribe(path).text == "CAB A BA"


def test_one_live_channel_of_eight_and_one_out_of_phase_are_heard_and_said(
    transcribe: Callable[..., Transcript], tmp_path: Path, spoken: Speak
) -> None:
    speech = spoken("CAB A BA").samples
    soundfile.write(
        tmp_path / "dead.wav", np.stack([0 * speech] * 7 + [speech / 8], axis=1), RATE_HZ
    )
    soundfile.write(tmp_path / "anti.wav", np.stack([speech, -speech], axis=1), RATE_HZ)
    dead, anti = transcribe(tmp_path / "dead.wav"), transcribe(tmp_path / "anti.wav")

    assert (dead.text, anti.text) == ("CAB A BA", "CAB A BA")
    assert dead.notes == ("8 channels: 7 without sound, left out",)
    assert anti.notes == ("2 channels: 1 out of phase, turned over",)


def test_a_recording_without_words_says_so(
    tone_job: Any, tmp_path: Path, transcribe: Callable[..., Transcript]
) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
    request = Request(inputs={"audio": (path,)}, options={})
    (result,) = Transcribe().run(request, tone_job)

    assert result.summary == "0 words in 1.0 s; nothing was said"
    assert to_txt(transcribe(path)) == "[Note: nothing was said]\n"


def test_a_hundredth_of_a_second_is_an_empty_transcript(
    transcribe: Callable[..., Transcript], tmp_path: Path
) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, 0.5 * np.random.default_rng(0).standard_normal(160), RATE_HZ)

    assert transcribe(path).text == ""


def test_times_in_a_long_recording_ascend_and_stay_within_it(
    tone_job: Any, tmp_path: Path, spoken: Speak
) -> None:
    path = tmp_path / "long.wav"
    speech = spoken(" ".join(["CAB A BA B AB C CC A ABC"] * 8))
    soundfile.write(path, speech.samples, RATE_HZ)
    *_, result = Transcribe().run(Request(inputs={"audio": (path,)}), tone_job)
    transcript = result.outputs["transcript"]
    assert isinstance(transcript, Transcript)

    edges = [edge for _, start_s, end_s in words(transcript) for edge in (start_s, end_s)]
    assert transcript.text.split().count("CAB") == 8
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= transcript.duration_s
    assert tone_job.fractions == sorted(tone_job.fractions)
    assert len(tone_job.fractions) > 1
    assert tone_job.fractions[-1] == pytest.approx(1)


def test_a_recording_unlike_the_training_data_is_marked(
    transcribe: Callable[..., Transcript], say: Callable[..., Path], tmp_path: Path, spoken: Speak
) -> None:
    hiss = spoken("A B").samples + 0.05 * np.random.default_rng(0).standard_normal(
        len(spoken("A B").samples)
    )
    soundfile.write(tmp_path / "hiss.wav", hiss, RATE_HZ)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ), RATE_HZ)

    assert transcribe(tmp_path / "hiss.wav").unlike_training is True
    assert transcribe(tmp_path / "silence.wav").unlike_training is None
    assert transcribe(say("A B")).unlike_training is False


def test_a_transcript_names_its_model_and_beam(
    transcribe: Callable[..., Transcript], say: Callable[..., Path], tone_model: LoadedModel
) -> None:
    transcript = transcribe(say("A B"))

    assert transcript.provenance["model_sha256"] == tone_model.sha256
    assert transcript.provenance["beam"] == 16
    assert transcript.text not in transcript.alternatives
    assert transcript.alternatives


def test_a_vocabulary_of_another_model_is_refused(tone_model: LoadedModel) -> None:
    settings = dataclasses.replace(tone_model.settings, vocabulary=("A", "B"))
    model: Any = tone_model
    mixed = dataclasses.replace(model, settings=settings)

    with pytest.raises(ModelError, match="2 characters for 5 labels, expected 4"):
        Recogniser(mixed)


def damage(path: Path, kind: str, samples: Any) -> Path:
    """Write a damaged recording of this kind."""
    if kind == "empty":
        path.touch()
    elif kind == "misnamed":
        path.write_text("these are words", encoding="utf-8")
    elif kind == "zero-length":
        soundfile.write(path, np.zeros(0), RATE_HZ)
    elif kind == "nan":
        soundfile.write(path, np.full(1000, np.nan), RATE_HZ, subtype="FLOAT")
    elif kind == "truncated":
        soundfile.write(path, samples, RATE_HZ, format="FLAC")
        path.write_bytes(path.read_bytes()[:-2000])
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "[Nn]o such file.*, expected an audio file"),
        ("empty", r"empty file \(0 bytes\), expected audio"),
        ("misnamed", "expected wav, flac, ogg, mp3"),
        ("zero-length", "holds no samples, expected at least 1"),
        ("nan", "sample 0 .* is nan, expected a number"),
        ("truncated", "damaged|cut short|ends"),
    ],
)
def test_the_error_of_a_damaged_recording_is_one_line_that_names_it(
    transcribe: Callable[..., Transcript], tmp_path: Path, spoken: Speak, kind: str, reason: str
) -> None:
    path = damage(tmp_path / "bad.wav", kind, spoken("A B").samples)

    with pytest.raises(DataError, match=rf"^{path}: .*({reason})") as caught:
        transcribe(path)
    assert "\n" not in str(caught.value)


def test_an_utterance_gives_the_same_text_alone_and_among_others(
    tone_model: LoadedModel, say: Callable[..., Path]
) -> None:
    recogniser = Recogniser(tone_model)
    path = say("ABC CC A")
    first = recogniser.transcribe(path)
    recogniser.transcribe(say("B", "other.wav"))

    assert recogniser.transcribe(path) == first
