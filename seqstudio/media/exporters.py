"""The built-in exporters; plugins can add others.

The synthesiser and Pillow are imported inside the methods that use them: a job that writes text
needs neither.
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
    """Writes a value as UTF-8 text, converted by `text_of`."""

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


class WavExporter:
    """Renders a score to a 16-bit stereo WAV file."""

    name = "wav"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.audio import write_wav
        from seqstudio.media.synth import render

        write_wav(path, render(value))


class PianoRollExporter:
    """Draws a score as a PNG picture."""

    name = "png"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.piano_roll_picture import draw_piano_roll

        draw_piano_roll(value, path)


def built_in_exporters() -> tuple[Exporter, ...]:
    """Return the built-in exporters."""
    return (
        TextExporter("txt", "transcript", subtitles.to_txt),
        TextExporter("srt", "transcript", subtitles.to_srt),
        TextExporter("vtt", "transcript", subtitles.to_vtt),
        TextExporter("json", "transcript", subtitles.to_json),
        TextExporter("txt", "text", str),
        MidiExporter(),
        WavExporter(),
        PianoRollExporter(),
    )
