"""Transcripts: words and segments with their times, in seconds from the start of the audio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Origin = Literal["machine", "human", "aligned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word; `confidence` is from 0 to 1, or None if unknown."""

    word: str
    start_s: float
    end_s: float
    confidence: float | None = None


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
    segments: tuple[Segment, ...] = ()
    alternatives: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
