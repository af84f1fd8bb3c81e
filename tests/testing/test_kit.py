"""The kit's faults are real, and its files are what they say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seqstudio.host.store.scaffold import write_plugin
from seqstudio.media.audio import read_audio
from seqstudio.media.midi import Score
from seqstudio.testing.faults import Faults
from seqstudio.testing.headless import HeadlessStudio

SLOW = """        for number in range(600):
            job.progress(number / 600)
            time.sleep(0.1)
        yield"""
LARGE = """        (job.folder / "large").write_bytes(bytes(3_000_000))
        yield"""


@pytest.fixture
def project(studio: HeadlessStudio, tmp_path: Path) -> Callable[[str], None]:
    """Return a function that installs a plugin whose operation does this before its result."""

    def install(before_result: str) -> None:
        write_plugin(tmp_path / "parrot", "parrot", "operation")
        code = tmp_path / "parrot/src/seqstudio_parrot/__init__.py"
        text = code.read_text().replace("        yield", before_result, 1)
        code.write_text(text.replace("from collections", "import time\nfrom collections", 1))
        studio.install(tmp_path / "parrot")

    return install


def test_a_tone_and_a_melody_are_what_was_asked_for(
    tone: Callable[..., Path], melody: Callable[..., Path]
) -> None:
    audio = read_audio(tone(seconds=0.5, rate_hz=8000, channels=2))

    assert (audio.rate_hz, audio.samples.shape) == (8000, (4000, 2))
    assert [note.pitch for note in Score.read(melody([60, 67])).notes] == [60, 67]


@pytest.mark.medium
def test_a_worker_is_killed_and_the_job_says_so(
    studio: HeadlessStudio,
    fault: Faults,
    project: Callable[[str], None],
    text_file: Callable[..., Path],
) -> None:
    project(SLOW)
    outcome = fault.kill_worker(studio.spec("parrot", "reverse", {"words": text_file("one")}))

    assert "SIGKILL" in outcome.reasons[0]


@pytest.mark.medium
def test_a_job_is_cancelled(
    studio: HeadlessStudio,
    fault: Faults,
    project: Callable[[str], None],
    text_file: Callable[..., Path],
) -> None:
    project(SLOW)
    outcome = fault.cancel(studio.spec("parrot", "reverse", {"words": text_file("one")}))

    assert (outcome.state, outcome.files) == ("cancelled", [])


@pytest.mark.medium
def test_a_small_disk_lets_no_file_grow(
    studio: HeadlessStudio,
    fault: Faults,
    project: Callable[[str], None],
    text_file: Callable[..., Path],
) -> None:
    project(LARGE)
    fault.small_disk(1_000_000)
    outcome = studio.run(studio.spec("parrot", "reverse", {"words": text_file("one")}))

    assert "File too large" in outcome.reasons[0]
