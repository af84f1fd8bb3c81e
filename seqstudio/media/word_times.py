"""Words of a segment: each with the space after it, and with a time where none is known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from seqstudio.contracts.transcript import Segment, Transcript, Word


def segments_of(transcript: Transcript) -> tuple[Segment, ...]:
    """Return the segments of a transcript; without any, its whole text is one."""
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    return transcript.segments or ((whole,) if transcript.text else ())


def estimate_word_times(texts: Sequence[str], start_s: float, end_s: float) -> tuple[Word, ...]:
    """Divide a span of time among words, in proportion to their length in characters.

    >>> [(word.word, word.end_s) for word in estimate_word_times(["so", "long"], 0, 3)]
    [('so', 1.0), ('long', 3)]
    """
    characters = sum(map(len, texts))
    words, start = [], start_s
    for number, text in enumerate(texts, start=1):
        share = (end_s - start_s) * len(text) / characters
        end = end_s if number == len(texts) else start + share
        words.append(Word(word=text, start_s=start, end_s=end))
        start = end
    return tuple(words)


def with_word_times(segment: Segment) -> Segment:
    """Return a segment with estimated word times, or unchanged if it has word times."""
    if segment.words or not segment.text:
        return segment
    words = estimate_word_times(segment.text.split(), segment.start_s, segment.end_s)
    return replace(segment, words=words)


def spaced_words(segment: Segment) -> list[str]:
    """Return the words of a segment's text, each with the space after it.

    Where the timed words are parts of it without spaces between, as the characters of a script
    that has none, they are its words.
    """
    text = " ".join(segment.text.split())
    parts = list(_placed(text, [word.word for word in segment.words]))
    if parts and "".join(parts) == text:
        return parts
    return [word + " " for word in text.split()]


def _placed(text: str, words: Sequence[str]) -> Iterator[str]:
    """Yield words, each with the space that follows it in the text."""
    at = 0
    for word in words:
        at += len(word)
        space = text[at : at + 1] == " "
        at += space
        yield word + " " * space
