"""Blind tests: clips without signs of their origin, and a page with hidden answers."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_music.blind import Blind, neutral
from small_music import TPB, OneJob, lead_sheet

from seqstudio.api import DataError, Note, Request
from seqstudio.api.media import Score


def test_neutral_clips_differ_in_their_notes_alone() -> None:
    late = [Note(4 * TPB + TPB * n, 60 + n, TPB, 20 + n) for n in range(20)]
    score = Score.new(ticks_per_beat=TPB, tempo_bpm=170)
    found = neutral(score.with_new_track(late, name="Made by X", program=73), 3, 100.0)

    assert [note.pitch for note in found.notes] == list(range(60, 72))
    assert {note.velocity for note in found.notes} == {80}
    assert found.notes[0].onset_ticks == 0
    assert found.tempos[0].bpm == pytest.approx(100)
    assert {track.name for track in found.tracks} == {""}
    assert all(event.data == b"\0" for event in found.tracks[1].events if event.kind == 0xC0)
    with pytest.raises(DataError, match="0 notes"):
        neutral(Score.new(), 3, 100.0)


def made(job: OneJob, takes: tuple[Path, ...], against: Path | None, order: int = 1) -> Any:
    options = {"against": against and str(against), "split": "valid", "bars": 1, "tempo": 240.0}
    request = Request(inputs={"takes": takes}, options={**options, "order": order})
    return next(Blind().run(request, job))


def test_a_page_has_all_clips_and_hides_the_answers(
    job: OneJob, write: Callable[..., Path], tmp_path: Path
) -> None:
    human = tmp_path / "human"
    human.mkdir()
    for name in "abc":
        write(lead_sheet(), f"human/{name}.mid")
    takes = tuple(write(lead_sheet(), f"secret {n}.mid") for n in range(2))
    result = made(job, takes, human)
    page = result.outputs["page"].read_text(encoding="utf-8")
    data = json.loads(re.search(r"const data = (.*);", page)[1])  # type: ignore[index]
    answers = json.loads(base64.b64decode(data["answers"][::-1]))

    assert result.summary == "2 takes among 2 human pieces, 1 bars each"
    assert sorted(answer["person"] for answer in answers) == [False, False, True, True]
    assert len(data["clips"]) == 4
    assert {base64.b64decode(clip)[:4] for clip in data["clips"]} == {b"fLaC"}
    assert "secret" not in page
    assert made(job, takes, human).outputs["page"].read_text(encoding="utf-8") == page
    with pytest.raises(DataError, match=r"empty\.mid: 0 notes, expected at least 1"):
        made(job, (write(Score.new(), "empty.mid"),), human)
