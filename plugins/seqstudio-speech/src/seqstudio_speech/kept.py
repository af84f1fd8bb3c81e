"""Pieces of a recording that are finished: recalled after an interruption, shown meanwhile."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from seqstudio.api import Cancelled, DataError, Pieces, Transcript, from_plain, to_plain
from seqstudio_speech.recordings import Chunk

PART_S = 20.0  # between two partial transcripts of a recording that takes longer
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript of a recording: of all of it, or of what was heard so far."""

    transcript: Transcript
    is_whole: bool


def last(heard: Iterator[Heard]) -> Transcript:
    """Return the transcript of the whole recording."""
    transcripts = [one.transcript for one in heard]
    return transcripts[-1]


def in_parts(
    ends_s: Iterator[float],
    transcript: Callable[[str], Transcript],
    duration_s: float,
    on_progress: Callable[[float], None],
) -> Iterator[Heard]:
    """Yield what was heard every `PART_S`, the whole at the end, and what there is at a stop.

    Parameters
    ----------
    ends_s : the end of each piece, in seconds, when it has been recognised
    transcript : returns the transcript of the pieces so far, with a note if it is not ""
    duration_s : of the recording
    on_progress : called with each end; if it raises Cancelled, what was heard is yielded first

    Raises
    ------
    Cancelled
        If `on_progress` raises it.
    """
    next_s, heard_s = time.monotonic() + PART_S, 0.0
    try:
        for heard_s in ends_s:
            on_progress(heard_s)
            if time.monotonic() >= next_s:
                next_s = time.monotonic() + PART_S
                yield Heard(transcript(stopped_note(heard_s, duration_s)), is_whole=False)
    except Cancelled:
        yield Heard(transcript(stopped_note(heard_s, duration_s)), is_whole=False)
        raise
    yield Heard(transcript(""), is_whole=True)


def recalled(
    chunks: Iterator[Chunk],
    recognise: Callable[[Chunk], Found],
    kind: type[Found],
    pieces: Pieces | None,
) -> Iterator[tuple[Chunk, Found]]:
    """Recognise chunk after chunk, except those that an earlier run has finished.

    Parameters
    ----------
    chunks : of one recording, which a second run cuts in the same way
    recognise : returns what is found in a chunk, a dataclass
    kind : its type
    pieces : where results are kept; None keeps none
    """
    kept = pieces.kept if pieces else ()
    for number, chunk in enumerate(chunks):
        if number < len(kept):
            yield chunk, from_plain(kind, kept[number], "kept pieces", error=DataError)
            continue
        found = recognise(chunk)
        if pieces:
            pieces.keep(to_plain(found))
        yield chunk, found


def stopped_note(heard_s: float, duration_s: float) -> str:
    """Return the sentence that marks a transcript of a recording that was not heard to its end.

    >>> stopped_note(75.0, 3600.0)
    'stopped after 1:15 of 60:00; the rest is missing'
    """
    times = (f"{int(s) // 60}:{int(s) % 60:02}" for s in (heard_s, duration_s))
    return "stopped after {} of {}; the rest is missing".format(*times)
