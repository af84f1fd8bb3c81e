"""Write transcripts as plain text, SubRip, WebVTT and JSON; read them from JSON."""

import json
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import DataError
from seqstudio.media.subtitle_cues import subtitle_cues


def to_txt(transcript: Transcript) -> str:
    """Return the text alone, one segment a line."""
    lines = [segment.text for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def to_json(transcript: Transcript) -> str:
    """Return JSON with the field names of `Transcript`; unknown fields are left out."""
    return json.dumps(_without_unknown(to_plain(transcript)), ensure_ascii=False, indent=2) + "\n"


def to_srt(transcript: Transcript) -> str:
    """Return SubRip subtitles, split by `subtitle_cues`."""
    cues = [
        f"{number}\n{_timestamp(cue.start_ms, ',')} --> {_timestamp(cue.end_ms, ',')}\n{cue.text}\n"
        for number, cue in enumerate(subtitle_cues(transcript), start=1)
    ]
    return "\n".join(cues)


def to_vtt(transcript: Transcript) -> str:
    """Return WebVTT subtitles, split by `subtitle_cues`."""
    cues = [
        f"{_timestamp(cue.start_ms, '.')} --> {_timestamp(cue.end_ms, '.')}\n{_escaped(cue.text)}\n"
        for cue in subtitle_cues(transcript)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def read_transcript(path: Path) -> Transcript:
    """Read a transcript that `to_json` wrote.

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


def _without_unknown(value: Any) -> Any:
    """Remove None, empty lists and empty tables: an absent field is unknown."""
    if isinstance(value, dict):
        known = {key: item for key, item in value.items() if item not in (None, [], {})}
        return {key: _without_unknown(item) for key, item in known.items()}
    if isinstance(value, list):
        return [_without_unknown(item) for item in value]
    return value


def _timestamp(ms: int, separator: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{ms:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
