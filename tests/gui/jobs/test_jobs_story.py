from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace


@pytest.fixture
def commands(qtbot: QtBot) -> Commands:
    host = QWidget()
    qtbot.addWidget(host)
    return Commands(host)


@pytest.mark.medium
def test_a_recording_is_transcribed_from_the_panel(
    workspace: Workspace, qtbot: QtBot, recording: Path, commands: Commands
) -> None:
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([recording])
    panel = OperationPanel(workspace, commands, "audio")
    qtbot.addWidget(panel)
    assert panel.model.title == "Transcribe an2-mblw-b"
    texts: list[str] = []
    workspace.live.changed.connect(lambda id: texts.append(workspace.live.text(id)))

    qtbot.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.document.clips[0].transcript is not None)

    transcript = workspace.document.clips[0].transcript
    assert transcript is not None
    assert transcript.text
    assert transcript.provenance["plugin"] == "speech"
    assert workspace.undo_title == "Result of Transcribe an2-mblw-b"


@pytest.mark.medium
def test_three_takes_continue_a_tune_and_are_named_after_it(
    workspace: Workspace, qtbot: QtBot, tune: Path, commands: Commands
) -> None:
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([tune])
    primer = workspace.document.takes[0]
    panel = OperationPanel(workspace, commands, "midi")
    qtbot.addWidget(panel)
    assert panel.model.operation is not None
    assert panel.model.operation.entry.name == "continue"
    for name, text in (("takes", "3"), ("seed", "7")):
        panel.model.amount.type_in(name, text)
    panel.model.options.type_in("bars", "2")

    qtbot.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(workspace.document.takes) == 4)

    new = workspace.document.takes[1:]
    assert [take.name for take in new] == [f"Continue greensleeves {n}" for n in (1, 2, 3)]
    assert {take.parent for take in new} == {primer.id}
    assert [take.provenance["take"] for take in new] == [1, 2, 3]
    assert {take.provenance["base_seed"] for take in new} == {7}
    assert all(sum(map(len, t.tracks)) > sum(map(len, primer.tracks)) for t in new)
