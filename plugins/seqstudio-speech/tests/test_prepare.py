"""Data from a long text: what is said is kept, what is not said is listed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_speech.aligning.prepare import Prepare
from seqstudio_speech.aligning.sure import place_by_words

from seqstudio.api import Request, Segment, Table, Transcript, Word

Speak = Callable[[str], Any]


def test_sentences_that_are_not_said_are_left_out_and_listed(
    tone_job: Any, say: Callable[..., Path], spoken: Speak, tmp_path: Path
) -> None:
    true = spoken("CAB A BA BA CC ABC")
    audio = say("CAB A BA BA CC ABC")
    text = tmp_path / "text.txt"
    text.write_text("CAB A. BCBCBC BCBCBC\nBA BA! CC ABC\n", encoding="utf-8")
    request = Request(inputs={"audio": (audio,), "text": (text,)}, options={"least": 0.5})
    (result,) = Prepare().run(request, tone_job)
    prepared, ledger = result.outputs["prepared"], result.outputs["ledger"]
    assert isinstance(prepared, Transcript)
    assert isinstance(ledger, Table)

    assert [one.text for one in prepared.segments] == ["CAB A.", "BA BA!", "CC ABC"]
    assert prepared.segments[2].start_s == pytest.approx(true.spans_s[4][0], abs=0.1)
    assert [row[1] == "sure" for row in ledger.rows] == [True, False, True, True]
    assert str(ledger.rows[1][1]).startswith("fits badly (0.")
    assert result.details["sure"] == 3


def test_an_engine_from_outside_gives_the_times_of_what_it_heard() -> None:
    said = ("so", "far,", "so", "good", "now")
    heard = [Word(word=text, start_s=float(at), end_s=at + 1.0) for at, text in enumerate(said)]
    segment = Segment(start_s=0.0, end_s=5.0, text="", words=tuple(heard))
    transcript = Transcript(audio="a", duration_s=5.0, text="", segments=(segment,))
    first, second, third = place_by_words(
        transcript, ["So far!", "Nobody said it.", "so good NOW"], 0.8
    )

    assert first.is_sure
    assert (first.words[0].start_s, first.words[-1].end_s) == (0.0, 2.0)
    assert second.reason.startswith("heard otherwise (0.00")
    assert third.words[0].start_s == 2.0
