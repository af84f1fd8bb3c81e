"""Phrases in a search: every whole occurrence is rewarded once, and nothing else is."""

import numpy as np
import pytest

from seqstudio.core.ctc_beam import prefix_beam
from seqstudio.core.label_automaton import LabelAutomaton
from seqstudio.core.label_phrases import Phrases

SPACE, LABELS = 1, 5
LETTERS = " abc"


def coded(text: str) -> tuple[int, ...]:
    return tuple(1 + LETTERS.index(letter) for letter in text)


def given(model: Phrases, text: str) -> float:
    """Return all that a model gives to a text, its end included."""
    state, total = model.start(), 0.0
    for label in coded(text):
        total += float(model.scores(state)[0][label])
        state = model.following(state, label)
    return total + model.scores(state)[1]


def occurrences(text: str, phrase: str) -> int:
    padded = f" {text} "
    return sum(padded.startswith(f" {phrase} ", at) for at in range(len(padded)))


@pytest.mark.parametrize("seed", range(20))
def test_a_text_gets_the_reward_of_the_whole_phrases_in_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    phrases = {"ab", "ab c", "ab c ba", "c ba", "b", "c a b", "ab cc"}
    text = " ".join(generator.choice(["ab", "c", "ba", "b", "a", "cc", "abc"], size=12))
    model = Phrases(map(coded, sorted(phrases)), LABELS, space=SPACE, reward=0.5)
    alone = {"ab", "b", "c ba"}  # none of which is part of another
    single = Phrases(map(coded, sorted(alone)), LABELS, space=SPACE, reward=0.5)
    letters = sum(occurrences(text, phrase) * (len(phrase) + 1) for phrase in alone)

    assert given(single, text) == pytest.approx(0.5 * letters)
    assert given(model, text) >= given(single, text) - 1e-9


def test_a_phrase_that_is_not_completed_costs_nothing() -> None:
    model = Phrases([coded("ab c")], LABELS, space=SPACE, reward=1.0)

    assert given(model, "ab b") == pytest.approx(0)
    assert given(model, "ab cc") == pytest.approx(0)
    assert given(model, "bab c") == pytest.approx(0)
    assert given(model, "b ab c a") == pytest.approx(5)


def test_scores_agree_with_steps_for_every_label() -> None:
    model = Phrases(map(coded, ("ab", "b ca", "ca")), LABELS, space=SPACE, reward=1.0)
    state = model.start()
    for label in coded("b ab ca b"):
        scores, _ = model.scores(state)
        for other in range(1, LABELS):
            after = model.following(state, other)
            expected = model.pending[after] - model.pending[state] + model.final[after]
            assert scores[other] == pytest.approx(expected)
        state = model.following(state, label)


def test_without_spaces_phrases_are_found_anywhere() -> None:
    model = Phrases([(3, 4)], LABELS, space=0, reward=1.0)
    state, total = model.start(), 0.0
    for label in (2, 3, 4, 2):
        total += float(model.scores(state)[0][label])
        state = model.following(state, label)

    assert total + model.scores(state)[1] == pytest.approx(2)


def test_a_phrase_turns_a_close_decision() -> None:
    probs = np.full((3, LABELS), 0.01)
    probs[0, 2] = probs[2, 4] = 0.96  # a, then b or c, then c
    probs[1, 3], probs[1, 4], probs[1, 0] = 0.3, 0.02, 0.65
    automaton = LabelAutomaton(Phrases([coded("abc")], LABELS, space=SPACE, reward=1.0), LABELS)

    assert prefix_beam(np.log(probs), beam=8)[0].labels == coded("ac")
    assert prefix_beam(np.log(probs), beam=8, models=[automaton])[0].labels == coded("abc")
