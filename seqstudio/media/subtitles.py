"""Transcripts as text: plain, SubRip, WebVTT and JSON."""

import json
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import DataError
from seqstudio.media.cues import cues_of


def to_txt(transcript: Transcript) -> str:
    """Give the words alone, a segment a line."""
    lines = [segment.text for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def to_json(transcript: Transcript) -> str:
    """Give every field that is known, with the names of `Transcript`; what is absent is unknown."""
    return json.dumps(_known(to_plain(transcript)), ensure_ascii=False, indent=2) + "\n"


def to_srt(transcript: Transcript) -> str:
    """Give numbered subtitles, cut as `cues_of` says."""
    cues = [
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues_of(transcript), start=1)
    ]
    return "\n".join(cues)


def to_vtt(transcript: Transcript) -> str:
    """Give WebVTT cues, cut as `cues_of` says."""
    cues = [
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_escaped(cue.text)}\n"
        for cue in cues_of(transcript)
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


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
