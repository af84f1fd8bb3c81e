"""Lyrics with their times: transcripts as `.lrc`, which music players show while they play."""

from collections.abc import Iterable

from seqstudio.api import Exporter, Transcript, hookimpl
from seqstudio.api.media import TextExporter


def to_lrc(transcript: Transcript) -> str:
    """Return a line for each segment, with its start as minutes and seconds."""
    times = [divmod(round(segment.start_s, 2), 60) for segment in transcript.segments]
    lines = zip(times, transcript.segments, strict=True)
    return "".join(f"[{minutes:02.0f}:{s:05.2f}]{line.text}\n" for (minutes, s), line in lines)


@hookimpl
def seqstudio_exporters() -> Iterable[Exporter]:
    """Return the exporters of this plugin."""
    return [TextExporter("lrc", "transcript", to_lrc)]
