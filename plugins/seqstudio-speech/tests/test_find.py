"""`speech find`: places of words from posteriors, as tables and as a page with clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_speech.finding.operation import Find
from seqstudio_speech.recognise import Recogniser

from seqstudio.api import DataError, Formatted, Request, Result, Table


def find(job: Any, paths: tuple[Path, ...], word: str, **options: Any) -> Result:
    request = Request(
        inputs={"audio": paths}, options={"word": word, "least_score": 0.3, **options}
    )
    (result,) = Find().run(request, job)
    return result


def rows_of(result: Result) -> list[dict[str, Any]]:
    hits = result.outputs["hits"]
    assert isinstance(hits, Formatted)
    assert isinstance(hits.otherwise, Table)
    return [dict(zip(hits.otherwise.columns, row, strict=True)) for row in hits.otherwise.rows]


def test_words_and_phrases_are_found_with_their_times(
    tone_job: Any, say: Callable[..., Path], spoken: Any
) -> None:
    first, second = say("CAB A BA", "first.wav"), say("AB C", "second.wav")
    found = find(tone_job, (first, second), "cab", also=["A BA", "C"])
    rows = rows_of(found)
    true = {
        ("CAB", "first.wav"): spoken("CAB A BA").spans_s[0],
        ("C", "second.wav"): spoken("AB C").spans_s[1],
    }

    assert {(row["word"], Path(row["recording"]).name) for row in rows} == {
        *true,
        ("A BA", "first.wav"),
    }
    for row in rows:
        if span := true.get((row["word"], Path(row["recording"]).name)):
            assert row["start_s"] == pytest.approx(span[0], abs=0.1)
            assert row["end_s"] == pytest.approx(span[1], abs=0.25)  # up to the next word
    assert found.summary.startswith("3 places in 2 recordings")


def test_an_archive_that_was_transcribed_is_not_heard_again(
    caching_job: Callable[..., Any],
    tmp_path: Path,
    say: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = caching_job(tmp_path / "kept")
    path = say("CAB A")
    first = rows_of(find(job, (path,), "CAB"))
    monkeypatch.setattr(Recogniser, "log_probs", None)
    again = find(job, (path,), "CAB")

    assert rows_of(again) == first
    assert len(first) == 1


def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_searched(
    tone_job: Any, tmp_path: Path, say: Callable[..., Path]
) -> None:
    torn = tmp_path / "torn.wav"
    torn.write_bytes(b"RIFF")
    result = find(tone_job, (torn, say("CAB")), "CAB")

    assert len(rows_of(result)) == 1
    assert "1 cannot be read: " + str(torn) in result.summary
    with pytest.raises(DataError, match=r"torn\.wav"):
        find(tone_job, (torn,), "CAB")
    with pytest.raises(DataError, match=r"transcript holds 'X'"):
        find(tone_job, (say("CAB"),), "CAXB")


def test_the_page_has_a_clip_for_each_place(tone_job: Any, say: Callable[..., Path]) -> None:
    hits = find(tone_job, (say("CAB", "<b>.wav"),), "CAB").outputs["hits"]
    assert isinstance(hits, Formatted)
    page = hits.texts["html"]

    assert page.count('src="data:audio/flac;base64,ZkxhQ') == 1
    assert "&lt;b&gt;.wav" in page
    assert isinstance(hits.otherwise, Table)
    written = hits.otherwise.to_bytes().decode()
    assert written.startswith("word\trecording\tstart_s\tend_s\tscore\nCAB\t")
