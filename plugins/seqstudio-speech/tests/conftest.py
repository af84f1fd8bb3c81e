"""Artificial speech, one tone a letter: a tiny model learns it in seconds; its times are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from seqstudio_speech.importers import TableImporter
from seqstudio_speech.settings import SpeechOptions
from seqstudio_speech.task import CtcTask

from seqstudio.api import Ledger, LoadedModel, TrainConfig
from seqstudio.host.worker.cache import FileCache
from seqstudio.host.worker.pieces import PieceFile
from seqstudio.services.bundles import load_bundle
from seqstudio.services.runs import RunSpec, create_run
from seqstudio.services.training import train
from seqstudio.services.training_inputs import TrainingInputs

RATE_HZ = 16000
TONES_HZ: Mapping[str, float] = {"A": 400.0, "B": 900.0, "C": 1900.0}
HUM_HZ = 200.0  # a space
HIGHER = 1.6  # by which another voice has its tones higher
TONE_S, GAP_S = 0.10, 0.06
WORDS = ("A", "B", "C", "AB", "BA", "CC", "CAB", "ABC")


@dataclass(frozen=True)
class Spoken:
    """Audio, its text, and the true times of its words."""

    samples: NDArray[np.float32]
    text: str
    spans_s: tuple[tuple[float, float], ...]


def speak(text: str, *, seed: int = 0) -> Spoken:
    """Synthesise each letter as a tone, with a hum between two words."""
    parts = [_silence(0.15)]
    spans: list[tuple[float, float]] = []
    for number, word in enumerate(text.split()):
        if number:
            parts += [_silence(0.05), _tone(HUM_HZ), _silence(0.1)]
        start = sum(map(len, parts)) / RATE_HZ
        for letter in word:
            parts += [_tone(TONES_HZ[letter]), _silence(GAP_S)]
        spans.append((start, sum(map(len, parts[:-1])) / RATE_HZ))
    samples = np.concatenate([*parts, _silence(0.15)])
    noise = 1e-4 * np.random.default_rng(seed).standard_normal(len(samples))
    return Spoken((samples + noise).astype(np.float32), text, tuple(spans))


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * RATE_HZ))


def _tone(pitch_hz: float) -> NDArray[np.float64]:
    times = np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ
    tone: NDArray[np.float64] = np.sin(2 * np.pi * pitch_hz * times) * np.hanning(len(times))
    return 0.3 * tone


@pytest.fixture
def spoken() -> Callable[[str], Spoken]:
    """Synthesise a text in memory."""
    return speak


@pytest.fixture
def say(tmp_path: Path) -> Callable[..., Path]:
    """Synthesise a text to a file in the test's folder."""

    def write(text: str, name: str = "spoken.wav") -> Path:
        path = tmp_path / name
        soundfile.write(path, speak(text).samples, RATE_HZ, subtype="PCM_16")
        return path

    return write


def write_folder(folder: Path, count: int, *, seed: int = 0) -> Path:
    """Fill a folder with utterances of random words and their manifest."""
    generator = np.random.default_rng(seed)
    rows = ["split\tpath\tspeaker\tseconds\ttranscript"]
    for number in range(count):
        text = " ".join(generator.choice(WORDS, size=generator.integers(1, 4)))
        spoken = speak(text, seed=number)
        path = folder / f"{number:03d}.wav"
        soundfile.write(path, spoken.samples, RATE_HZ, subtype="PCM_16")
        split = "train" if number < count - 6 else "dev"
        seconds = len(spoken.samples) / RATE_HZ
        rows.append(f"{split}\t{path.name}\ts{number % 4}\t{seconds:.3f}\t{text}")
    (folder / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tone_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("tones"), 54)


