"""The built-in exporters: each writes a file that can be read again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from seqstudio.contracts.notes import Note
from seqstudio.contracts.table import Table
from seqstudio.contracts.transcript import Transcript
from seqstudio.media.audio import Audio, audio_info
from seqstudio.media.exporters import built_in_exporters
from seqstudio.media.midi import Score
from seqstudio.media.subtitles import read_transcript


def test_every_exporter_writes_a_file_that_its_reader_accepts(tmp_path: Path) -> None:
    score = Score.new().with_new_track([Note(0, 60, 480)])
    transcript = Transcript(audio="a.wav", duration_s=1.0, text="GO")
    audio = Audio(np.zeros((100, 2), dtype=np.float32), 48_000)
    values: dict[str, object] = {
        "midi": score,
        "transcript": transcript,
        "text": "words\n",
        "audio": audio,
    }
    values["table"] = Table(("time", "value"), (("2024-01-01", 1.5), ("a, b", None)))
    written = {}
    for exporter in built_in_exporters():
        path = tmp_path / f"{exporter.kind}.{exporter.name}"
        exporter.write(values[exporter.kind], path)
        written[exporter.kind, exporter.name] = path

    assert len(written) == len(built_in_exporters())
    assert Score.read(written["midi", "mid"]).notes == score.notes
    assert audio_info(written["midi", "wav"]).channels == 2
    assert audio_info(written["audio", "flac"]).format == "FLAC"
    with Image.open(written["midi", "png"]) as picture:
        assert picture.format == "PNG"
    assert read_transcript(written["transcript", "json"]) == transcript
    assert written["transcript", "srt"].read_text().startswith("1\n00:00:00,000")
    assert written["transcript", "vtt"].read_text().startswith("WEBVTT")
    assert written["transcript", "txt"].read_text() == "GO\n"
    assert written["table", "csv"].read_text() == 'time,value\n2024-01-01,1.5\n"a, b",\n'
    assert written["table", "tsv"].read_text() == "time\tvalue\n2024-01-01\t1.5\na, b\t\n"
    assert json.loads(written["table", "json"].read_text())[1] == {"time": "a, b", "value": None}
    assert written["text", "txt"].read_text() == "words\n"


def test_media_loads_neither_torch_nor_decoders_nor_pillow() -> None:
    names = "audio, exporters, midi, subtitles, synth"
    heavy = "'torch', 'soundfile', 'soxr', 'PIL', 'symusic', 'mido', 'scipy', 'pretty_midi'"
    code = f"import sys; from seqstudio.media import {names}; print({{{heavy}}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
