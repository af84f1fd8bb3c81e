"""What to transcribe next is asked for in the panel beside a recording, of a folder of others."""

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.inputs import InputSource
from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.workspace.workspace import Workspace

SPEECH = Path(__file__).parents[3] / "assets" / "speech"


@pytest.mark.medium
def test_the_ranking_of_a_folder_becomes_a_table_of_the_session(
    workspace: Workspace, qtbot: QtBot, recording: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "untranscribed"
    folder.mkdir()
    names = ["an114-mdcs2-b.flac", "an350-mnfe-b.flac"]
    for name in names:
        shutil.copy(SPEECH / name, folder)
    workspace.import_files([recording])
    qtbot.waitUntil(lambda: bool(workspace.document.clips))
    panel = PanelModel(workspace, "audio")
    panel.select(
        [one.entry.title for one in panel.operations].index("Rank what to transcribe next")
    )
    assert panel.reason == "Folder: choose a file or folder."
    panel.set_input("folder", InputSource.of_file(str(folder)))
    assert panel.reason == ""
    panel.run()
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)

    table = workspace.document.clips[1]
    assert table.kind == "table"
    rows = table.path.read_text().splitlines()
    assert rows[0].startswith("rank,recording,")
    assert sorted(row.split(",")[1] for row in rows[1:]) == names
