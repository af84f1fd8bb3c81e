"""The formats that outputs are written in when no plugin brings another.

Synthesiser and pictures are imported where they are used: a job that writes text needs neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.formats import Exporter
from seqstudio.media import subtitles
from seqstudio.media.midi import Score


@dataclass(slots=True)
class TextExporter:
    """Writes what a function makes of the value, as UTF-8."""

    name: str
    kind: str
    text_of: Callable[[Any], str]

    def write(self, value: Any, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        path.write_text(self.text_of(value), encoding="utf-8")


class MidiExporter:
    """Writes a score as a MIDI file."""

    name = "mid"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        value.write(path)


class SoundExporter:
    """Writes a score as sound, 16-bit stereo."""

    name = "wav"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.audio import write_wav
        from seqstudio.media.synth import render

        write_wav(path, render(value))


class PianoRollExporter:
    """Writes a score as a picture."""

    name = "png"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.pictures import draw_piano_roll

        draw_piano_roll(value, path)


def in_box_exporters() -> tuple[Exporter, ...]:
    """Give the writers that come in the box."""
    return (
        TextExporter("txt", "transcript", subtitles.to_txt),
        TextExporter("srt", "transcript", subtitles.to_srt),
        TextExporter("vtt", "transcript", subtitles.to_vtt),
        TextExporter("json", "transcript", subtitles.to_json),
        TextExporter("txt", "text", str),
        MidiExporter(),
        SoundExporter(),
        PianoRollExporter(),
    )
