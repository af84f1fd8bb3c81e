"""Texts compared with references: jiwer counts the same errors."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from seqstudio_speech.score.comparison import counts_of, difference, rate, score
from seqstudio_speech.score.operation import Score

from seqstudio.api import DataError, Formatted, Request, Result
from seqstudio.contracts.transcript import Transcript
from seqstudio.media.subtitles import to_json

WORDS = [
    (
        " ".join(np.random.default_rng(seed).choice(list("ABCDE"), size=1 + seed % 9)),
        " ".join(np.random.default_rng(seed + 99).choice(list("ABCDE"), size=seed % 7)),
    )
    for seed in range(60)
]


def run(job: Any, reference: Path, hypothesis: Path, **options: Any) -> Result:
    request = Request(
        inputs={"reference": (reference,), "hypothesis": (hypothesis,)},
        options={"normaliser": "exact", **options},
    )
    (result,) = Score().run(request, job)
    return result


def texts_of(result: Result) -> dict[str, str]:
    report = result.outputs["report"]
    assert isinstance(report, Formatted)
    return dict(report.texts)


@pytest.mark.parametrize(("reference", "hypothesis"), WORDS)
def test_an_alignment_has_both_texts_and_as_many_errors_as_that_of_jiwer(
    reference: str, hypothesis: str
) -> None:
    scored = score("one", "", reference, hypothesis)
    found = jiwer.process_words(reference, hypothesis)

    assert [step.reference for step in scored.steps if step.reference] == reference.split()
    assert [step.hypothesis for step in scored.steps if step.hypothesis] == hypothesis.split()
    assert scored.errors == found.substitutions + found.deletions + found.insertions


def test_rates_are_pooled_and_their_interval_holds_them() -> None:
    scored = [score(str(n), "", one, other) for n, (one, other) in enumerate(WORDS)]
    found = rate(scored, "wer")
    exact = jiwer.wer([one for one, _ in WORDS], [other for _, other in WORDS])

    assert found.value == pytest.approx(exact)
    assert found.low < found.value < found.high
    counts = counts_of(scored, "wer")  # of a ratio, by the delta method
    deviation = np.sqrt(np.square(counts[:, 0] - exact * counts[:, 1]).sum()) / counts[:, 1].sum()
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_the_paired_test_sees_what_intervals_alone_do_not() -> None:
    first = [score(str(n), "", one, other) for n, (one, other) in enumerate(WORDS)]
    worse = [score(str(n), "", one, f"{other} X") for n, (one, other) in enumerate(WORDS)]
    found = difference(first, worse, "wer")

    assert found.p_value < 0.001
    assert 0 < found.low < found.value < found.high
    assert rate(first, "wer").high > rate(worse, "wer").low
    assert difference(first, first, "wer").p_value == 1


def test_a_report_names_speakers_confusions_and_what_is_missing(
    plain_job: Any, tmp_path: Path
) -> None:
    table = tmp_path / "manifest.tsv"
    rows = [
        "path\tspeaker\ttranscript",
        "a/1.wav\tann\tGO <LEFT> NOW",
        "2.wav\tbob\tSTOP",
        "3.wav\tbob\tUP",
    ]
    table.write_text("\n".join(rows), encoding="utf-8")
    words = tmp_path / "words"
    words.mkdir()
    heard = Transcript(audio="1.wav", duration_s=1.0, text="go <RIGHT> NOW")
    (words / "1.json").write_text(to_json(heard), encoding="utf-8")
    (words / "2.txt").write_text("[Note: noisy]\nSTOP IT\n", encoding="utf-8")
    result = run(plain_job, table, words, normaliser="case")
    texts = texts_of(result)

    assert "words: 1 of 3 texts are missing, all words left out" in result.summary
    plain = json.loads(texts["json"])
    assert plain["rates"]["wer"]["errors"] == 3
    assert plain["speakers"] == {
        "ann": {"errors": 1, "length": 3},
        "bob": {"errors": 2, "length": 2},
    }
    assert {one["hypothesis"] for one in plain["confusions"]} == {"<right>", "it", ""}
    assert "<left> → <right>" in texts["txt"]
    assert "  ref  go  <left>   now\n  hyp  go  <right>  now\n" in texts["txt"]


def test_the_page_escapes_texts_and_closes_its_tags(plain_job: Any, tmp_path: Path) -> None:
    reference, hypothesis = tmp_path / "ref.txt", tmp_path / "hyp.txt"
    reference.write_text("A <b> C\nD\n", encoding="utf-8")
    hypothesis.write_text("A <script>alert(1)</script> C\nD\n", encoding="utf-8")
    page = texts_of(run(plain_job, reference, hypothesis))["html"]
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)

    assert "script" not in tags
    assert tags.count("del") == tags.count("ins") == 1
    assert "&lt;script&gt;" in page


def test_texts_without_a_common_name_are_refused(plain_job: Any, tmp_path: Path) -> None:
    for folder, name in (("one", "a"), ("one", "b"), ("two", "c")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.txt").write_text("GO", encoding="utf-8")
    with pytest.raises(DataError, match="no text of the same name: 'a' and others, 'c'"):
        run(plain_job, tmp_path / "one", tmp_path / "two")
