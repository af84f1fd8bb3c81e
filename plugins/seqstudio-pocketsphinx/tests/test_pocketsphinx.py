"""PocketSphinx as a recogniser; skipped where the engine is not installed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from seqstudio.errors import ConfigError
from seqstudio.host.studio import JobSpec, Studio

pytest.importorskip("pocketsphinx", reason="needs seqstudio-pocketsphinx")
pytestmark = pytest.mark.medium
RECORDING = Path(__file__).parents[3] / "assets/speech/an114-mdcs2-b.flac"


@pytest.fixture(scope="module")
def loaded() -> Any:
    from seqstudio_pocketsphinx import seqstudio_recognisers

    (recogniser,) = seqstudio_recognisers()
    return recogniser.load(None, 1)


def test_words_have_ascending_times_and_the_same_samples_give_the_same_words(loaded: Any) -> None:
    samples, _ = soundfile.read(RECORDING, dtype="float32")
    first = loaded.recognise(samples, "")

    assert first.words
    assert not any(set(word.word) & set("<>[]()") for word in first.words)
    times = [time for word in first.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(0 <= word.confidence <= 1 for word in first.words)
    loaded.recognise(0.1 * samples[::-1].copy(), "")
    assert loaded.recognise(samples, "en") == first


@pytest.mark.parametrize("count", [1, 160, 800])
def test_audio_too_short_for_a_word_is_no_error(loaded: Any, count: int) -> None:
    assert len(loaded.recognise(np.full(count, 0.1, np.float32), "").words) < 3


def test_another_language_is_refused(loaded: Any) -> None:
    with pytest.raises(ConfigError, match="language='de', expected 'en'"):
        loaded.recognise(np.zeros(16000, np.float32), "de")


def test_one_command_transcribes_with_it(tmp_path: Path) -> None:
    spec = JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": (RECORDING,)},
        out=tmp_path,
        model="pocketsphinx-en",
        formats=("json",),
    )
    assert Studio(tmp_path / "home").submit(spec).wait().done == 1
    transcript = json.loads((tmp_path / "an114-mdcs2-b.json").read_text())
    others = transcript["alternatives"]
    assert len(set(others)) == 5
    assert transcript["text"] not in others
    assert not set("".join(others)) & set("<>[]()")
    assert transcript["provenance"]["model"] == "pocketsphinx-en"
    assert transcript["language"] == "en-US"
