"""N-gram models: against NLTK and KenLM where they are installed, and against their definitions."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqstudio.core.arpa import arpa_lines, parse_arpa
from seqstudio.core.ngram import END, FIRST_WORD, ROOT, UNKNOWN, NGrams
from seqstudio.core.ngram_estimates import Smoothing, estimate, word_tokens
from seqstudio.errors import ConfigError, DataError, ModelError

TEXT = """the cat sat on the mat
the dog sat on the cat
a dog and a cat sat
the mat is on the dog
on and on and on
cats sat""".splitlines()
SENTENCES = [line.split() for line in TEXT]
LN10 = np.log(10)


def model_of(order: int, smoothing: Smoothing) -> tuple[NGrams, tuple[str, ...]]:
    words, tokens = word_tokens(SENTENCES)
    return estimate(tokens, size=len(words) + FIRST_WORD, order=order, smoothing=smoothing), words


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_words_after_any_context_have_probabilities_that_sum_to_one(
    order: int, smoothing: Smoothing
) -> None:
    model, words = model_of(order, smoothing)
    state = model.start()
    for word in (0, 1, len(words) - 1):
        probs = np.exp(model.distribution(state))
        stepped, _ = model.advance(np.full(model.size, state), np.arange(model.size))
        np.testing.assert_allclose(probs.sum(), 1, atol=1e-5)
        np.testing.assert_allclose(np.exp(stepped), probs, rtol=1e-5)
        state = int(model.advance(np.array([state]), np.array([FIRST_WORD + word]))[1][0])


@pytest.mark.medium  # NLTK takes seconds to import
def test_witten_bell_gives_the_probabilities_of_nltk() -> None:
    nltk = pytest.importorskip("nltk.lm")
    from nltk.lm.smoothing import WittenBell
    from nltk.util import everygrams

    model, words = model_of(3, "witten-bell")
    unigrams = np.exp(model.distribution(ROOT))
    names = ["</s>", "<s>", "<unk>", *words]

    class OurUnigrams(WittenBell):  # type: ignore[misc]  # NLTK gives unknown words nothing
        def unigram_score(self, word: str) -> float:
            return float(unigrams[names.index(word)])

    padded = [["<s>", *sentence, "</s>"] for sentence in SENTENCES]
    peer = nltk.WittenBellInterpolated(3)
    peer.fit(
        [list(everygrams(sentence, max_len=3)) for sentence in padded],
        vocabulary_text=[word for sentence in padded for word in sentence],
    )
    peer.estimator = OurUnigrams(peer.vocab, peer.counts)
    for context in (("the",), ("sat", "on"), ("<s>", "the"), ("on", "the")):
        state = ROOT
        for word in context:
            token = names.index(word)
            known = model.child(np.array([state]), np.array([token]))
            state = int(known[0])
        ours = np.exp(model.distribution(state))
        for word in ("cat", "mat", "on", "</s>", "cats"):
            theirs = peer.unmasked_score(word, context)
            assert ours[names.index(word)] == pytest.approx(theirs, rel=1e-5), (context, word)


def chen_and_goodman(sentences: list[list[str]], order: int) -> dict[tuple[str, ...], float]:
    """Return modified Kneser-Ney probabilities of all seen n-grams, as the paper defines them."""
    padded = [["<s>", *sentence, "</s>"] for sentence in sentences]
    counts = {
        n: Counter(tuple(s[i : i + n]) for s in padded for i in range(len(s) - n + 1))
        for n in range(1, order + 1)
    }
    vocabulary = sorted({w for s in padded for w in s} - {"<s>"})

    def adjusted(gram: tuple[str, ...]) -> int:
        n = len(gram)
        if n == order or gram[0] == "<s>":
            return counts[n][gram] if gram != ("<s>",) else 0
        return sum(longer[1:] == gram for longer in counts[n + 1])

    discounts = {}
    for n in counts:
        of = Counter(adjusted(gram) for gram in counts[n])
        discounts[n] = [0.0, 0.5, 1.0, 1.5]  # KenLM's, where the formula has no good answer
        if all(of[k] for k in (1, 2, 3, 4)):
            y = of[1] / (of[1] + 2 * of[2])
            found = [k - (k + 1) * y * of[k + 1] / of[k] for k in (1, 2, 3)]
            if all(0 < discount < k for k, discount in enumerate(found, start=1)):
                discounts[n] = [0.0, *found]

    def prob(gram: tuple[str, ...]) -> float:
        context = gram[:-1]
        after = [g for g in counts[len(gram)] if g[:-1] == context and adjusted(g)]
        shorter = prob(gram[1:]) if context else 1 / (len(vocabulary) + 1)
        if not after:
            return shorter
        total = sum(map(adjusted, after))
        discount = discounts[len(gram)]
        taken = sum(discount[min(adjusted(g), 3)] for g in after)
        own = adjusted(gram) if gram in counts[len(gram)] else 0
        return (own - discount[min(own, 3)]) / total + taken / total * shorter

    return {gram: prob(gram) for n in counts for gram in counts[n] if gram != ("<s>",)}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_kneser_ney_gives_the_probabilities_of_its_definition(order: int) -> None:
    generator = np.random.default_rng(1)
    letters = "abcdefghij"
    text = [[letters[min(int(generator.exponential(2)), 9)] for _ in range(6)] for _ in range(20)]
    words, tokens = word_tokens(text)
    model = estimate(tokens, size=len(words) + FIRST_WORD, order=order, smoothing="kneser-ney")
    token = {name: at for at, name in enumerate(["</s>", "<s>", "<unk>", *words])}

    for gram, expected in chen_and_goodman(text, order).items():
        node = ROOT
        for word in gram:
            node = int(model.child(np.array([node]), np.array([token[word]]))[0])
        assert np.exp(model.log_probs[node]) == pytest.approx(expected, rel=1e-5), gram


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney"])
def test_a_model_written_as_arpa_reads_back_and_scores_as_kenlm_does(
    smoothing: Smoothing, tmp_path: Path
) -> None:
    model, words = model_of(3, smoothing)
    lines = list(arpa_lines(model, words))
    again, same_words = parse_arpa(lines, "lm.arpa")
    tokens = {word: token for token, word in enumerate(words, start=FIRST_WORD)}
    tests = ["the cat sat", "a mat and the dog", "on xyzzy on", "", "dog dog dog"]
    coded = [[tokens.get(word, UNKNOWN) for word in line.split()] for line in tests]
    ours = [scores.sum() for scores in model.score(coded)]

    assert same_words == words
    assert [s.sum() for s in again.score(coded)] == pytest.approx(ours, abs=1e-4)
    kenlm = pytest.importorskip("kenlm")
    (tmp_path / "lm.arpa").write_text("\n".join(lines) + "\n", encoding="utf-8")
    peer = kenlm.Model(str(tmp_path / "lm.arpa"))
    assert [peer.score(line) * LN10 for line in tests] == pytest.approx(ours, abs=1e-4)


PRUNED = """\\data\\
ngram 1=4
ngram 2=1
ngram 3=1

