"""Translation: parallel files, subwords, search, and files that keep their lines and times."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sacrebleu
from seqstudio_text.translate.bleu import Bleu, sentence_statistics
from seqstudio_text.translate.data import ParallelLine
from seqstudio_text.translate.operation import LONGEST, Translate, cut
from seqstudio_text.translate.settings import source_batch
from seqstudio_text.translate.subwords import Subwords
from seqstudio_text.translate.task import TranslateOptions, TranslateTask
from small_text import OneModelJob, untrained

from seqstudio.api import DataError, Ledger, LoadedModel, Measurement, Request, pool

WORDS = ("a man", "a dog", "two men", "runs", "sleeps", "in the park", "on the road", "a red car")
LINES = [f"{a} {b} {c}." for a in WORDS for b in WORDS for c in WORDS[:3]]
OPTIONS = TranslateOptions(subwords=80, dimension=8, hidden=8)


def examples() -> list[ParallelLine]:
    return [
        ParallelLine(id=f"train:{n}", texts={"en": line, "de": line.upper()}, where=f"train:{n}")
        for n, line in enumerate(LINES)
    ]


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    loaded = untrained(TranslateTask(), examples(), OPTIONS)
    return loaded


def translated(model: LoadedModel, path: Path, **options: object) -> dict[str, str]:
    request = Request(inputs={"text": (path,)}, options={"beam": 2, "best": 2, **options})
    job = OneModelJob(model, path.parent)
    (result,) = Translate().run(request, job)  # type: ignore[arg-type]
    return dict(result.outputs["translation"].texts)  # type: ignore[attr-defined]


def test_parallel_files_are_read_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "train.en.gz").write_bytes(gzip.compress(b"one\n\ntwo\n"))
    (tmp_path / "train.de").write_text("eins\nleer\nzwei\n")
    (tmp_path / "README.md").write_text("about")
    ledger = Ledger()
    found = [(e.split, dict(e.texts)) for e in TranslateTask().read(tmp_path, ledger)]

    assert found == [("train", {"de": "eins", "en": "one"}), ("train", {"de": "zwei", "en": "two"})]
    assert ledger.refused == {"train:2": "the line of en is empty, expected text"}


def test_files_of_different_lengths_and_missing_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "val.en").write_text("one\ntwo\n")
    with pytest.raises(DataError, match=r"no two files such as train\.en and train\.de, expected"):
        list(TranslateTask().read(tmp_path, Ledger()))
    (tmp_path / "val.de").write_text("eins\n")
    with pytest.raises(DataError, match=r"lines of val\.de 1, val\.en 2, expected as many in each"):
        list(TranslateTask().read(tmp_path, Ledger()))


def test_a_language_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="no lines of 'fr', expected one of en, de"):
        TranslateTask().prepare(examples(), replace(OPTIONS, target="fr"))


def test_subwords_join_to_the_text_they_were_split_from(model: LoadedModel) -> None:
    subwords = Subwords.stored(model.preparation.buffers["subwords"])

    for line in LINES[:20]:
        assert subwords.text(subwords.numbers(line)) == line
    unknown = subwords.numbers("🎈 runs")
    assert subwords.text(unknown, ["🎈"]) == "🎈 runs"


def test_a_reversed_source_keeps_its_end(model: LoadedModel) -> None:
    subwords = Subwords.stored(model.preparation.buffers["subwords"])
    (forward,), _ = source_batch(subwords, [LINES[0]], reverse=False)
    (backward,), _ = source_batch(subwords, [LINES[0]], reverse=True)

    assert backward.tolist() == [*forward.tolist()[:-1][::-1], 0]


@pytest.mark.medium
def test_lines_and_empty_lines_stay_where_they_are(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a man runs.\n\n\u05e9\u05dc\u05d5\u05dd 🎈\n" + "on the road. " * 60 + "\n")
    texts = translated(model, path)
    read = json.loads(texts["json"])

    assert len(texts["txt"].split("\n")) == 5
    assert texts["txt"].split("\n")[1] == ""
    assert [one["text"] for one in read] == path.read_text().split("\n")[:4]
    assert len(read[0]["parts"][0]["best"]) == 2
    assert len(read[3]["parts"]) > 1
    weights = read[0]["parts"][0]["attention"]
    assert all(sum(step) == pytest.approx(1.0, abs=0.02) for step in weights)


def test_subtitles_keep_their_numbers_and_times(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,500\na man runs.\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n"
    )
    lines = translated(model, path)["srt"].split("\n")

    assert lines[:2] == ["1", "00:00:01,000 --> 00:00:02,500"]
    assert lines[3:6] == ["", "2", "00:00:03,000 --> 00:00:04,000"]
    assert len(lines) == 8


def test_a_long_line_is_cut_without_losing_anything() -> None:
    line = "One sentence. " * 50 + "x" * 1000
    pieces = cut(line)

    assert max(map(len, pieces)) <= LONGEST
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_bleu_from_statistics_is_that_of_the_whole_set() -> None:
    found = ["A man runs in the park .", "two dogs sleep", "a car"]
    expected = ["a man runs in the park .", "two dogs sleep now", "the red car is fast"]
    rows = [
        Measurement(id=str(n), sums={}, detail=dict(sentence_statistics(a, b)))
        for n, (a, b) in enumerate(zip(found, expected, strict=True))
    ]
    values = Bleu().compute(TranslateTask(), rows)

    assert values["bleu"] == pytest.approx(sacrebleu.corpus_bleu(found, [expected]).score)
    lowered = sacrebleu.corpus_bleu(found, [expected], lowercase=True).score
    assert values["bleu_lowercased"] == pytest.approx(lowered) != pytest.approx(values["bleu"])


def test_measuring_gives_nats_and_what_bleu_counts(model: LoadedModel) -> None:
    rows = list(TranslateTask().measure(model, examples()[:3]))

    assert pool(rows)["nats_per_unit"] > 0
    assert 0 <= Bleu().compute(TranslateTask(), rows)["bleu"] <= 100
