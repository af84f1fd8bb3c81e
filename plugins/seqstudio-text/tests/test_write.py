"""Writing: passages, bits per character, and continuations of prompts."""

import math
from pathlib import Path

import pytest
import torch
from seqstudio_text.write.alphabet import Alphabet
from seqstudio_text.write.ngrams import HashedNGrams, NGramsConfig
from seqstudio_text.write.operation import Write
from seqstudio_text.write.task import Passage, WriteOptions, WriteTask, passages
from small_text import OneModelJob, untrained

from seqstudio.api import DataError, Ledger, LoadedModel, Request, TakeSeed, pool

OPTIONS = {
    "prompt": "ab", "length": 12, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
    "int8": False,
}  # fmt: skip


def passage(text: str) -> Passage:
    return Passage(id=text[:20], text=text, where="x")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return untrained(WriteTask(), [passage("abc \n" * 5)], WriteOptions(hidden=8, dimension=4))


def test_lines_are_joined_and_long_ones_cut() -> None:
    lines = ["a" * 150, "b" * 150, "c" * 150, "d" * 100_000]
    found = list(passages(lines))

    assert [number for number, _ in found[:2]] == [1, 3]
    assert found[0][1] == "a" * 150 + "\n" + "b" * 150
    assert "".join(text for _, text in found).count("d") == 100_000
    assert max(len(text) for _, text in found) <= 400


def test_the_probabilities_of_all_continuations_sum_to_one(model: LoadedModel) -> None:
    alphabet = Alphabet(model.settings.characters)
    every = torch.tensor([[2, number] for number in range(alphabet.size)])
    with torch.inference_mode():
        log_probs = model.module.log_probs(every, torch.full((len(every),), 2))

    assert float(log_probs[:, 1].exp().sum()) == pytest.approx(1.0, abs=1e-5)


def test_the_features_of_steps_are_those_of_whole_texts() -> None:
    torch.manual_seed(0)
    past = HashedNGrams(NGramsConfig(order=4, buckets=50), vocabulary=9)
    tokens = torch.randint(9, (2, 7))
    state, steps = past.start(2, tokens.device), []
    for column in tokens.T:
        steps.append(past.read(state, None))
        state = past.advance(state, column, None)

    assert past.sizes == (10, 50, 50)
    assert torch.equal(torch.stack(steps, dim=1), past.whole(tokens, None))


def test_a_feature_of_n_characters_depends_on_them_alone() -> None:
    past = HashedNGrams(NGramsConfig(order=4, buckets=10**6), vocabulary=9)
    one, other = past.whole(torch.tensor([[1, 2, 3, 4, 0], [8, 2, 3, 4, 0]]), None)[:, 4]

    assert one[0] == other[0] == 5
    assert (one == other).all()
    assert (past.whole(torch.tensor([[1, 8, 3, 4, 0]]), None)[0, 4] == one).tolist() == [
        True, True, False,
    ]  # fmt: skip


def test_bits_count_each_character_and_the_end(model: LoadedModel) -> None:
    known, unknown = WriteTask().measure(model, [passage("abca"), passage("abcé")])

    assert known.sums["bits_per_character"][1] == 5.0
    assert pool([known])["bits_per_character"] == pytest.approx(math.log2(7), abs=1.0)
    assert unknown.sums["bits_per_character"][0] > known.sums["bits_per_character"][0] + 10


def test_a_take_continues_the_prompt_and_is_the_same_for_its_seed(
    model: LoadedModel, tmp_path: Path
) -> None:
    job = OneModelJob(model, tmp_path)
    takes = (TakeSeed(1, 5), TakeSeed(2, 6), TakeSeed(3, 5))
    results = list(Write().run(Request(options=OPTIONS, takes=takes), job))  # type: ignore[arg-type]
    texts = [str(result.outputs["text"]) for result in results]

    assert all(text.startswith("ab") for text in texts)
    assert texts[0] == texts[2] != texts[1]


def test_a_prompt_of_unknown_characters_is_named(model: LoadedModel, tmp_path: Path) -> None:
    request = Request(options={**OPTIONS, "prompt": "🎈"}, takes=(TakeSeed(1, 1),))
    with pytest.raises(DataError, match=r"^prompt='🎈', expected characters such as abc$"):
        list(Write().run(request, OneModelJob(model, tmp_path)))  # type: ignore[arg-type]


def test_an_empty_file_and_another_encoding_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes("Gruß".encode("latin-1"))
    (tmp_path / "wide.txt").write_bytes("Gruß".encode("utf-16"))
    ledger = Ledger()
    found = [e.text for e in WriteTask().read(tmp_path, ledger)]

    assert found == ["Gruß"]
    assert "empty, expected text" in ledger.refused["empty.txt"]
    assert "is not UTF-8" in ledger.refused["latin.txt"]
