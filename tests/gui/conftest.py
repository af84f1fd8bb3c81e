"""A desk on a profile of its own, and the window over it, offscreen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from seqstudio.gui.desk import Desk
from seqstudio.gui.watchdog import Watchdog
from seqstudio.gui.window import Window
from seqstudio.host.session.session import Session
from seqstudio.host.studio import Studio

ASSETS = Path(__file__).parents[2] / "assets"


@pytest.fixture
def recording() -> Path:
    """Two seconds of real speech."""
    return ASSETS / "speech" / "an2-mblw-b.flac"


@pytest.fixture
def tune() -> Path:
    """A real folk tune."""
    return ASSETS / "music" / "greensleeves.mid"


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    """A desk with an empty untitled session."""
    studio = Studio(tmp_path / "profile")
    desk = Desk(studio, Session.untitled(studio.profile))
    yield desk
    desk.close()


@pytest.fixture
def window(desk: Desk, qtbot: QtBot) -> Iterator[Window]:
    """The window over the desk, shown; a stall of it fails the test."""
    window = Window(desk)
    window.show()
    qtbot.waitExposed(window)
    with Watchdog() as dog:
        yield window
    window.hide()
    window.deleteLater()
    assert not dog.stalls, "; ".join(map(str, dog.stalls))