@pytest.fixture(scope="session")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of four speakers with a higher voice, and a table of what they say."""
    folder = tmp_path_factory.mktemp("corrected")
    generator = np.random.default_rng(7)
    rows = ["path\tspeaker\ttranscript"]
    for number in range(28):
        text = " ".join(generator.choice(WORDS, size=3))
        path = folder / f"{number:03d}.wav"
        soundfile.write(path, speak(text, seed=number).samples, round(HIGHER * RATE_HZ))
        rows.append(f"{path.name}\ts{number % 4}\t{text.lower() if number < 9 else text}")
    (folder / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


PLAIN = SpeechOptions(
    hidden=32,
    layers=1,
    dropout=0.0,
    speeds=(1.0,),
    gain_db=0.0,
    noise=0.0,
    reverberation=0.0,
    channel=0.0,
    padding=0.0,
    time_masks_per_s=0.0,
    time_masks=0,
    frequency_masks=0,
)


def train_tones(tones: Path, folder: Path, options: SpeechOptions, *, epochs: int = 8) -> Path:
    """Train a tiny model on tones by the training service; return its run folder."""
    task = CtcTask()
    examples = list(TableImporter().read(tones, Ledger()))
    config = TrainConfig(epochs=epochs, learning_rate=1e-2, batch_size=4, evaluate_every=epochs)
    train_examples = [one for one in examples if one.split == "train"]
    preparation = task.prepare(train_examples, options)
    run = create_run(folder, RunSpec(task=task.name, plugin="speech", config=config))
    inputs = TrainingInputs(
        task=task,
        preparation=preparation,
        train_examples=train_examples,
        valid_examples=[one for one in examples if one.split == "valid"],
        config=config,
        run=run,
    )
    for _ in train(inputs):
        pass
    return folder


@pytest.fixture(scope="session")
def tone_run(tone_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a tiny model of tones."""
    return train_tones(tone_folder, tmp_path_factory.mktemp("run") / "tones", PLAIN)


@pytest.fixture(scope="session")
def streaming_model(tone_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny model of tones that runs in blocks."""
    options = replace(PLAIN, chunk_frames=4, right_frames=3)
    run = train_tones(tone_folder, tmp_path_factory.mktemp("run") / "streaming", options)
    return load_bundle(run / "model", CtcTask(), device="cpu")


@pytest.fixture(scope="session")
def tone_model(tone_run: Path) -> LoadedModel:
    return load_bundle(tone_run / "model", CtcTask(), device="cpu")


@pytest.fixture(scope="session")
def units_model(tone_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny model of tones that learned AB as one unit."""
    file = tmp_path_factory.mktemp("units") / "letters.toml"
    file.write_text('units = ["AB", "CA"]\n', encoding="utf-8")
    options = replace(PLAIN, orthography=file)
    run = train_tones(tone_folder, tmp_path_factory.mktemp("run") / "units", options, epochs=20)
    return load_bundle(run / "model", CtcTask(), device="cpu")


class LocalJob:
    """A job in this process: what operations use of one; it keeps what it is given paths for."""

    device = "cpu"

    def __init__(
        self,
        model: LoadedModel | None,
        folder: Path,
        kept: Path | None = None,
        pieces: Path | None = None,
    ) -> None:
        self.loaded = model
        self.folder = folder
        self._cache, self._pieces = FileCache(kept, 10**6), pieces
        self.fractions: list[float] = []

    def model(self, prefer: str = "") -> LoadedModel | None:
        return self.loaded

    def recogniser(self) -> None:
        return None

    def pieces(self) -> PieceFile:
        return PieceFile(self._pieces)

    def cache(self) -> FileCache:
        return self._cache

    def check(self) -> None:
        return

    def progress(self, fraction: float, message: str = "") -> None:
        self.fractions.append(fraction)


@pytest.fixture
def plain_job(tmp_path: Path) -> LocalJob:
    """A job of an operation that needs no model."""
    return LocalJob(None, tmp_path)


@pytest.fixture
def tone_job(tone_model: LoadedModel, tmp_path: Path) -> LocalJob:
    """A job with the tiny model of tones."""
    return LocalJob(tone_model, tmp_path)


@pytest.fixture
def caching_job(tone_model: LoadedModel, tmp_path: Path) -> Callable[..., LocalJob]:
    """Make jobs with the model of tones, a cache in a folder, and maybe a file of pieces."""

    def make(kept: Path, pieces: Path | None = None) -> LocalJob:
        return LocalJob(tone_model, tmp_path, kept, pieces)

    return make
