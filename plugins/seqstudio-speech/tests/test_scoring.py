import jiwer
import numpy as np
import pytest
from seqstudio_speech.scoring import error_sums, word_errors

PAIRS = [
    (
        " ".join(np.random.default_rng(seed).choice(list("ABCDE"), size=1 + seed % 9)),
        " ".join(np.random.default_rng(seed + 99).choice(list("ABCDE"), size=seed % 7)),
    )
    for seed in range(40)
]


@pytest.mark.parametrize(("reference", "hypothesis"), PAIRS)
def test_word_and_character_errors_equal_those_of_jiwer(reference: str, hypothesis: str) -> None:
    words = jiwer.process_words(reference, hypothesis)
    characters = jiwer.process_characters(reference, hypothesis)
    sums = error_sums(reference, hypothesis)

    assert sums["wer"][0] / sums["wer"][1] == pytest.approx(words.wer)
    assert sums["cer"][0] / sums["cer"][1] == pytest.approx(characters.cer)
    assert sums["deletions"][0] - sums["insertions"][0] == words.deletions - words.insertions


def test_errors_pool_as_sums_and_not_as_means() -> None:
    long, short = error_sums("A B C D E F G H I J", "A B C D E F G H I J"), error_sums("A", "B")

    assert (long["wer"][0] + short["wer"][0]) / (long["wer"][1] + short["wer"][1]) == 1 / 11


def test_each_error_is_listed_with_its_position() -> None:
    errors = word_errors(["GO", "TO", "SIX"], ["GO", "TWO", "SIX", "NOW"])

    assert [(e.kind, e.at, e.reference, e.hypothesis) for e in errors] == [
        ("substitution", 1, "TO", "TWO"),
        ("insertion", 3, "", "NOW"),
    ]


def test_an_empty_hypothesis_is_all_deletions_and_an_empty_reference_counts_no_words() -> None:
    assert error_sums("A B", "")["wer"] == (2, 2)
    assert error_sums("A B", "")["deletions"] == (2, 2)
    assert error_sums("", "A")["wer"] == (1, 0)
