"""The built-in exporters: each writes a file that can be read again."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Transcript
from seqstudio.media.audio import audio_info
from seqstudio.media.exporters import built_in_exporters
from seqstudio.media.midi import Score
from seqstudio.media.subtitles import read_transcript


def test_every_exporter_writes_a_file_that_its_reader_accepts(tmp_path: Path) -> None:
    score = Score.new().with_new_track([Note(0, 60, 480)])
    transcript = Transcript(audio="a.wav", duration_s=1.0, text="GO")
    values = {"midi": score, "transcript": transcript, "text": "words\n"}
    written = {}
    for exporter in built_in_exporters():
        path = tmp_path / f"{exporter.kind}.{exporter.name}"
        exporter.write(values[exporter.kind], path)
        written[exporter.kind, exporter.name] = path

    assert len(written) == len(built_in_exporters())
    assert Score.read(written["midi", "mid"]).notes == score.notes
    assert audio_info(written["midi", "wav"]).channels == 2
    with Image.open(written["midi", "png"]) as picture:
        assert picture.format == "PNG"
    assert read_transcript(written["transcript", "json"]) == transcript
    assert written["transcript", "srt"].read_text().startswith("1\n00:00:00,000")
    assert written["transcript", "vtt"].read_text().startswith("WEBVTT")
    assert written["transcript", "txt"].read_text() == "GO\n"
    assert written["text", "txt"].read_text() == "words\n"


def test_media_loads_neither_torch_nor_decoders_nor_pillow() -> None:
    names = "audio, exporters, midi, subtitles, synth"
    heavy = "'torch', 'soundfile', 'soxr', 'PIL', 'symusic', 'mido', 'scipy', 'pretty_midi'"
    code = f"import sys; from seqstudio.media import {names}; print({{{heavy}}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
