"""A desk on a profile of its own, and the window over it, offscreen."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))  # importlib mode finds no neighbours

from watchdog import Watchdog

from seqstudio.gui.shell.garbage_collector import collect_if_due
from seqstudio.gui.shell.window import Window
from seqstudio.gui.sound.output import Fill
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.media.audio import Samples
from seqstudio.session.session import Session

ASSETS = Path(__file__).parents[2] / "assets"


class Loudspeaker:
    """An output in memory: it asks for sound when it is told to, by a clock of its own."""

    now_s = 0.0
    fill: Fill | None = None

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        return wanted_hz

    def open(
        self, rate_hz: int, channels: int, fill: Fill, over: Callable[[], None]
    ) -> "Loudspeaker":
        self.rate, self.channels, self.over, self.fill = rate_hz, channels, over, fill
        return self

    def close(self) -> None:
        self.fill = None

    def sound(self, seconds: float) -> Samples:
        """Take so much, and let the clock run until all of it was heard."""
        out = np.zeros((round(seconds * self.rate), self.channels), np.float32)
        if fill := self.fill:  # its thread may close it meanwhile
            last = fill(out, self.now_s)
            self.now_s += seconds
            if last:
                self.over()
        return out


@pytest.fixture
def speaker() -> Loudspeaker:
    """Where a player plays to, in tests that hear what is played."""
    return Loudspeaker()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect garbage between tests, as the app does: never on a thread of a job."""
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


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio with a plugin that the app knows by its manifest alone."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "plugins" / "parrot")
    return Studio(tmp_path / "profile")


@pytest.fixture
def workspace(tmp_path: Path, qtbot: QtBot) -> Iterator[Workspace]:
    """A desk with an empty untitled session."""
    studio = Studio(tmp_path / "profile")
    workspace = Workspace(studio, Session.untitled(studio.profile))
    yield workspace
    workspace.close()
    workspace.deleteLater()


@pytest.fixture
def window(workspace: Workspace, qtbot: QtBot) -> Iterator[Window]:
    """The window over the desk, shown; a stall of it fails the test."""
    window = Window(workspace)
    window.show()
    qtbot.waitExposed(window)
    with Watchdog() as dog:
        yield window
    window.hide()
    window.deleteLater()
    assert not dog.stalls, "; ".join(map(str, dog.stalls))
