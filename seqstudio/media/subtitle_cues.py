"""Split a transcript into subtitle cues: at most two short lines, one cue at a time."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.media.word_times import estimate_word_times, segments_of, spaced_words

MAX_LINES = 2
USUAL = Presentation()


@dataclass(frozen=True, slots=True)
class Cue:
    """Text that is shown together; times in milliseconds from the start."""

    start_ms: int
    end_ms: int
    text: str  # with line breaks
    speaker: str = ""


def subtitle_cues(
    transcript: Transcript, presentation: Presentation = USUAL, *, named: bool = False
) -> list[Cue]:
    """Split a transcript into cues that do not overlap; segments without words are left out.

    A segment that needs more than two lines becomes several cues, timed by its words. If two cues
    overlap, the first ends where the second starts; if both start at once, they share the time.
    A cue that is too short to be read stays until it is read or the next one starts.

    Parameters
    ----------
    transcript : with or without segments
    presentation : how long lines may be, and how long cues stay
    named : begin the text with who speaks, where that changes
    """
    segments = segments_of(transcript)
    if named:
        segments = tuple(_with_names(segments))
    cues = [cue for one in segments for cue in _segment_cues(one, presentation.line_length)]
    cues.sort(key=lambda cue: cue.start_ms)
    for at in range(1, len(cues)):
        cues[at - 1 : at + 1] = _without_overlap(cues[at - 1], cues[at])
    ends_ms = [*(cue.start_ms for cue in cues[1:]), round(transcript.duration_s * 1000)]
    return [
        _readable(cue, end_ms, presentation) for cue, end_ms in zip(cues, ends_ms, strict=False)
    ]


def _with_names(segments: Sequence[Segment]) -> Iterator[Segment]:
    speaker = None
    for segment in sorted(segments, key=lambda one: one.start_s):
        if segment.speaker and segment.speaker != speaker and segment.text.strip():
            yield _named(segment)
        else:
            yield segment
        speaker = segment.speaker


def _named(segment: Segment) -> Segment:
    """Return a segment whose text and first word begin with its speaker."""
    name = f"{segment.speaker}: "
    first, *others = segment.words or (None,)
    words = (replace(first, word=name + first.word), *others) if first else ()
    return replace(segment, text=name + segment.text.lstrip(), words=words)


def _readable(cue: Cue, latest_ms: int, presentation: Presentation) -> Cue:
    """Return a cue that stays long enough to be read, but not past `latest_ms`."""
    reading_s = len(cue.text) / presentation.reading_speed
    wanted_ms = cue.start_ms + round(max(presentation.least_s, reading_s) * 1000)
    return replace(cue, end_ms=max(cue.end_ms, min(wanted_ms, latest_ms)))


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


def _segment_cues(segment: Segment, longest: int) -> Iterator[Cue]:
    """Yield the cues of a segment, with lines of at most `longest`; they span its time."""
    texts = _texts(segment, longest)
    words = segment.words
    if len(words) != len(texts):  # the text was edited
        words = estimate_word_times(texts, segment.start_s, segment.end_s)
    boundaries = [*_cue_starts(texts, 0, len(texts), longest), len(texts)]
    for first, last in pairwise(boundaries):
        start_s = words[first].start_s if first else segment.start_s
        end_s = words[last - 1].end_s if last < len(texts) else segment.end_s
        start_ms = round(start_s * 1000)
        end_ms = max(round(end_s * 1000), start_ms + 1)
        text = "\n".join(_lines(texts[first:last], longest))
        yield Cue(start_ms, end_ms, text, segment.speaker or "")


def _texts(segment: Segment, longest: int) -> list[str]:
    """Return the words of a segment's text, each with the space after it.

    One that has no time of its own and is too long for a line is broken.
    """
    words = spaced_words(segment)
    if len(words) == len(segment.words):
        return words
    return [part for word in words for part in _broken(word, longest)]


def _broken(word: str, longest: int) -> Iterator[str]:
    """Yield parts that fit on a line; a mark stays with its letter."""
    start = 0
    while len(word.rstrip()) - start > longest:
        stop = start + longest
        while stop > start + 1 and unicodedata.category(word[stop])[0] == "M":
            stop -= 1
        yield word[start:stop]
        start = stop
    yield word[start:]


def _cue_starts(texts: Sequence[str], first: int, last: int, longest: int) -> Iterator[int]:
    """Yield the index of each cue's first word: halve the text until each part fits."""
    if first == last:
        return
    lines = _lines(texts[first:last], longest)  # at most `MAX_LINES`
    if last - first == 1 or all(len(line) <= longest for line in lines):
        yield first
        return
    middle = first + _middle(texts[first:last])
    yield from _cue_starts(texts, first, middle, longest)
    yield from _cue_starts(texts, middle, last, longest)


def _lines(texts: Sequence[str], longest: int) -> tuple[str, ...]:
    """Break a text into two lines of similar length if it does not fit on one."""
    whole = "".join(texts).strip()
    if len(whole) <= longest or len(texts) == 1:
        return (whole,)
    middle = _middle(texts)
    return "".join(texts[:middle]).strip(), "".join(texts[middle:]).strip()


def _middle(texts: Sequence[str]) -> int:
    """Return the index, at least 1, of the word that splits the characters most evenly."""
    ends = list(accumulate(map(len, texts)))
    return min(range(1, len(texts)), key=lambda n: abs(2 * ends[n - 1] - ends[-1]))
