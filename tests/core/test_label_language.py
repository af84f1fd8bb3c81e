"""Language models fused into the prefix beam: exact sums, and equal to the whole enumeration."""

import itertools

import numpy as np
import pytest

from seqstudio.core.ctc_beam import prefix_beam
from seqstudio.core.label_automaton import LabelAutomaton
from seqstudio.core.label_language import LetterNGrams, OpenVocabulary
from seqstudio.core.ngram import END, FIRST_WORD, UNKNOWN, Floats, NGrams
from seqstudio.core.ngram_estimates import Smoothing, estimate, word_tokens

SPACE, LABELS = 1, 5  # blank, space, and the letters a to c as labels 2 to 4
TEXT = ["ab c ab", "abc a", "c ab a", "a", "ab c c", "cab"]


def spell(word: str) -> tuple[int, ...]:
    return tuple(2 + "abc".index(letter) for letter in word)


def text_of(labels: tuple[int, ...]) -> str:
    return "".join(" abc"[label - 1] for label in labels)


def word_model(smoothing: Smoothing = "kneser-ney") -> tuple[NGrams, tuple[str, ...]]:
    words, tokens = word_tokens([line.split() for line in TEXT])
    return estimate(tokens, size=FIRST_WORD + len(words), order=3, smoothing=smoothing), words


def letters_of(words: tuple[str, ...]) -> LetterNGrams:
    tokens = [[FIRST_WORD - 1 + label for label in spell(word)] for word in words]
    model = estimate(tokens, size=FIRST_WORD - 1 + LABELS, order=3, smoothing="witten-bell")
    return LetterNGrams(model, LABELS, space=SPACE)


def fused(weight: float = 1.0, bonus: float = 0.0) -> OpenVocabulary:
    model, words = word_model()
    spellings = [spell(word) for word in words]
    return OpenVocabulary(
        model, spellings, letters_of(words), space=SPACE, weight=weight, bonus=bonus
    )


def log_prob_of(text: str) -> float:
    """Return the log probability of a text by its definition, word by word."""
    model, words = word_model()
    letters = letters_of(words)
    tokens, total = [], 0.0
    for word in text.split():
        known = FIRST_WORD + words.index(word) if word in words else UNKNOWN
        distribution = model.distribution(context(model, tokens))
        spelled, state = 0.0, letters.start()
        for label in spell(word):
            spelled += float(letters.log_probs(state)[0][label])
            state = letters.following(state, label)
        unknown = distribution[UNKNOWN] + spelled + letters.log_probs(state)[1]
        total += float(np.logaddexp(distribution[known], unknown) if word in words else unknown)
        tokens.append(known)
    return total + float(model.distribution(context(model, tokens))[END])


def context(model: NGrams, tokens: list[int]) -> int:
    state = model.start()
    for token in tokens:
        state = int(model.advance(np.array([state]), np.array([token]))[1][0])
    return state


@pytest.mark.parametrize("text", ["ab c", "abc a", "cab", "bb", "ab bca c", "c c c", ""])
def test_letters_have_together_the_probability_of_their_words(text: str) -> None:
    model = fused()
    state, total = model.start(), 0.0
    for letter in text:
        label = 1 + " abc".index(letter)
        total += float(model.scores(state)[0][label])
        state = model.following(state, label)
    total += model.scores(state)[1]

    assert total == pytest.approx(log_prob_of(text), abs=1e-4)


def test_what_may_follow_within_a_word_has_probability_one() -> None:
    model = fused()
    for prefix in ("a", "ab", "b", "ab c"):
        state = model.start()
        for letter in prefix:
            state = model.following(state, 1 + " abc".index(letter))
        assert np.exp(model.scores(state)[0]).sum() == pytest.approx(1, abs=1e-3)


def test_two_spaces_never_follow_each_other() -> None:
    model = fused()
    between = model.following(model.following(model.start(), 2), SPACE)

    assert model.scores(model.start())[0][SPACE] == -np.inf
    assert model.scores(between)[0][SPACE] == -np.inf


def emissions(seed: int, frames: int) -> Floats:
    scores = 1.5 * np.random.default_rng(seed).standard_normal((frames, LABELS))
    found: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return found


def best_by_enumeration(frames: Floats, weight: float, bonus: float) -> dict[str, float]:
    """Return the score of every text, from all paths."""
    acoustic: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(LABELS), repeat=len(frames)):
        labels = tuple(label for label, _ in itertools.groupby(path) if label)
        log_prob = float(frames[np.arange(len(frames)), path].sum())
        acoustic[labels] = np.logaddexp(acoustic.get(labels, -np.inf), log_prob)
    scores = {}
    for labels, log_prob in acoustic.items():
        text = text_of(labels)
        if "  " in text or text.startswith(" "):
            continue
        scores[text] = log_prob + weight * log_prob_of(text) + bonus * len(text.split())
    return scores


@pytest.mark.parametrize("seed", [0, 1])
def test_the_beam_finds_the_best_sum_of_sound_and_language(seed: int) -> None:
    frames = emissions(seed, 5)
    automaton = LabelAutomaton(fused(weight=0.7, bonus=0.4), LABELS)
    found = prefix_beam(frames, beam=5000, floor=-np.inf, models=[automaton])
    expected = best_by_enumeration(frames, 0.7, 0.4)
    best = max(expected, key=lambda text: expected[text])

    assert text_of(found[0].labels) == best
    for hypothesis in found[:20]:
        text = text_of(hypothesis.labels)
        assert hypothesis.score == pytest.approx(expected[text], abs=1e-4)


def test_a_search_does_not_depend_on_those_before_it() -> None:
    automaton = LabelAutomaton(fused(), LABELS)
    first = prefix_beam(emissions(5, 20), beam=8, models=[automaton])
    prefix_beam(emissions(6, 20), beam=8, models=[automaton])

    assert prefix_beam(emissions(5, 20), beam=8, models=[automaton]) == first


def test_a_model_of_letters_scores_labels_and_shares_the_unknown_among_unseen_ones() -> None:
    model = LetterNGrams(letters_of(("ab", "ba")).model, LABELS)  # never a c, nor a space
    log_probs, end = model.log_probs(model.start())

    assert log_probs[0] == -np.inf
    assert log_probs[4] == pytest.approx(log_probs[SPACE])
    assert np.exp(log_probs).sum() + np.exp(end) == pytest.approx(1, abs=1e-5)
    assert model.following(model.start(), 4) != model.start()
