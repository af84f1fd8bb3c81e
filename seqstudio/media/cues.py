"""Subtitles of a transcript by the usual rules: short lines, two at most, one cue at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from textwrap import wrap

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.media.word_times import spread

LETTERS = 42  # in a line
LINES = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once; milliseconds from the start."""

    start_ms: int
    end_ms: int
    text: str  # with its line breaks


def cues_of(transcript: Transcript) -> list[Cue]:
    """Cut a transcript into cues that follow each other; segments without words are left out.

    A segment that needs more than two lines becomes several cues, each at the time of its words.
    Where people speak at once, a cue ends when the next begins; two that begin at once share
    their time.
    """
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    cues = [cue for one in transcript.segments or (whole,) for cue in _cut(one)]
    cues.sort(key=lambda cue: cue.start_ms)
    for at in range(1, len(cues)):
        cues[at - 1 : at + 1] = _apart(cues[at - 1], cues[at])
    return cues


def _apart(first: Cue, second: Cue) -> tuple[Cue, Cue]:
    """End a cue where the next one begins, at the latest."""
    if first.end_ms <= second.start_ms:
        return first, second
    part_ms = second.start_ms
    if part_ms <= first.start_ms:
        half_ms = (min(first.end_ms, second.end_ms) - first.start_ms) // 2
        part_ms = first.start_ms + max(half_ms, 1)
    end_ms = max(second.end_ms, part_ms + 1)
    return replace(first, end_ms=part_ms), replace(second, start_ms=part_ms, end_ms=end_ms)


def _cut(segment: Segment) -> Iterator[Cue]:
    """Give the cues of a segment: the first begins, and the last ends, with it."""
    texts = segment.text.split()
    words = segment.words
    if len(words) != len(texts):  # its text was written otherwise
        words = spread(texts, segment.start_s, segment.end_s)
    edges = [*_edges(texts, 0, len(texts)), len(texts)]
    for first, last in pairwise(edges):
        start_s = words[first].start_s if first else segment.start_s
        end_s = words[last - 1].end_s if last < len(texts) else segment.end_s
        start_ms = round(start_s * 1000)
        end_ms = max(round(end_s * 1000), start_ms + 1)
        yield Cue(start_ms, end_ms, "\n".join(_lines(texts[first:last])))


def _edges(texts: Sequence[str], first: int, last: int) -> Iterator[int]:
    """Give the words with which cues begin: halves of halves, until each fits."""
    if first == last:
        return
    if last - first == 1 or len(wrap(" ".join(texts[first:last]), LETTERS)) <= LINES:
        yield first
        return
    middle = first + _middle(texts[first:last])
    yield from _edges(texts, first, middle)
    yield from _edges(texts, middle, last)


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    """Break what fits into two lines as evenly as can be, if one is too short for it."""
    whole = " ".join(texts)
    if len(whole) <= LETTERS or len(texts) == 1:
        return (whole,)
    middle = _middle(texts)
    return " ".join(texts[:middle]), " ".join(texts[middle:])


def _middle(texts: Sequence[str]) -> int:
    """Give the word, not the first, before and after which are about as many letters."""
    ends = list(accumulate(len(text) + 1 for text in texts))
    return min(range(1, len(texts)), key=lambda n: abs(2 * ends[n - 1] - ends[-1]))
