"""From aligned labels to words with times and confidence, and from words to segments."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import Segment, Word
from seqstudio.api.nn import AlignedLabel

PAUSE_S = 0.6  # silence between two words that begins a new segment
LONGEST_SEGMENT_S = 7.0  # what a reader of subtitles can take in

Seconds = Callable[[int, int], tuple[float, float]]


def words_of(text: str, aligned: Sequence[AlignedLabel], seconds: Seconds) -> tuple[Word, ...]:
    """Cut a spelled text at its spaces.

    Parameters
    ----------
    text : as many characters as `aligned` has labels
    aligned : where each character lies
    seconds : turns a half-open range of frames into seconds

    Returns
    -------
    Words in order. Confidence is the geometric mean of the probabilities of their characters,
    each over the frames on which it lies.
    """
    words = []
    for start, stop in _spans(text):
        inside = aligned[start:stop]
        start_s, end_s = seconds(inside[0].start_frame, inside[-1].end_frame)
        mean = sum(math.log(max(one.score, 1e-9)) for one in inside) / len(inside)
        words.append(
            Word(
                word=text[start:stop],
                start_s=start_s,
                end_s=end_s,
                confidence=round(math.exp(mean), 4),
            )
        )
    return tuple(words)


def spread(
    words: Sequence[Word], loud: NDArray[np.bool_], level_s: float, length_s: float
) -> tuple[Word, ...]:
    """Widen words over the sound around them: CTC marks a character on few of its frames.

    A word grows over loud levels, at most to halfway to its neighbours.

    Parameters
    ----------
    words : in order, with times from the start of the chunk
    loud : (N,) whether each stretch of `level_s` is loud
    length_s : of the chunk
    """
    edges = [0.0, *(edge for word in words for edge in (word.start_s, word.end_s)), length_s]
    middles = [(a + b) / 2 for a, b in zip(edges[::2], edges[1::2], strict=True)]
    middles[0], middles[-1] = 0.0, length_s
    return tuple(
        dataclasses.replace(
            word,
            start_s=min(word.start_s, _quiet_before(loud, word.start_s, low, level_s)),
            end_s=max(word.end_s, _quiet_after(loud, word.end_s, high, level_s)),
        )
        for word, low, high in zip(words, middles, middles[1:], strict=False)
    )


def _quiet_before(loud: NDArray[np.bool_], from_s: float, low_s: float, level_s: float) -> float:
    """Go back from a time as long as it is loud, and not before `low_s`."""
    at = min(int(from_s / level_s), len(loud))
    while at > 0 and loud[at - 1]:
        at -= 1
    return max(low_s, at * level_s)


def _quiet_after(loud: NDArray[np.bool_], from_s: float, high_s: float, level_s: float) -> float:
    """Go on from a time as long as it is loud, and not after `high_s`."""
    at = math.ceil(from_s / level_s)
    while at < len(loud) and loud[at]:
        at += 1
    return min(high_s, at * level_s)


def segments_of(words: Sequence[Word]) -> tuple[Segment, ...]:
    """Gather words into segments, cut at pauses and before they grow too long to read."""
    groups: list[list[Word]] = []
    for word in words:
        group = groups[-1] if groups else []
        fits = group and word.start_s - group[-1].end_s < PAUSE_S
        if fits and word.end_s - group[0].start_s <= LONGEST_SEGMENT_S:
            group.append(word)
        else:
            groups.append([word])
    return tuple(_segment(group) for group in groups)


def _segment(words: list[Word]) -> Segment:
    known = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=" ".join(word.word for word in words),
        confidence=round(sum(known) / len(known), 4) if known else None,
        words=tuple(words),
    )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the half-open spans of text between spaces."""
    start = 0
    for part in text.split(" "):
        if part:
            yield start, start + len(part)
        start += len(part) + 1
