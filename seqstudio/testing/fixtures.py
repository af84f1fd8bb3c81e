"""The fixtures: `studio`, `run_job`, `fault`, and small files of sound, notes and text.

This module is loaded into every pytest of an environment with SeqStudio, so it imports the studio
only when a fixture is used.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seqstudio.testing.faults import Faults
    from seqstudio.testing.headless import HeadlessStudio, Outcome

RunJob = Callable[..., "Outcome"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--seqstudio-here`."""
    group = parser.getgroup("seqstudio")
    group.addoption(
        "--seqstudio-here",
        action="store_true",
        help="Run plugins in this process, where breakpoints work, not in workers.",
    )


@pytest.fixture
def studio(tmp_path: Path, pytestconfig: pytest.Config) -> "HeadlessStudio":
    """Return a studio with an empty profile."""
    from seqstudio.testing.headless import HeadlessStudio

    return HeadlessStudio(tmp_path, here=pytestconfig.getoption("seqstudio_here"))


@pytest.fixture
def run_job(studio: "HeadlessStudio") -> RunJob:
    """Return a function that runs an operation: `run_job("key", "find", {"piece": path})`."""

    def run(plugin: str, operation: str, inputs: Mapping[str, Any], **fields: Any) -> "Outcome":
        return studio.run(studio.spec(plugin, operation, inputs, **fields))

    return run


@pytest.fixture
def fault(studio: "HeadlessStudio") -> "Faults":
    """Return the faults that can be made in the studio of the test."""
    from seqstudio.testing.faults import Faults

    return Faults(studio)


@pytest.fixture
def tone(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a tone: `tone(440, seconds=1, rate_hz=16000)`."""

    def write(
        pitch_hz: float = 440.0,
        *,
        seconds: float = 1.0,
        rate_hz: int = 16000,
        channels: int = 1,
        name: str = "tone.wav",
    ) -> Path:
        import numpy as np

        from seqstudio.media.audio import Audio, write_wav

        times_s = np.arange(round(seconds * rate_hz)) / rate_hz
        samples = (0.3 * np.sin(2 * np.pi * pitch_hz * times_s)).astype(np.float32)
        write_wav(tmp_path / name, Audio(np.repeat(samples[:, None], channels, axis=1), rate_hz))
        return tmp_path / name

    return write


@pytest.fixture
def melody(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes quarter notes as MIDI: `melody([60, 62, 64])`."""

    def write(pitches: list[int], *, name: str = "melody.mid") -> Path:
        from seqstudio.contracts.notes import Note
        from seqstudio.media.midi import Score

        notes = [Note(480 * number, pitch, 480) for number, pitch in enumerate(pitches)]
        Score.new().with_new_track(notes).write(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def text_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a text: `text_file("one two")`."""

    def write(text: str, *, name: str = "text.txt") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture(params=["empty", "noise", "missing"])
def odd_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return an empty file, one of random bytes, and one that is not there, in three tests."""
    path = tmp_path / f"{request.param}.bin"
    if request.param == "noise":
        path.write_bytes(bytes(range(128, 256)) * 8)
    elif request.param == "empty":
        path.touch()
    return path
