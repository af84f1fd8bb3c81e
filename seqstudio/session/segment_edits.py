"""Edits of the segments and words of a transcript."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.errors import SessionError
from seqstudio.media.word_times import estimate_word_times, with_word_times

MIN_DURATION_S = 0.001  # of the words of a segment


def with_segments(
    transcript: Transcript, first: int, count: int, segments: Sequence[Segment]
) -> Transcript:
    """Replace `count` segments from `first` on, and update the whole text.

    Raises
    ------
    SessionError
        If there are fewer segments.
    """
    if first < 0 or count < 0 or first + count > len(transcript.segments):
        found = len(transcript.segments)
        raise SessionError(f"segments {first}+{count}, expected some of the {found} there are")
    before, after = transcript.segments[:first], transcript.segments[first + count :]
    every = (*before, *segments, *after)
    return replace(transcript, segments=every, text=_joined(one.text for one in every))


def with_whole_text(transcript: Transcript) -> Transcript:
    """Set the whole text to that of the segments, if there are any."""
    if not transcript.segments:
        return transcript
    return replace(transcript, text=_joined(segment.text for segment in transcript.segments))


def segment_of(transcript: Transcript, number: int) -> Segment:
    """Return a segment by its index.

    Raises
    ------
    SessionError
        If there is none.
    """
    if not 0 <= number < len(transcript.segments):
        raise SessionError(f"segment={number}, expected 0 to {len(transcript.segments) - 1}")
    return transcript.segments[number]


def with_word(segment: Segment, number: int, text: str) -> Segment:
    """Replace the text of a word: no text removes it, several words share its time.

    Words that the user wrote have no confidence, nor does their segment.

    Raises
    ------
    SessionError
        If there is no such word.
    """
    word = segment.words[_word(segment, number)]
    texts, spoken = text.split(), _spoken(segment)
    timed = estimate_word_times(texts, word.start_s, word.end_s)
    words = (*segment.words[:number], *timed, *segment.words[number + 1 :])
    spoken[number : number + 1] = texts
    return _by_hand(segment, words=words, text=" ".join(spoken))


def split(segment: Segment, number: int, at_s: float | None = None) -> tuple[Segment, Segment]:
    """Split a segment before a word.

    A segment without word times is split at `at_s` if that lies within it, else at a time estimated
    from the letters; both parts then count as edited by the user.

    Raises
    ------
    SessionError
        If there is no such word, or it is the first.
    """
    known = with_word_times(segment)
    if _word(known, number) == 0:
        raise SessionError("word=0 begins its segment already, expected a later one")
    before, after = known.words[:number], known.words[number:]
    spoken = _spoken(known)
    first = replace(segment, end_s=before[-1].end_s, text=" ".join(spoken[:number]))
    second = replace(segment, start_s=after[0].start_s, text=" ".join(spoken[number:]))
    if segment.words:
        return replace(first, words=before), replace(second, words=after)
    inside = at_s is not None and segment.start_s < at_s < segment.end_s
    split_s = at_s if inside else after[0].start_s
    return _by_hand(first, end_s=split_s), _by_hand(second, start_s=split_s)


def merged(first: Segment, second: Segment) -> Segment:
    """Merge two segments; the result has the first one's speaker, channel and tier.

    If only one has word times, those of the other are estimated from the letters.
    """
    if first.words or second.words:
        first, second = with_word_times(first), with_word_times(second)
    return replace(
        first,
        start_s=min(first.start_s, second.start_s),
        end_s=max(first.end_s, second.end_s),
        text=_joined((first.text, second.text)),
        words=(*first.words, *second.words),
        confidence=None,
        origin=first.origin if first.origin == second.origin else "human",
    )


def with_times(segment: Segment, start_s: float, end_s: float) -> Segment:
    """Change a segment's start and end; if a word would lie outside, all words are rescaled.

    Raises
    ------
    SessionError
        If the end is not after the start.
    """
    if end_s <= start_s:
        raise SessionError(f"end_s={end_s:g}, expected more than start_s={start_s:g}")
    words = segment.words
    if words and (words[0].start_s < start_s or words[-1].end_s > end_s):
        first_s, last_s = words[0].start_s, max(word.end_s for word in words)
        scale = (end_s - start_s) / max(last_s - first_s, MIN_DURATION_S)
        words = tuple(
            replace(
                word,
                start_s=start_s + (word.start_s - first_s) * scale,
                end_s=start_s + (word.end_s - first_s) * scale,
            )
            for word in words
        )
    return replace(segment, start_s=start_s, end_s=end_s, words=words, origin="human")


def _by_hand(segment: Segment, **changes: Any) -> Segment:
    """Change a segment as edited by the user, which clears the model's confidence."""
    return replace(segment, **changes, origin="human", confidence=None)


def _word(segment: Segment, number: int) -> int:
    if not 0 <= number < len(segment.words):
        raise SessionError(f"word={number}, expected 0 to {len(segment.words) - 1}")
    return number


def _spoken(segment: Segment) -> list[str]:
    """Return the text of each word, with punctuation if the text has the same number of words."""
    texts = segment.text.split()
    return texts if len(texts) == len(segment.words) else [word.word for word in segment.words]


def _joined(texts: Iterable[str]) -> str:
    return " ".join(text for text in texts if text)
