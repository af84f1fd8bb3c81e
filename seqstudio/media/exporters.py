"""The built-in exporters; plugins can add others.

The renderer and Pillow are imported inside the methods that use them: a job that writes text
needs neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seqstudio.contracts.audio import AudioSource
from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import Transcript
from seqstudio.media import annotations, subtitles, tables
from seqstudio.media.audio import Audio, encoded, write_wav
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


class WordDocumentExporter:
    """Writes a transcript as a Word document."""

    name = "docx"
    kind = "transcript"

    def write(self, value: Transcript, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.word_document import write_word_document

        write_word_document(value, path)


@dataclass(slots=True)
class TranscriptPageExporter:
    """Writes a transcript as an HTML page with the sound of its recording."""

    sound: AudioSource | None
    name: str = "html"
    kind: str = "transcript"

    def write(self, value: Transcript, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.transcript_page import write_transcript_page

        write_transcript_page(value, path, self.sound)


class MidiExporter:
    """Writes a score as a MIDI file."""

    name = "mid"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        value.write(path)


class WavExporter:
    """Renders a score to a 16-bit stereo WAV file, with a sound bank where there is one."""

    name = "wav"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.rendering import render_sound

        write_wav(path, render_sound(value))


class MusicXmlExporter:
    """Writes a score as compressed MusicXML."""

    name = "mxl"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.musicxml_writer import to_mxl

        path.write_bytes(to_mxl(value))


@dataclass(slots=True)
class AudioExporter:
    """Writes audio as a 16-bit file."""

    name: str  # "wav" or "flac"
    kind: str = "audio"

    def write(self, value: Audio, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        path.write_bytes(encoded(value, "WAV" if self.name == "wav" else "FLAC"))


class PianoRollExporter:
    """Draws a score as a PNG picture."""

    name = "png"
    kind = "midi"

    def write(self, value: Score, path: Path) -> None:
        """Write `value` to a new file at `path`."""
        from seqstudio.media.piano_roll_picture import draw_piano_roll

        draw_piano_roll(value, path)


def built_in_exporters(presentation: Presentation | None = None) -> tuple[Exporter, ...]:
    """Return the built-in exporters, which present a transcript as they are told."""
    presentation = presentation or Presentation()
    to_srt = partial(subtitles.to_srt, presentation=presentation)
    to_vtt = partial(subtitles.to_vtt, presentation=presentation)
    return (
        TextExporter("txt", "transcript", subtitles.to_txt),
        TextExporter("srt", "transcript", to_srt),
        TextExporter("vtt", "transcript", to_vtt),
        TextExporter("json", "transcript", subtitles.to_json),
        TextExporter("ctm", "transcript", annotations.to_ctm),
        TextExporter("textgrid", "transcript", annotations.to_textgrid),
        TextExporter("eaf", "transcript", annotations.to_eaf),
        TextExporter("tsv", "transcript", annotations.to_tsv),
        TextExporter("csv", "transcript", annotations.to_csv),
        WordDocumentExporter(),
        TranscriptPageExporter(presentation.sound),
        TextExporter("txt", "text", str),
        TextExporter("csv", "table", tables.to_csv),
        TextExporter("tsv", "table", tables.to_tsv),
        TextExporter("json", "table", tables.to_json),
        MidiExporter(),
        WavExporter(),
        MusicXmlExporter(),
        AudioExporter("wav"),
        AudioExporter("flac"),
        PianoRollExporter(),
    )
