from collections.abc import Callable
from pathlib import Path

from seqstudio_stm import Stm

from seqstudio.api import Ledger
from seqstudio.api.media import AudioSource
from seqstudio.testing.headless import HeadlessStudio

PROJECT = Path(__file__).parents[1]
LINES = """;; a comment
talk 1 ann 0.5 2.25 <o,f0,female> hello there
talk 1 ann 2.25 3 <o,f0,female> ignore_time_segment_in_scoring
talk 1 ann two 3 <o,f0,female> what
"""


def test_a_line_is_a_part_of_a_recording(
    studio: HeadlessStudio, tone: Callable[..., Path], tmp_path: Path
) -> None:
    for folder in ("dev/stm", "dev/sph"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    recording = tone(seconds=4, name="data/dev/sph/talk.wav")
    (tmp_path / "data/dev/stm/talk.stm").write_text(LINES)
    importer, ledger = Stm(), Ledger()
    found = list(importer.read(tmp_path / "data", ledger))

    assert importer.recognises(tmp_path / "data")
    assert [(one.audio, one.transcript, one.split, one.group) for one in found] == [
        (AudioSource(recording, start_s=0.5, end_s=2.25), "hello there", "valid", "ann")
    ]
    assert [*ledger.refused] == [f"dev/stm/talk.stm:{number}" for number in (1, 3, 4)]


def test_it_installs_and_the_speech_task_finds_it(studio: HeadlessStudio) -> None:
    studio.install(PROJECT)
    (plugin,) = [one for one in studio.host.catalogue.plugins if one.id == "stm"]

    assert [entry.kind for entry in plugin.manifest.importers] == ["audio+transcript"]
