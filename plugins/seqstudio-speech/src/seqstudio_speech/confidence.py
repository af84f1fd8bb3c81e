"""Confidence of words by the hypotheses of the beam, and its calibration."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from seqstudio.api import Word
from seqstudio_speech.scripts import spans

Floats = NDArray[np.float64]

TEMPERATURE = 2.0  # the scores of a beam differ by more than its hypotheses' chances
MOST_ALTERNATIVES, LEAST_LIKELY = 5, 0.005  # of a word
LEAST = 1e-4  # probabilities are at least this far from 0 and 1
PENALTY = 0.01  # on the squares of the coefficients, so that few words give finite ones
STEPS = 50  # of Newton's method, which converges in fewer than ten


def rated(
    words: tuple[Word, ...],
    texts: Sequence[str],
    scores: Sequence[float],
    coefficients: Sequence[float],
) -> tuple[Word, ...]:
    """Give words the probability that they are right, by the beam and by the sound.

    Parameters
    ----------
    words : of the best hypothesis; their confidence is that of the sound
    texts, scores : of all hypotheses, the best first; scores in nats
    coefficients : of a logistic function: its offset, and the slopes of the log odds of a word in
        the beam, and in the sound; none: the share in the beam is the confidence
    """
    shares = beam_shares([word.word for word in words], texts, scores)
    if coefficients:
        sound = np.array([word.confidence for word in words], np.float64)
        shares = logistic(features(shares, sound) @ np.array(coefficients))
    return tuple(
        dataclasses.replace(word, confidence=round(float(share), 4))
        for word, share in zip(words, shares, strict=True)
    )


def beam_shares(best: Sequence[str], texts: Sequence[str], scores: Sequence[float]) -> Floats:
    """Return the share of the hypotheses, by their scores, that have each word of the best."""
    weights = np.exp((np.array(scores) - scores[0]) / TEMPERATURE)
    shares = np.zeros(len(best))
    for weight, text in zip(weights / weights.sum(), texts, strict=True):
        shares += weight
        for edit in Levenshtein.editops(best, [text[start:stop] for start, stop in spans(text)]):
            if edit.tag != "insert":
                shares[edit.src_pos] -= weight
    return shares


def with_alternatives(
    words: tuple[Word, ...], texts: Sequence[str], scores: Sequence[float]
) -> tuple[Word, ...]:
    """Give words what other hypotheses of the beam have in their place; "" for no word.

    They share, by the scores of their hypotheses, the doubt that the word's confidence leaves.

    Parameters
    ----------
    words : of the best hypothesis, with their confidence
    texts, scores : of all hypotheses, the best first; scores in nats
    """
    found = rivals([word.word for word in words], texts, scores)
    return tuple(
        dataclasses.replace(word, alternatives=_likely(others, 1 - (word.confidence or 0.0)))
        for word, others in zip(words, found, strict=True)
    )


def rivals(
    best: Sequence[str], texts: Sequence[str], scores: Sequence[float]
) -> list[dict[str, float]]:
    """Return for each word of the best what others have in its place, and the share of these."""
    weights = np.exp((np.array(scores) - scores[0]) / TEMPERATURE)
    found: list[dict[str, float]] = [{} for _ in best]
    for weight, text in zip(weights / weights.sum(), texts, strict=True):
        words = [text[start:stop] for start, stop in spans(text)]
        for edit in Levenshtein.editops(best, words):
            if edit.tag != "insert":
                other = words[edit.dest_pos] if edit.tag == "replace" else ""
                here = found[edit.src_pos]
                here[other] = here.get(other, 0.0) + float(weight)
    return found


def _likely(others: dict[str, float], doubt: float) -> dict[str, float]:
    """Return the likeliest alternatives; all of them together have this probability."""
    whole = sum(others.values())
    scaled = {word: round(doubt * share / whole, 4) for word, share in others.items()}
    ordered = sorted(scaled.items(), key=lambda one: (-one[1], one[0]))
    return dict(one for one in ordered[:MOST_ALTERNATIVES] if one[1] >= LEAST_LIKELY)


def features(shares: Floats, sound: Floats) -> Floats:
    """Return the (W, 3) inputs of the logistic function: 1 and the log odds of each."""
    return np.stack([np.ones(len(shares)), log_odds(shares), log_odds(sound)], axis=1)


def log_odds(probabilities: Floats) -> Floats:
    """Return log p / (1 - p), with p kept from 0 and 1."""
    clipped = np.clip(probabilities, LEAST, 1 - LEAST)
    return np.asarray(np.log(clipped / (1 - clipped)))


def logistic(values: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-values)))


def fit_coefficients(inputs: Floats, right: Floats) -> tuple[float, ...]:
    """Fit the logistic function to words, by Newton's method (Platt 1999).

    Parameters
    ----------
    inputs : (W, 3), from `features`
    right : (W,), 1 for a word that is right, else 0
    """
    found = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        chances = logistic(inputs @ found)
        gradient = inputs.T @ (chances - right) + PENALTY * found
        curvature = (inputs.T * (chances * (1 - chances))) @ inputs
        found = found - np.linalg.solve(curvature + PENALTY * np.eye(len(found)), gradient)
    return tuple(round(float(value), 4) for value in found)
