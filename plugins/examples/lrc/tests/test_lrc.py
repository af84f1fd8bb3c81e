from pathlib import Path

from seqstudio_lrc import to_lrc

from seqstudio.api import Segment, Transcript
from seqstudio.testing.headless import HeadlessStudio

PROJECT = Path(__file__).parents[1]


def test_each_segment_is_a_line_with_its_start() -> None:
    segments = (
        Segment(start_s=1.5, end_s=2.0, text="hello"),
        Segment(start_s=59.999, end_s=61.0, text="a minute"),
        Segment(start_s=725.25, end_s=726.0, text="the end"),
    )
    transcript = Transcript(audio="song.wav", duration_s=800.0, text="", segments=segments)

    assert to_lrc(transcript) == "[00:01.50]hello\n[01:00.00]a minute\n[12:05.25]the end\n"


def test_it_installs(studio: HeadlessStudio) -> None:
    assert studio.install(PROJECT) == "lrc"
    assert "lrc" in [plugin.id for plugin in studio.host.catalogue.plugins]
