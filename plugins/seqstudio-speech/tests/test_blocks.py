"""A model that runs in blocks: any blocking of its sound gives the same bits, live or not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from seqstudio_speech.blocks import BlockHearing, runs_in_blocks
from seqstudio_speech.listen_operation import Listen
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask
from torch.testing import assert_close

from seqstudio.api import ConfigError, LoadedModel, Request

pytestmark = pytest.mark.medium

Speak = Callable[[str], Any]
RATE_HZ = 16000


def heard(model: LoadedModel, samples: np.ndarray[Any, Any], sizes: Iterator[int]) -> torch.Tensor:
    hearing, start = BlockHearing(model), 0
    while start < len(samples):
        size = next(sizes)
        hearing.add(samples[start : start + size])
        start += size
    return hearing.so_far()[1]


def sizes(seed: int, largest: int) -> Iterator[int]:
    generator = np.random.default_rng(seed)
    while True:
        yield int(generator.integers(1, largest))


def test_any_blocking_gives_the_same_bits(streaming_model: LoadedModel, spoken: Speak) -> None:
    samples = spoken("CAB A BA CC ABC CAB").samples
    whole = heard(streaming_model, samples, sizes(0, 10**9))

    for seed, largest in ((1, 300), (2, 5000), (3, 40_000)):
        assert torch.equal(heard(streaming_model, samples, sizes(seed, largest)), whole)


def test_blocks_are_what_the_whole_recording_is(
    streaming_model: LoadedModel, spoken: Speak
) -> None:
    samples = spoken("ABC BA CAB").samples
    recogniser = Recogniser(streaming_model)
    frames = recogniser.frames(samples)
    hearing = BlockHearing(streaming_model)
    for start in range(0, len(samples), 777):
        hearing.add(samples[start : start + 777])
    found_frames, found = hearing.so_far()

    assert_close(found_frames, frames, atol=1e-4, rtol=1e-4)
    assert_close(found, recogniser.log_probs(frames), atol=1e-4, rtol=1e-4)


def test_a_glance_at_what_was_heard_changes_nothing(
    streaming_model: LoadedModel, spoken: Speak
) -> None:
    samples = spoken("ABC BA CAB").samples
    hearing = BlockHearing(streaming_model)
    for start in range(0, len(samples), 1600):
        hearing.add(samples[start : start + 1600])
        early = hearing.so_far()[1]
        assert early.shape[1] == 5
    assert torch.equal(hearing.so_far()[1], heard(streaming_model, samples, sizes(0, 10**9)))


@pytest.mark.parametrize("block", [160, 2048, 50_000])
def test_live_text_ends_as_that_of_the_file(
    streaming_model: LoadedModel, tone_job: Any, spoken: Speak, tmp_path: Path, block: int
) -> None:
    pause = np.zeros(RATE_HZ, np.float32)
    said = [spoken("CAB A BA CC ABC").samples, pause, spoken("BA CC").samples, pause] * 4
    samples = np.concatenate(said)
    path = tmp_path / "live.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    shown: list[str] = []
    blocks = (samples[at : at + block].tobytes() for at in range(0, len(samples), block))
    tone_job.loaded, tone_job.partial = streaming_model, shown.append
    tone_job.input_blocks = lambda: blocks
    (result,) = Listen().run(Request(), tone_job)
    offline = Recogniser(streaming_model).transcribe(path)

    assert result.outputs["transcript"].segments == offline.segments
    assert offline.text.split()[:5] == ["CAB", "A", "BA", "CC", "ABC"]
    assert shown[0] in "CAB A BA CC ABC BA CC"


def test_the_preset_streams_and_others_do_not(
    streaming_model: LoadedModel, tone_model: LoadedModel
) -> None:
    presets = CtcTask.presets
    chunks = {name: one.options.chunk_frames for name, one in presets.items()}
    assert [name for name, chunk in chunks.items() if chunk] == ["streaming"]
    assert runs_in_blocks(streaming_model)
    assert not runs_in_blocks(tone_model)
    with pytest.raises(ConfigError, match=r"expected bidirectional=false, or chunk_frames"):
        BlockHearing(tone_model)
