"""From aligned labels to words with times and confidence, and from words to segments."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import Segment, Word
from seqstudio.api.nn import AlignedLabel
from seqstudio_speech.scripts import joined, spans

PAUSE_S = 0.6  # a silence between two words this long begins a new segment
LONGEST_SEGMENT_S = 7.0  # what a reader of subtitles can follow

Seconds = Callable[[int, int], tuple[float, float]]


def words_of(text: str, aligned: Sequence[AlignedLabel], seconds: Seconds) -> tuple[Word, ...]:
    """Split a decoded text into words; in scripts without spaces, into characters.

    Parameters
    ----------
    text : as many characters as `aligned` has labels
    aligned : the frames of each character
    seconds : turns a half-open range of frames into seconds

    Returns
    -------
    Words in order. Confidence is the geometric mean of the scores of a word's characters.
    """
    words = []
    for start, stop in spans(text):
        inside = aligned[start:stop]
        start_s, end_s = seconds(inside[0].start_frame, inside[-1].end_frame)
        mean = sum(math.log(max(label.score, 1e-9)) for label in inside) / len(inside)
        words.append(
            Word(
                word=text[start:stop],
                start_s=start_s,
                end_s=end_s,
                confidence=round(math.exp(mean), 4),
            )
        )
    return tuple(words)


def widen(
    words: Sequence[Word], loud: NDArray[np.bool_], level_s: float, length_s: float
) -> tuple[Word, ...]:
    """Widen words over the loud audio around them, because CTC marks few frames of a character.

    A word extends over adjacent loud levels, at most halfway to its neighbours.

    Parameters
    ----------
    words : in order, with times from the start of the chunk
    loud : (N,) bool, whether each interval of `level_s` is loud
    level_s : length of an interval
    length_s : length of the chunk
    """
    edges = [0.0, *(edge for word in words for edge in (word.start_s, word.end_s)), length_s]
    middles = [(end + start) / 2 for end, start in zip(edges[::2], edges[1::2], strict=True)]
    middles[0], middles[-1] = 0.0, length_s
    return tuple(
        dataclasses.replace(
            word,
            start_s=min(word.start_s, _loud_since(loud, word.start_s, low, level_s)),
            end_s=max(word.end_s, _loud_until(loud, word.end_s, high, level_s)),
        )
        for word, low, high in zip(words, middles, middles[1:], strict=False)
    )


def _loud_since(loud: NDArray[np.bool_], from_s: float, low_s: float, level_s: float) -> float:
    """Return how far back from a time it is loud, at earliest `low_s`."""
    level = min(int(from_s / level_s), len(loud))
    while level > 0 and loud[level - 1]:
        level -= 1
    return max(low_s, level * level_s)


def _loud_until(loud: NDArray[np.bool_], from_s: float, high_s: float, level_s: float) -> float:
    """Return until when after a time it is loud, at latest `high_s`."""
    level = math.ceil(from_s / level_s)
    while level < len(loud) and loud[level]:
        level += 1
    return min(high_s, level * level_s)


def attached_of(text: str) -> tuple[bool, ...]:
    """Return for each word of a text whether it follows the last one without a space."""
    return tuple(start > 0 and text[start - 1] != " " for start, _ in spans(text))


def segments_of(
    words: Sequence[Word], attached: Sequence[bool] | None = None
) -> tuple[Segment, ...]:
    """Group words into segments; a new one begins at a pause, or when one is too long to read.

    Parameters
    ----------
    words : in order
    attached : whether each follows the last one without a space; None: none does
    """
    groups: list[list[tuple[Word, bool]]] = []
    for word, follows in zip(words, attached or [False] * len(words), strict=True):
        group = groups[-1] if groups else []
        fits = group and word.start_s - group[-1][0].end_s < PAUSE_S
        if fits and word.end_s - group[0][0].start_s <= LONGEST_SEGMENT_S:
            group.append((word, follows))
        else:
            groups.append([(word, follows)])
    return tuple(_segment(group) for group in groups)


def _segment(group: list[tuple[Word, bool]]) -> Segment:
    words = [word for word, _ in group]
    return Segment(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=joined((word.word, follows) for word, follows in group),
        confidence=mean_confidence(words),
        words=tuple(words),
    )


def mean_confidence(words: Sequence[Word]) -> float | None:
    """Return the mean confidence of words; None if it is known of none."""
    known = [word.confidence for word in words if word.confidence is not None]
    return round(sum(known) / len(known), 4) if known else None
