"""Which recordings would teach most: those that the model expects to have wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from seqstudio_speech.next_operation import Next

from seqstudio.api import DataError, Request, Table

RATE_HZ = 16000


def test_recordings_with_more_doubt_come_first_and_silence_last(
    tone_job: Any, spoken: Callable[[str], Any], tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    clear = spoken("CAB A BA CC").samples
    noise = 0.06 * np.random.default_rng(0).standard_normal(len(clear))
    for name, samples in (("clear", clear), ("noisy", clear + noise), ("empty", 0 * clear)):
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ)
    request = Request(inputs={"folder": (folder,)}, options={"minutes": len(clear) / RATE_HZ / 60})
    (result,) = Next().run(request, tone_job)
    ranking = result.outputs["ranking"]
    assert isinstance(ranking, Table)

    assert [row[1] for row in ranking.rows] == ["noisy.wav", "clear.wav", "empty.wav"]
    assert ranking.rows[2][4] == 0
    assert ranking.rows[2][6] == "nothing was said"
    assert result.details["first"] == ["noisy.wav"]
    assert result.summary.startswith("the first 1 of 3 recordings have")


def test_a_folder_without_recordings_is_refused(tone_job: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recordings, expected some"):
        Next().run(Request(inputs={"folder": (tmp_path / "none",)}), tone_job).__next__()
