"""The operation `render`: sound, stems, and banks that cannot be used."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_music.rendering import Render
from small_music import OneJob, lead_sheet

from seqstudio.api import DataError, Request
from seqstudio.api.media import Audio


def rendered(job: OneJob, path: Path, **options: Any) -> Any:
    defaults = {"soundfont": None, "stems": False}
    return next(Render().run(Request(inputs={"scores": (path,)}, options=defaults | options), job))


def test_a_score_is_rendered_with_its_stems(job: OneJob, write: Callable[..., Path]) -> None:
    result = rendered(job, write(lead_sheet(beats=2)), stems=True)
    audio = result.outputs["sound"]

    assert isinstance(audio, Audio)
    assert abs(audio.samples).max() > 0.05
    assert "GPL" in result.details["bank"]
    with zipfile.ZipFile(result.outputs["stems"]) as archive:
        assert archive.namelist() == ["01 Tune.wav", "02 Chords.wav"]
        assert all(info.compress_size < info.file_size for info in archive.infolist())


def test_stems_are_made_only_if_asked_for_and_a_bad_bank_is_named(
    job: OneJob, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write(lead_sheet(beats=1))
    bank = tmp_path / "bank.sf2"
    bank.write_bytes(b"none")

    assert set(rendered(job, path).outputs) == {"sound"}
    with pytest.raises(DataError, match=rf"^{bank}: begins with b'none', expected a SoundFont"):
        rendered(job, path, soundfont=str(bank))