\\1-grams:
-0.5\t</s>
-99\t<s>\t-0.3
-0.6\ta\t-0.2
-0.4\tb\t-0.1

\\2-grams:
-0.2\t<s> a\t-0.05

\\3-grams:
-0.1\ta b a

\\end\\
"""


def test_a_pruned_arpa_file_has_what_it_leaves_out_by_back_off() -> None:
    model, words = parse_arpa(PRUNED.splitlines(), "lm.arpa")
    a, b = FIRST_WORD, FIRST_WORD + 1
    (scores,) = model.score([[a, b, a]])

    assert words == ("a", "b")
    # b after <s> a: back off twice; a after a b: listed; the end after b a: back off from it all
    expected = [-0.2, -0.05 - 0.2 - 0.4, -0.1, -0.2 - 0.5]
    assert scores / LN10 == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("line", "other", "reason"),
    [
        ("ngram 1=4", "ngram 1=5", "4 1-grams, expected 5 as in the head"),
        ("-0.1\ta b a", "-0.1\ta c a", "word 'c' in an 3-gram, expected it among the unigrams"),
        ("-0.2\t<s> a\t-0.05", "x\t<s> a\t-0.05", "lm:13: .*'x'.*, expected a number"),
        ("-0.4\tb\t-0.1", "-0.4\tb\t-0.1\t3", "expected a logarithm, 1 words and a back-off"),
        ("\\1-grams:", "", "sections .*, expected an ARPA file's 1, 2"),
        ("-0.5\t</s>", "-0.5\tc", "no unigram </s>, expected one"),
    ],
)
def test_a_damaged_arpa_file_is_refused(line: str, other: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        parse_arpa(PRUNED.replace(line, other).splitlines(), "lm")


def test_arrays_that_are_no_model_are_refused() -> None:
    model, _ = model_of(2, "witten-bell")
    arrays = {
        name: getattr(model, name).copy()
        for name in ("tokens", "parents", "suffixes", "log_probs", "backoffs")
    }

    assert NGrams.of_arrays(model.size, **arrays).order == 2
    forward = np.full_like(model.suffixes, len(model.tokens) - 1)
    with pytest.raises(ModelError, match="suffixes lead forward"):
        NGrams.of_arrays(model.size, **{**arrays, "suffixes": forward})
    with pytest.raises(ModelError, match="out of order or not finite"):
        NGrams.of_arrays(model.size, **{**arrays, "tokens": arrays["tokens"][::-1].copy()})


def test_an_empty_text_and_a_bad_order_are_refused() -> None:
    with pytest.raises(DataError, match="1 sentences without a word"):
        estimate([[]], size=3, order=2)
    with pytest.raises(ConfigError, match="order=9, expected 1 to 8"):
        estimate([[3]], size=4, order=9)


def test_the_end_of_a_sentence_is_scored() -> None:
    model, words = model_of(2, "witten-bell")
    mat, the = (FIRST_WORD + words.index(word) for word in ("mat", "the"))
    after_mat, after_the = (
        model.distribution(int(model.child(np.array([ROOT]), np.array([token]))[0]))[END]
        for token in (mat, the)
    )

    assert after_mat > after_the
