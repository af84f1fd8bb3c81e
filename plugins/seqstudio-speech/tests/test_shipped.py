"""The model shipped in this package, and the recordings of the demo."""

import hashlib
import importlib.resources
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from seqstudio_speech.importers import TableImporter
from seqstudio_speech.task import CtcTask

from seqstudio.api import AudioExample, Ledger, pool
from seqstudio.api.media import audio_info, read_audio
from seqstudio.services.bundle_files import inspect_bundle, verify_files
from seqstudio.services.bundles import LoadedBundle, load_bundle

PACKAGE = Path(str(importlib.resources.files("seqstudio_speech")))
DEMO = Path(__file__).parents[3] / "assets" / "speech"
MEASURE = """
import resource, sys
from pathlib import Path
from seqstudio.services.bundles import load_bundle
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask
model = load_bundle(Path(sys.argv[1]), CtcTask(), device="cpu")
words = Recogniser(model, SearchOptions(beam=1)).transcribe(Path(sys.argv[2])).text.split()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(words))
"""


@pytest.fixture(scope="module")
def shipped() -> Path:
    manifest = tomllib.loads((PACKAGE / "seqstudio.toml").read_text(encoding="utf-8"))
    (entry,) = manifest["models"]
    path = PACKAGE / str(entry["path"])
    hashes = (path / "hashes.json").read_bytes()
    assert hashlib.sha256(hashes).hexdigest() == entry["sha256"]
    return path


@pytest.fixture(scope="module")
def model(shipped: Path) -> LoadedBundle:
    return load_bundle(shipped, CtcTask(), device="cpu")


@pytest.fixture
def demo() -> list[AudioExample]:
    return list(TableImporter().read(DEMO, Ledger()))


def test_the_shipped_model_verifies_and_its_card_names_data_and_licence(shipped: Path) -> None:
    verify_files(shipped)
    card = inspect_bundle(shipped).card
    metrics = {metric.name: metric.value for metric in card.metrics}

    assert metrics["wer"] <= 0.15
    assert card.held_out == {"groups": 8}
    assert card.licence
    assert card.source
    assert card.command.startswith("seqstudio train speech.ctc")


def test_the_shipped_model_gives_its_golden_transcripts(
    model: LoadedBundle, shipped: Path, demo: list[AudioExample]
) -> None:
    golden = {
        one.inputs["audio"][0]: one.expected["transcript"] for one in inspect_bundle(shipped).golden
    }
    measured = list(CtcTask().measure(model, demo))

    assert {f"speech/{one.id}": one.detail["hypothesis"] for one in measured} == golden
    assert pool(measured)["wer"] < 0.6  # of 21 words, selected by a rule, not by their scores


def test_demo_recordings_follow_the_selection_rule(demo: list[AudioExample]) -> None:
    assert [one.group for one in demo] == ["fbbh", "mblw", "mcrt", "mdcs2", "mnfe"]
    assert all(one.split == "valid" for one in demo)
    for one in demo:
        assert audio_info(one.audio).duration_s == pytest.approx(one.seconds, abs=0.051)
    assert "Carnegie Mellon University" in (DEMO / "LICENSE").read_text(encoding="utf-8")


def write_hours(path: Path, seconds: int) -> Path:
    """Write the demo recordings repeatedly, up to so many seconds."""
    recordings = [read_audio(file).samples[:, 0] for file in sorted(DEMO.glob("*.flac"))]
    gap = np.zeros(8000, np.float32)
    once = np.concatenate([np.concatenate([samples, gap]) for samples in recordings])
    with soundfile.SoundFile(path, "w", samplerate=16000, channels=1) as file:
        for _ in range(seconds * 16000 // len(once)):
            file.write(once)
    return path


def peak_kib(model: Path, recording: Path) -> int:
    """Return the peak memory of a process that transcribes a recording."""
    command = [sys.executable, "-c", MEASURE, str(model), str(recording)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


@pytest.mark.medium
def test_an_hour_needs_at_most_twice_the_memory_of_five_minutes(
    shipped: Path, tmp_path: Path
) -> None:
    short = peak_kib(shipped, write_hours(tmp_path / "short.flac", 300))
    long = peak_kib(shipped, write_hours(tmp_path / "long.flac", 3600))
    print(f"peak memory: 5 minutes {short // 1024} MiB, 1 hour {long // 1024} MiB")

    assert long <= 2 * short
