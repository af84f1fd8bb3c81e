"""Voice control on tones, and the encoder in int8."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from seqstudio_speech.command_operation import Command
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.recordings import read_mono

from seqstudio.api import ConfigError, DataError, LoadedModel, Request, Result

Speak = Callable[[str], Any]
RATE_HZ = 16000


def run(job: Any, audio: Path, *phrases: str) -> Result:
    options = {"phrase": phrases, "least": 0.25}
    (result,) = Command().run(Request(inputs={"audio": (audio,)}, options=options), job)
    return result


def test_each_piece_becomes_a_phrase_or_is_rejected(
    tone_job: Any, spoken: Speak, tmp_path: Path
) -> None:
    pause = np.zeros(2 * RATE_HZ, np.float32)
    said = [spoken(text).samples for text in ("CAB BA", "A", "BA CC")]
    path = tmp_path / "said.wav"
    parts = [part for one in said for part in (one, pause)]
    soundfile.write(path, np.concatenate([pause, *parts]), RATE_HZ)
    result = run(tone_job, path, "CAB BA", "cab cab", "BA CC", "ABC")

    assert result.details["commands"] == ["CAB BA", "BA CC"]
    assert result.details["rejected"] == 1


def test_a_list_without_phrases_or_with_unknown_letters_is_refused(
    tone_job: Any, say: Callable[..., Path]
) -> None:
    with pytest.raises(ConfigError, match="no phrases, expected --phrase"):
        run(tone_job, say("CAB"), " ")
    with pytest.raises(DataError, match="holds 'X'"):
        run(tone_job, say("CAB"), "X")


def test_the_encoder_in_int8_hears_the_same(
    tone_model: LoadedModel, say: Callable[..., Path]
) -> None:
    pytest.importorskip("onnxruntime")
    path = say("CAB A BA CC ABC")
    exact, int8 = (Recogniser(tone_model, SearchOptions(int8=on)) for on in (False, True))
    frames = exact.frames(read_mono(path, RATE_HZ))

    torch.testing.assert_close(
        int8.log_probs(frames).exp(), exact.log_probs(frames).exp(), atol=0.1, rtol=0
    )
    assert int8.transcribe(path).text == "CAB A BA CC ABC"
    assert int8.transcribe(path).provenance["encoder"] == "int8"
