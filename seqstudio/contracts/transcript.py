"""Transcripts: words and segments with their times, in seconds from the start of the audio."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from seqstudio.errors import DataError

Origin = Literal["machine", "human", "aligned"]
NOTE = "[Note: "  # begins a line of a transcript as plain text that was not said
MARK = "machine-made, not checked"  # a note that every format carries


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word; `confidence` is from 0 to 1, or None if unknown."""

    word: str
    start_s: float
    end_s: float
    confidence: float | None = None
    # what else may have been said, and how likely; "" if nothing was
    alternatives: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech, long enough for one subtitle."""

    start_s: float
    end_s: float
    text: str
    confidence: float | None = None
    speaker: str | None = None
    channel: int | None = None
    tier: str | None = None
    origin: Origin = "machine"
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The transcript of one recording; None means unknown. Its JSON format has these names."""

    audio: str
    duration_s: float
    text: str
    language: str | None = None  # BCP 47
    origin: Origin = "machine"
    unlike_training: bool | None = None
    notes: tuple[str, ...] = ()  # what a reader must know of the recording, a sentence each
    segments: tuple[Segment, ...] = ()
    alternatives: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


def check_times(transcript: Transcript) -> None:
    """Check all times before an exporter writes them.

    Raises
    ------
    DataError
        If one is not a number, infinite or negative, or an end comes before its start.
    """
    for number, segment in enumerate(transcript.segments, start=1):
        _check_span(segment.start_s, segment.end_s, f"segment {number} ({segment.text[:40]!r})")
        for word in segment.words:
            _check_span(word.start_s, word.end_s, f"segment {number}, word {word.word[:40]!r}")


def _check_span(start_s: float, end_s: float, where: str) -> None:
    if not 0 <= start_s <= end_s < math.inf:  # NaN is in no range
        raise DataError(f"{where}: from {start_s} to {end_s} s, expected 0 s or more, in order")
