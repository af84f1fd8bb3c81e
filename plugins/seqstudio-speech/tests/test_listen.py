"""Live speech: provisional text, the tail at the end, and the transcript of the same file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from seqstudio_speech.listen_operation import Listen
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.recordings import Cutter

from seqstudio.api import LoadedModel, Request, Transcript

Speak = Callable[[str], Any]
RATE_HZ = 16000
BLOCK = 2048


def live(job: Any, samples: np.ndarray[Any, Any]) -> tuple[Any, list[str]]:
    """Feed samples block by block; return the result and the provisional texts."""
    shown: list[str] = []

    def blocks() -> Iterator[bytes]:
        for start in range(0, len(samples), BLOCK):
            yield samples[start : start + BLOCK].astype("<f4").tobytes()

    job.input_blocks, job.partial = blocks, shown.append
    (result,) = Listen().run(Request(), job)
    return result, shown


def test_live_speech_gives_the_transcript_of_its_file_with_the_tail(
    tone_job: Any, tone_model: LoadedModel, spoken: Speak, tmp_path: Path
) -> None:
    pause = np.zeros(RATE_HZ, np.float32)
    said = [spoken("CAB A BA CC ABC").samples, pause, spoken("BA CC").samples] * 3
    samples = np.concatenate(said)
    path = tmp_path / "live.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    result, shown = live(tone_job, samples)
    transcript = result.outputs["transcript"]
    assert isinstance(transcript, Transcript)
    offline = Recogniser(tone_model).transcribe(path)

    assert transcript.text == offline.text
    assert transcript.segments == offline.segments
    assert offline.text.endswith("BA CC")
    assert shown[0] in "CAB A BA CC ABC"
    assert len(shown) > 5
    assert "provisional text took" in result.summary


def test_silence_gives_no_words(tone_job: Any) -> None:
    result, shown = live(tone_job, np.zeros(2 * RATE_HZ, np.float32))

    assert shown == []
    assert result.summary.startswith("0 words in 2.0 s")
    assert result.summary.endswith("nothing was said")


def test_blocks_of_any_size_are_cut_alike() -> None:
    generator = np.random.default_rng(0)
    loud = np.repeat(generator.random(90) > 0.4, RATE_HZ)
    samples = (generator.standard_normal(len(loud)) * (0.001 + 0.2 * loud)).astype(np.float32)

    def cut(size: int) -> list[tuple[float, int]]:
        cutter = Cutter(RATE_HZ)
        found = [
            c for at in range(0, len(samples), size) for c in cutter.add(samples[at : at + size])
        ]
        return [(one.start_s, len(one.samples)) for one in [*found, *cutter.finish()]]

    assert cut(1600) == cut(160_000)
    assert sum(length for _, length in cut(1600)) == len(samples)
