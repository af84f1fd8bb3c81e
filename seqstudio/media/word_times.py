"""When words are said that nobody has timed: a stretch is shared among them by their letters."""

from collections.abc import Sequence
from dataclasses import replace

from seqstudio.contracts.transcript import Segment, Word


def spread(texts: Sequence[str], start_s: float, end_s: float) -> tuple[Word, ...]:
    """Share a stretch of time among words, by their letters.

    >>> [(word.word, word.end_s) for word in spread(["so", "long"], 0, 3)]
    [('so', 1.0), ('long', 3)]
    """
    letters = sum(map(len, texts))
    words, start = [], start_s
    for number, text in enumerate(texts, start=1):
        share = (end_s - start_s) * len(text) / letters
        end = end_s if number == len(texts) else start + share
        words.append(Word(word=text, start_s=start, end_s=end))
        start = end
    return tuple(words)


def with_word_times(segment: Segment) -> Segment:
    """Give the words of a segment's text times, if it has none."""
    if segment.words or not segment.text:
        return segment
    words = spread(segment.text.split(), segment.start_s, segment.end_s)
    return replace(segment, words=words)
