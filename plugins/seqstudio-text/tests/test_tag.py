"""Named entities: tags and spans, the field over them, and results in every format."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import seqeval.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqstudio_text.tag.crf import CrfConfig, CrfHead, allowed_pairs
from seqstudio_text.tag.data import TaggedSentence
from seqstudio_text.tag.lists import memberships
from seqstudio_text.tag.operation import Tag
from seqstudio_text.tag.spans import numbers_to_tags, spans_of, tags_to_numbers
from seqstudio_text.tag.task import TagOptions, TagTask, changed_features, features, tag_words
from small_text import OneModelJob, untrained

from seqstudio.api import DataError, Ledger, LoadedModel, Request, pool
from seqstudio.api.nn import Encoded

KINDS = ("group", "person")
TAGS = st.sampled_from(["O", "B-group", "I-group", "B-person", "I-person"])


def sentence(words: str, tags: str) -> TaggedSentence:
    return TaggedSentence(
        id=words, words=tuple(words.split()), tags=tuple(tags.split()), where=words
    )


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    example = sentence("Ann and Bob of Abba", "B-person O B-person O B-group")
    return untrained(TagTask(), [example], TagOptions(buckets=512, dimension=8, hidden=4))


@given(st.lists(TAGS, min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_numbers_keep_the_spans_of_any_tags(tags: list[str]) -> None:
    again = numbers_to_tags(tags_to_numbers(tags, KINDS), KINDS)

    assert spans_of(again) == spans_of(tags)


@given(st.lists(st.tuples(TAGS, TAGS), min_size=3, max_size=12))
@settings(max_examples=50, deadline=None)
def test_f1_is_that_of_the_standard_scorer(pairs: list[tuple[str, str]]) -> None:
    expected, found = (list(tags) for tags in zip(*pairs, strict=True))
    right = len(spans_of(expected) & spans_of(found))
    both = len(spans_of(expected)) + len(spans_of(found))

    if right:
        assert 2 * right / both == pytest.approx(seqeval.metrics.f1_score([expected], [found]))


def field(seed: int = 0) -> tuple[CrfHead, Encoded]:
    torch.manual_seed(seed)
    head = CrfHead(CrfConfig(kinds=2), 3)
    torch.nn.init.normal_(head.pairs)
    return head, Encoded(torch.randn(2, 4, 3), torch.tensor([4, 2]), None)


@torch.no_grad()
def all_paths(head: CrfHead, encoded: Encoded, row: int) -> dict[tuple[int, ...], float]:
    """Return the score of every sequence of tags of one item."""
    length, scores, pairs = int(encoded.lengths[row]), head(encoded)[row], head.transitions()
    return {
        path: float(
            sum(scores[at, tag] for at, tag in enumerate(path))
            + sum(pairs[a, b] for a, b in zip((len(pairs) - 1, *path), path, strict=False))
        )
        for path in itertools.product(range(5), repeat=length)
    }


def test_the_probabilities_of_all_sequences_sum_to_one() -> None:
    head, encoded = field()
    targets = torch.tensor([[1, 2, 0, 3], [3, 4, 0, 0]])
    total, count = head.loss(encoded, targets, encoded.lengths)
    expected = 0.0
    for row, path in enumerate([(1, 2, 0, 3), (3, 4)]):
        paths = all_paths(head, encoded, row)
        expected += float(torch.logsumexp(torch.tensor(list(paths.values())), 0)) - paths[path]

    assert int(count) == 6
    assert float(total.detach()) == pytest.approx(expected, abs=1e-4)


def test_the_search_finds_the_best_of_all_sequences() -> None:
    head, encoded = field(1)
    for row, best in enumerate(head.best(encoded)):
        paths = all_paths(head, encoded, row)
        assert tuple(best) == max(paths, key=lambda path: paths[path])


def test_lowering_the_score_of_words_outside_finds_more_spans() -> None:
    head, encoded = field(2)
    plain, lowered = head.best(encoded), head.best(encoded, outside=1e3)

    assert all(tag > 0 for row in lowered for tag in row)
    assert any(tag == 0 for row in plain for tag in row)


def test_a_tag_that_goes_on_follows_its_own_kind_only() -> None:
    allowed = allowed_pairs(5)

    assert allowed[:, [0, 1, 3]].all()
    assert allowed[:, 2].tolist() == [False, True, True, False, False, False]
    assert allowed[:, 4].tolist() == [False, False, False, True, True, False]


def test_sentences_are_read_by_split(tmp_path: Path) -> None:
    (tmp_path / "dev.conll").write_text("Ann\tB-person\nsang\tO\n\n\nAbba B-group\n")
    ledger = Ledger()
    found = [(e.split, e.words, e.tags) for e in TagTask().read(tmp_path, ledger)]

    assert found == [
        ("valid", ("Ann", "sang"), ("B-person", "O")),
        ("valid", ("Abba",), ("B-group",)),
    ]
    assert ledger.used == ["dev.conll:1", "dev.conll:5"]


@pytest.mark.parametrize("line", ["Ann", "Ann person", "Ann B-"])
def test_a_line_without_a_tag_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(f"Ann\tO\n{line}\n")

    with pytest.raises(DataError, match=r"a\.conll:2: 'Ann.*', expected a word and O, B-KIND or"):
        list(TagTask().read(tmp_path / "a.conll", Ledger()))


def test_places_of_several_words_are_found_in_the_lists() -> None:
    assert memberships(["Mary's", "friends", "left", "New", "York", "and", "Rome"]) == [
        "f", "w", "w", "lwp", "lp", "w", "lp",
    ]  # fmt: skip


def test_training_hides_words_and_small_letters_hide_case(model: LoadedModel) -> None:
    words, plain = ["Ann", "sang"], replace(model.preparation.settings, lowered=0.0)
    whole = features(words, plain)
    hidden = changed_features(words, replace(plain, word_dropout=1.0), np.random.default_rng(0))
    lowered = changed_features(
        words, replace(plain, word_dropout=0.0, lowered=1.0), np.random.default_rng(0)
    )

    assert all(
        all_of_it[-len(look) :] == look and len(look) < len(all_of_it)
        for all_of_it, look in zip(whole, hidden, strict=True)
    )
    assert lowered == features(["ann", "sang"], plain) != whole
    assert len(features(words, replace(plain, lists=False))[0]) == len(whole[0]) - 10


def test_measuring_pools_the_f1(model: LoadedModel) -> None:
    words = ("Ann", "sang")
    tags = tag_words(model, words)
    right = TaggedSentence(id="r", words=words, tags=tuple(tags), where="r")
    wrong = sentence("Ann sang", "B-group I-group")
    values = pool(list(TagTask().measure(model, [right, wrong])))

    assert values["f1"] == pytest.approx(1 - values["f1_error"])


def test_every_line_is_in_every_format(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("Ann met <Bob>.\n\n\u05e9\u05dc\u05d5\u05dd 🎈 @ann http://a.b/c\n")
    (result,) = Tag().run(
        Request(inputs={"text": (path,)}),
        OneModelJob(model, tmp_path),  # type: ignore[arg-type]
    )
    texts = result.outputs["entities"].texts  # type: ignore[attr-defined]
    read = json.loads(texts["json"])

    assert [one["text"] for one in read] == path.read_text().splitlines()
    assert all(
        one["text"][e["start"] : e["end"]] == e["text"] for one in read for e in one["entities"]
    )
    assert [line.split("\t")[0] for line in texts["conll"].split("\n") if line][-2:] == [
        "@ann",
        "http://a.b/c",
    ]
    assert "<Bob>" not in texts["html"]
