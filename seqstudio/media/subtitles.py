"""Transcripts as text: plain, SubRip, WebVTT and JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.errors import DataError


def to_txt(transcript: Transcript) -> str:
    """Give the words alone, a segment a line."""
    lines = [segment.text for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def to_json(transcript: Transcript) -> str:
    """Give every field that is known, with the names of `Transcript`; what is absent is unknown."""
    return json.dumps(_known(to_plain(transcript)), ensure_ascii=False, indent=2) + "\n"


def to_srt(transcript: Transcript) -> str:
    """Give numbered subtitles, times in order; segments without words are left out."""
    cues = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_cues(transcript), start=1)
    ]
    return "\n".join(cues)


def to_vtt(transcript: Transcript) -> str:
    """Give WebVTT cues, times in order."""
    cues = [
        f"{_clock(start, '.')} --> {_clock(end, '.')}\n{_escaped(text)}\n"
        for start, end, text in _cues(transcript)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def read_transcript(path: Path) -> Transcript:
    """Read what `to_json` wrote.

    Raises
    ------
    DataError
        If the file is missing, not JSON, or has an unknown field or a wrong type.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, expected a transcript") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}, expected a transcript in JSON") from error
    return from_plain(Transcript, value, str(path), error=DataError)


def _known(value: Any) -> Any:
    """Leave out what is None, and empty lists and tables: absent means unknown."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item not in (None, [], {})}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return value


def _cues(transcript: Transcript) -> Iterator[tuple[int, int, str]]:
    """Yield (start_ms, end_ms, text): starts never fall, each end at least 1 ms after its start."""
    whole = Segment(start_s=0.0, end_s=transcript.duration_s, text=transcript.text)
    last = 0
    for segment in transcript.segments or (whole,):
        text = " ".join(segment.text.split())
        if not text:
            continue
        start = max(last, round(segment.start_s * 1000))
        end = max(start + 1, round(segment.end_s * 1000))
        last = start
        yield start, end, text


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
