"""The session as a script, from its menu."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake

RECORD = {
    "plugin": "music",
    "operation": "continue",
    "inputs": {},
    "options": {},
    "model": {"name": "mine", "sha256": "0"},
    "base_seed": 1,
    "take": 1,
}


def test_the_script_is_written_and_what_it_leaves_out_is_said(
    window: Window, tune: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    folder = tmp_path / "again"

    def answer(*_arguments: Any) -> str:
        return str(folder)

    def read(_parent: Any, _title: str, text: str) -> None:
        said.append(text)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", answer)
    monkeypatch.setattr(QMessageBox, "information", read)
    action = window.commands.action("session.script")
    window.workspace.do(AddTake(Take.of(tune.read_bytes(), "tune")))
    window.commands.refresh()
    assert not action.isEnabled()
    window.workspace.do(AddTake(Take.of(tune.read_bytes(), "more", provenance=RECORD)))
    window.commands.refresh()
    action.trigger()
    qtbot.waitUntil(lambda: bool(said))

    assert said[0].splitlines() == [
        f"{folder / 'rebuild.sh'} makes 0 results again, with 0 commands.",
        "Left out: more: model 'mine' is not installed as it was, expected it under Models",
    ]
    assert (folder / "rebuild.sh").read_text().startswith("#!/bin/sh\n# Makes the results of")
