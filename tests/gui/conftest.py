"""A workspace with a profile of its own, and its window, offscreen."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))  # importlib mode does not add it

from watchdog import Watchdog

from seqstudio.gui.shell.garbage_collector import collect_if_due
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.output import Fill
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.media.audio import Samples
from seqstudio.session.session import Session

ASSETS = Path(__file__).parents[2] / "assets"
PATIENCE_MS = 300_000  # a busy machine starts a worker late, and trainings are niced


class PatientBot(QtBot):
    """Waits for as long as a busy machine may need."""

    waitUntil = partialmethod(QtBot.waitUntil, timeout=PATIENCE_MS)
    waitSignal = partialmethod(QtBot.waitSignal, timeout=PATIENCE_MS)
    waitSignals = partialmethod(QtBot.waitSignals, timeout=PATIENCE_MS)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


class LoudspeakerStream:
    """One sound through the output in memory; closing it leaves a later one open."""

    def __init__(self, speaker: "Loudspeaker", fill: Fill) -> None:
        self._speaker, self._fill = speaker, fill

    @property
    def now_s(self) -> float:
        return self._speaker.now_s

    def close(self) -> None:
        if self._speaker.fill is self._fill:
            self._speaker.fill = None


class Loudspeaker:
    """An output in memory; it asks for samples and moves its clock when `sound` is called."""

    now_s = 0.0
    fill: Fill | None = None

    def open(
        self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]
    ) -> "LoudspeakerStream":
        self.rate, self.channels, self.on_end, self.fill = rate_hz, channels, on_end, fill
        return LoudspeakerStream(self, fill)

    def sound(self, seconds: float) -> Samples:
        """Ask for this many seconds of samples, move the clock, and return them."""
        out = np.zeros((round(seconds * self.rate), self.channels), np.float32)
        if fill := self.fill:  # the playback thread may close it meanwhile
            last = fill(out, self.now_s)
            self.now_s += seconds
            if last:
                self.on_end()
        return out


@pytest.fixture
def speaker() -> Loudspeaker:
    """The output of a player, in tests that check what is played."""
    return Loudspeaker()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect garbage between tests on this thread alone, as the app does."""
    gc.disable()
    yield
    collect_if_due()
    gc.enable()


@pytest.fixture
def recording() -> Path:
    """Two seconds of real speech."""
    return ASSETS / "speech" / "an2-mblw-b.flac"


@pytest.fixture
def tune() -> Path:
    """A real folk tune."""
    return ASSETS / "music" / "greensleeves.mid"


@pytest.fixture(scope="session")
def read_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile whose catalogue has read the installed plugins, which takes 0.1 s of work."""
    home = tmp_path_factory.mktemp("read") / "profile"
    Studio(home)
    return home


@pytest.fixture
def parrot_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio with a third-party plugin installed."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "plugins" / "parrot")
    return Studio(tmp_path / "profile")


@pytest.fixture
def workspace(tmp_path: Path, qtbot: QtBot, read_profile: Path) -> Iterator[Workspace]:
    """A workspace with an empty untitled session, in a profile of its own."""
    studio = Studio(shutil.copytree(read_profile, tmp_path / "profile", dirs_exist_ok=True))
    workspace = Workspace(studio, Session.untitled(studio.profile))
    yield workspace
    workspace.close()
    workspace.deleteLater()


@pytest.fixture
def unwatched_window(workspace: Workspace, qtbot: QtBot) -> Iterator[Window]:
    """The window of the workspace, shown and settled: nothing is left that is done once."""
    window = Window(workspace)
    with qtbot.waitSignal(window.drawn):
        window.show()
    qtbot.waitUntil(lambda: not workspace.background.busy)
    yield window
    window.hide()
    window.deleteLater()


@pytest.fixture
def window(unwatched_window: Window) -> Iterator[Window]:
    """The window, in whose tests a stall fails the test."""
    with Watchdog() as dog:
        yield unwatched_window
    assert not dog.stalls, "; ".join(map(str, dog.stalls))
