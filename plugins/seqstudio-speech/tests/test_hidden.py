"""The picture of the hidden units of a model while it hears a recording."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from seqstudio_speech.hidden_operation import Hidden

from seqstudio.api import DataError, Request

RATE_HZ = 16000


def test_the_units_are_drawn_with_the_words(
    tone_job: Any, say: Callable[..., Path], tmp_path: Path
) -> None:
    request = Request(inputs={"audio": (say("CAB BA"),)}, options={"units": 6})
    tone_job.folder = tmp_path
    (result,) = Hidden().run(request, tone_job)

    assert result.summary.startswith("6 of ")
    assert len(set(result.details["units"])) == 6
    with Image.open(result.outputs["picture"]) as picture:
        assert picture.height == 56 + 6 * 12 + 24
        assert len(picture.getcolors(maxcolors=1 << 20)) > 50  # many shades


def test_a_recording_that_is_too_long_for_a_picture_is_refused(
    tone_job: Any, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(61 * RATE_HZ, np.float32), RATE_HZ)
    request = Request(inputs={"audio": (path,)}, options={"units": 6})
    with pytest.raises(DataError, match=r"long\.wav: 61 s, expected at most 60 s to draw"):
        list(Hidden().run(request, tone_job))
