"""Write transcripts as plain text, SubRip, WebVTT and JSON; read them from JSON."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import MARK, NOTE, Segment, Transcript
from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import DataError
from seqstudio.media.subtitle_cues import USUAL, Cue, subtitle_cues


def to_txt(transcript: Transcript) -> str:
    """Return the text, one segment a line, after the notes in brackets, if there are any."""
    notes = [f"{NOTE}{note}]" for note in transcript.notes]
    lines = [_spoken(segment) for segment in transcript.segments] or [transcript.text]
    return "\n".join(notes + (lines if any(lines) or not notes else [])) + "\n"


def _spoken(segment: Segment) -> str:
    return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text


def to_json(transcript: Transcript) -> str:
    """Return JSON with the field names of `Transcript`; unknown fields are left out."""
    text = json.dumps(_without_unknown(to_plain(transcript)), ensure_ascii=False, indent=2) + "\n"
    # A file's name may hold bytes that are not valid UTF-8.
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def to_srt(transcript: Transcript, presentation: Presentation = USUAL) -> str:
    """Return SubRip subtitles, split by `subtitle_cues`.

    SubRip has no comments: the first cue begins with the mark of a transcript that has it.
    """
    cues = subtitle_cues(transcript, presentation, named=True)
    if MARK in transcript.notes:
        first, *others = cues or [Cue(0, max(1, round(transcript.duration_s * 1000)), "")]
        cues = [replace(first, text=f"[{MARK}]\n{first.text}".rstrip()), *others]
    blocks = [
        f"{number}\n{_timestamp(cue.start_ms, ',')} --> {_timestamp(cue.end_ms, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks)


def to_vtt(transcript: Transcript, presentation: Presentation = USUAL) -> str:
    """Return WebVTT subtitles, split by `subtitle_cues`, after the notes; speakers are voices."""
    notes = [f"NOTE {_escaped(_on_one_line(note))}\n" for note in transcript.notes]
    cues = [
        f"{_timestamp(cue.start_ms, '.')} --> {_timestamp(cue.end_ms, '.')}\n{_voice(cue)}\n"
        for cue in subtitle_cues(transcript, presentation)
    ]
    return "\n".join(["WEBVTT\n", *notes, *cues])


def _voice(cue: Cue) -> str:
    text = _escaped(cue.text)
    return f"<v {_escaped(_on_one_line(cue.speaker))}>{text}</v>" if cue.speaker else text


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


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
        raise DataError(f"{path}: {why_unreadable(error)}, expected a transcript") from error
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
