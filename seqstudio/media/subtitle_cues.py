"""Split a transcript into subtitle cues: at most two short lines, one cue at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from textwrap import wrap

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.media.word_times import estimate_word_times

MAX_LINE_LENGTH = 42  # characters
MAX_LINES = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """Text that is shown together; times in milliseconds from the start."""

    start_ms: int
    end_ms: int
    text: str  # with line breaks


def subtitle_cues(transcript: Transcript) -> list[Cue]:
    """Split a transcript into cues that do not overlap; segments without words are left out.

    A segment that needs more than two lines becomes several cues, timed by its words. If two cues
    overlap, the first ends where the second starts; if both start at once, they share the time.
    """
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    cues = [cue for one in transcript.segments or (whole,) for cue in _segment_cues(one)]
    cues.sort(key=lambda cue: cue.start_ms)
    for at in range(1, len(cues)):
        cues[at - 1 : at + 1] = _without_overlap(cues[at - 1], cues[at])
    return cues


def _without_overlap(first: Cue, second: Cue) -> tuple[Cue, Cue]:
    """End a cue no later than the next one starts."""
    if first.end_ms <= second.start_ms:
        return first, second
    boundary_ms = second.start_ms
    if boundary_ms <= first.start_ms:
        half_ms = (min(first.end_ms, second.end_ms) - first.start_ms) // 2
        boundary_ms = first.start_ms + max(half_ms, 1)
    end_ms = max(second.end_ms, boundary_ms + 1)
    return replace(first, end_ms=boundary_ms), replace(second, start_ms=boundary_ms, end_ms=end_ms)


def _segment_cues(segment: Segment) -> Iterator[Cue]:
    """Yield the cues of a segment; together they span its time."""
    texts = segment.text.split()
    words = segment.words
    if len(words) != len(texts):  # the text was edited
        words = estimate_word_times(texts, segment.start_s, segment.end_s)
    boundaries = [*_cue_starts(texts, 0, len(texts)), len(texts)]
    for first, last in pairwise(boundaries):
        start_s = words[first].start_s if first else segment.start_s
        end_s = words[last - 1].end_s if last < len(texts) else segment.end_s
        start_ms = round(start_s * 1000)
        end_ms = max(round(end_s * 1000), start_ms + 1)
        yield Cue(start_ms, end_ms, "\n".join(_lines(texts[first:last])))


def _cue_starts(texts: Sequence[str], first: int, last: int) -> Iterator[int]:
    """Yield the index of each cue's first word: halve the text until each part fits."""
    if first == last:
        return
    if last - first == 1 or len(wrap(" ".join(texts[first:last]), MAX_LINE_LENGTH)) <= MAX_LINES:
        yield first
        return
    middle = first + _middle(texts[first:last])
    yield from _cue_starts(texts, first, middle)
    yield from _cue_starts(texts, middle, last)


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    """Break a text into two lines of similar length if it does not fit on one."""
    whole = " ".join(texts)
    if len(whole) <= MAX_LINE_LENGTH or len(texts) == 1:
        return (whole,)
    middle = _middle(texts)
    return " ".join(texts[:middle]), " ".join(texts[middle:])


def _middle(texts: Sequence[str]) -> int:
    """Return the index, at least 1, of the word that splits the characters most evenly."""
    ends = list(accumulate(len(text) + 1 for text in texts))
    return min(range(1, len(texts)), key=lambda n: abs(2 * ends[n - 1] - ends[-1]))
