"""Known words placed in a recording by forced alignment, which may hold more than the words."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Word
from seqstudio.api.nn import AlignedLabel, align, frames_needed
from seqstudio_speech.pauses import LEVEL_S
from seqstudio_speech.posteriors import HeardChunk, Posteriors
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.scripts import spans
from seqstudio_speech.words import attached_of, widen

Floats = NDArray[np.float64]

ANYTHING_COST = 0.7  # nats a frame, by which a letter that is given beats what may be anything


@dataclass(frozen=True, slots=True)
class Unit:
    """A word of a line: its place in the line, and the labels it is found by, maybe none."""

    start: int
    stop: int
    labels: tuple[int, ...]
    spaced: bool  # whether a space is before it


def units_of(recogniser: Recogniser, line: str) -> list[Unit]:
    """Return the words of a line; in scripts without spaces, its characters."""
    alphabet = recogniser.alphabet
    return [
        Unit(start, stop, alphabet.encode_known(line[start:stop]), spaced=not attached)
        for (start, stop), attached in zip(spans(line), attached_of(line), strict=True)
    ]


def align_lines(
    recogniser: Recogniser, posteriors: Posteriors, lines: Sequence[str]
) -> list[tuple[Word, ...]]:
    """Place the words of lines in a recording, in order; return those of each line.

    Before, between and after the lines the recording may hold anything, as it may where a word has
    no letter that the model knows: such a word has no confidence. Memory grows with the length of
    the recording alone.

    Raises
    ------
    DataError
        If the recording is too short for the text.
    """
    chunks = [chunk for chunk in posteriors.chunks if chunk.labels]
    if not chunks:
        raise DataError("nothing was said in the recording, expected the text")
    heard = [chunk.log_probs().numpy() for chunk in chunks]
    frames = np.concatenate(heard)
    frames = np.concatenate([frames, anything(frames)[:, None]], axis=1)
    units = [units_of(recogniser, line) for line in lines]
    sequence = _Sequence(frames.shape[1] - 1, recogniser.alphabet.encode_space())
    places = [sequence.add_line(line) for line in units]
    if (needed := frames_needed(sequence.labels)) > len(frames):
        found = f"{len(frames)} frames for a text of {len(sequence.labels)} letters"
        raise DataError(f"{found}, expected at least {needed}")
    aligned = align(frames, sequence.labels)
    words = _Words(recogniser, chunks, [len(one) for one in heard])
    for line, own, spans_of_line in zip(lines, units, places, strict=True):
        for unit, (first, last) in zip(own, spans_of_line, strict=True):
            words.add(line[unit.start : unit.stop], aligned[first:last], known=bool(unit.labels))
    placed = iter(words.widened())
    return [tuple(itertools.islice(placed, len(line))) for line in units]


class _Sequence:
    """The labels to align: the words of lines, spaces between, and anything around the lines."""

    def __init__(self, any_label: int, space: int) -> None:
        self.any_label, self.space = any_label, space
        self.labels: list[int] = [any_label]

    def add_line(self, units: Sequence[Unit]) -> list[tuple[int, int]]:
        """Add a line; return the half-open span of each of its words."""
        places = []
        for number, unit in enumerate(units):
            if number and self.space and self.labels[-1] != self.any_label and unit.spaced:
                self.labels.append(self.space)
            start = len(self.labels)
            self.labels += unit.labels or (self.any_label,)
            places.append((start, len(self.labels)))
        self.labels.append(self.any_label)
        return places


class _Words:
    """Words with times in the chunk that they begin in, and at last in the recording."""

    def __init__(
        self, recogniser: Recogniser, chunks: Sequence[HeardChunk], lengths: Sequence[int]
    ) -> None:
        self.recogniser, self.chunks = recogniser, chunks
        self.starts = np.cumsum([0, *lengths])
        self.words: list[tuple[int, Word]] = []

    def add(self, text: str, aligned: Sequence[AlignedLabel], *, known: bool) -> None:
        """Add a word with the frames of its labels."""
        first, last = aligned[0].start_frame, aligned[-1].end_frame
        at = int(np.searchsorted(self.starts, first, side="right")) - 1
        begin, end = int(self.starts[at]), int(self.starts[at + 1])
        start_s, end_s = self.recogniser.seconds(first - begin, min(last, end) - begin)
        length_s = self.chunks[at].length_s
        mean = sum(math.log(max(one.score, 1e-9)) for one in aligned) / len(aligned)
        word = Word(
            word=text,
            start_s=min(max(0.0, start_s), length_s),
            end_s=min(max(0.0, end_s), length_s),
            confidence=round(math.exp(mean), 4) if known else None,
        )
        self.words.append((at, word))

    def widened(self) -> Iterator[Word]:
        """Yield the words with times in the recording, widened over the loud audio around them."""
        for at, group in itertools.groupby(self.words, key=lambda one: one[0]):
            chunk = self.chunks[at]
            own = [word for _, word in group]
            for word in widen(own, chunk.loud_levels(), LEVEL_S, chunk.length_s):
                start_s, end_s = chunk.start_s + word.start_s, chunk.start_s + word.end_s
                yield replace(word, start_s=round(start_s, 3), end_s=round(end_s, 3))


def anything(log_probs: Floats) -> Floats:
    """Return the (T,) log probabilities of a label that stands for anything, speech or silence."""
    blank = np.minimum(log_probs[:, 0], -1e-9)
    return np.asarray(np.maximum(blank, np.log(-np.expm1(blank)))) - ANYTHING_COST
