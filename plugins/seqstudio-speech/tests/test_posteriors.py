"""A recording is heard once: later formats, phrases and beams need neither encoder nor audio."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from seqstudio_speech.operation import Transcribe
from seqstudio_speech.posteriors import coded, decoded, posteriors_from
from seqstudio_speech.recognise import Recogniser

from seqstudio.api import DataError, Request, Result


def transcribe(job: Any, path: Path, **options: Any) -> Result:
    request = Request(inputs={"audio": (path,)}, options=options)
    *_, result = Transcribe().run(request, job)
    return result


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the runs of the encoder."""
    counted: list[int] = []
    plain = Recogniser.log_probs

    def log_probs(self: Recogniser, frames: torch.Tensor) -> torch.Tensor:
        counted.append(len(frames))
        return plain(self, frames)

    monkeypatch.setattr(Recogniser, "log_probs", log_probs)
    return counted


def test_bytes_keep_log_probabilities_finest_near_certainty() -> None:
    exact = np.log(np.array([[1.0, 0.99, 0.5, 0.1, 1e-4, 0.0]], np.float32).clip(1e-30))
    kept = decoded(coded(exact))

    assert np.abs(kept - exact)[0, :3] == pytest.approx([0, 0, 0], abs=0.002)
    assert np.abs(kept - exact)[0, 3:5].max() < 0.005
    assert kept[0, 5] == -30
    assert np.array_equal(decoded(coded(kept)), kept)


def test_a_second_beam_hears_nothing_and_equals_one_that_listens(
    caching_job: Callable[..., Any], tmp_path: Path, say: Callable[..., Path], hears: list[int]
) -> None:
    path = say("CAB A BA")
    first = transcribe(caching_job(tmp_path / "kept"), path, beam=8)
    heard = len(hears)
    assert heard
    other = transcribe(caching_job(tmp_path / "kept"), path, beam=3, phrase=["CC"])
    assert len(hears) == heard
    fresh = transcribe(caching_job(tmp_path / "new"), path, beam=3, phrase=["CC"])
    assert len(hears) == 2 * heard
    assert other.outputs == fresh.outputs
    assert other.details["reused"] == "posteriors"
    assert "reused" not in {**first.details, **fresh.details}


def test_the_same_command_for_another_format_does_not_even_search(
    caching_job: Callable[..., Any],
    tmp_path: Path,
    say: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = say("CAB A BA")
    first = transcribe(caching_job(tmp_path / "kept"), path)
    monkeypatch.setattr(Recogniser, "heard", None)
    monkeypatch.setattr(Recogniser, "heard_again", None)
    again = transcribe(caching_job(tmp_path / "kept"), path)

    assert again.outputs == first.outputs
    assert again.summary == first.summary
    assert again.details == {**first.details, "reused": "transcript"}


def test_another_recording_of_the_same_name_is_heard(
    caching_job: Callable[..., Any], tmp_path: Path, say: Callable[..., Path], hears: list[int]
) -> None:
    job = caching_job(tmp_path / "kept")
    assert transcribe(job, say("A B")).outputs["transcript"].text == "A B"  # type: ignore[attr-defined]
    heard = len(hears)
    assert transcribe(job, say("B A")).outputs["transcript"].text == "B A"  # type: ignore[attr-defined]
    assert len(hears) == 2 * heard


def test_an_item_that_was_killed_keeps_the_posteriors_of_all_its_pieces(
    caching_job: Callable[..., Any], tmp_path: Path, say: Callable[..., Path], hears: list[int]
) -> None:
    path = say("CAB A BA")
    pieces = tmp_path / "pieces.jsonl"
    transcribe(caching_job(tmp_path / "lost", pieces), path)
    heard = len(hears)
    resumed = transcribe(caching_job(tmp_path / "kept", pieces), path)
    other = transcribe(caching_job(tmp_path / "kept"), path, beam=3)

    assert len(hears) == heard
    assert resumed.outputs["transcript"].text == "CAB A BA"  # type: ignore[attr-defined]
    assert other.details["reused"] == "posteriors"


@pytest.mark.parametrize("torn", [b"", b"{", b'{"duration_s": 1, "chunks": 3}'])
def test_torn_values_are_heard_again(
    caching_job: Callable[..., Any], tmp_path: Path, say: Callable[..., Path], torn: bytes
) -> None:
    path = say("AB")
    job = caching_job(tmp_path / "kept")
    transcribe(job, path)
    for value in (tmp_path / "kept").glob("*/*"):
        value.write_bytes(torn)

    assert transcribe(job, path).outputs["transcript"].text == "AB"  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=r"^posteriors"):
        posteriors_from(torn)
