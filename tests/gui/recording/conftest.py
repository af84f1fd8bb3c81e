import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.shell.window_view import Window
from seqstudio.session.edits import SetTranscript

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode finds no neighbours


@pytest.fixture
def page(window: Window, qtbot: QtBot, recording: Path) -> RecordingView:
    """The page with real speech, loaded, and its words."""
    from recording_page import sample_transcript  # its folder is on the path now

    window.workspace.import_files([recording])
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), RecordingView))
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.model.waveform.duration_s > 0 and not page.model.waveform.loading)
    window.workspace.do(SetTranscript(window.workspace.selected_id, sample_transcript()))
    return page
