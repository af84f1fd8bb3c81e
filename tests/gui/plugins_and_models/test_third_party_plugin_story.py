"""A third-party plugin is installed, used, disabled and removed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.operations.provenance import made_with
from seqstudio.gui.plugins_and_models.consent_view import ConsentView
from seqstudio.gui.plugins_and_models.plugins_view import PluginsView
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.confirmation import ConfirmationView
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.studio import JobSpec
from seqstudio.session.edits import EditWord

CODE = '''"""Says how long a recording is, where a transcript would say what is in it."""

from seqstudio.api import Result, Segment, Transcript, Word, hookimpl
from seqstudio.api.media import audio_info


class Measure:
    name = "measure"

    def run(self, request, job):
        (path,) = request.inputs["audio"]
        length_s = audio_info(path).duration_s
        word = Word(word="sound", start_s=0.0, end_s=length_s)
        segment = Segment(start_s=0.0, end_s=length_s, text="sound", words=(word,))
        yield Result(
            outputs={
                "transcript": Transcript(
                    audio=path.name, duration_s=length_s, text="sound", segments=(segment,)
                )
            }
        )


@hookimpl
def seqstudio_operations():
    return [Measure()]
'''
OPERATION = """
[permissions]
read = "the recordings that you choose"

[[operations]]
name = "measure"
title = "Measure a recording"
runs = "batch"
inputs = [{ name = "audio", kind = "audio", many = true }]
outputs = [{ name = "transcript", kind = "transcript", formats = ["json"] }]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the plugin's author builds from a scaffold."""
    folder = tmp_path_factory.mktemp("author") / "ruler"
    write_plugin(folder, "ruler", "operation")
    package = folder / "src" / "seqstudio_ruler"
    (package / "__init__.py").write_text(CODE)
    manifest = package / "seqstudio.toml"
    manifest.write_text(manifest.read_text().partition("\n[[operations]]")[0] + OPERATION)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (made,) = (folder / "dist").glob("*.whl")
    return made


def press(qtbot: QtBot, page: PluginsView, text: str) -> None:
    """Click a button of the page and wait until its task is done."""
    button = next(one for one in page.findChildren(QPushButton) if one.text() == text)
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.model.background_task.busy)


def uninstall(qtbot: QtBot, page: PluginsView) -> None:
    """Press Uninstall, read what goes, and agree."""
    button = next(one for one in page.findChildren(QPushButton) if one.text() == "Uninstall…")
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    if dialogs := page.window().findChildren(ConfirmationView):
        assert dialogs[-1].confirmation.question == "Uninstall Ruler?"
        assert "Operations: measure." in dialogs[-1].confirmation.lines
        qtbot.mouseClick(dialogs[-1].accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.model.background_task.busy)


def install(qtbot: QtBot, window: Window, wheel: Path) -> PluginsView:
    """Drop a wheel on the window, or a folder on the page, and click Install on the sheet."""
    target = window.show_page("plugins") if wheel.is_dir() else window
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(wheel))])
    where, keys = QPointF(300, 300), Qt.KeyboardModifier.NoModifier
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    target.dropEvent(QDropEvent(where, action, data, button, keys))
    qtbot.waitUntil(lambda: window.findChild(ConsentView) is not None)
    sheet = window.findChild(ConsentView)
    facts = sheet.facts.accessibleDescription()
    assert str(wheel) in facts
    assert "read the recordings that you choose" in facts
    with qtbot.waitSignal(window.workspace.installed_changed):
        qtbot.mouseClick(sheet.install, Qt.MouseButton.LeftButton)
    page = window.show_page("plugins")
    assert isinstance(page, PluginsView)
    qtbot.waitUntil(lambda: page.title.text() == "Ruler")
    return page


def titles(panel: OperationPanel) -> list[str]:
    return [offer.entry.title for offer in panel.model.operations]


@pytest.mark.medium
def test_a_third_party_plugin_is_installed_used_disabled_and_removed_without_a_restart(
    window: Window, qtbot: QtBot, recording: Path, wheel: Path, tmp_path: Path
) -> None:
    workspace = window.workspace
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([recording])
    panel = window.findChild(OperationPanel)
    assert "Measure a recording" not in titles(panel)

    page = install(qtbot, window, wheel)

    workspace.selection_changed.emit()  # as a click on the recording in the library does
    at = titles(panel).index("Measure a recording")
    panel.operation.setCurrentIndex(at)
    panel.operation.activated.emit(at)
    qtbot.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.document.clips[0].transcript is not None)
    clip = workspace.document.clips[0]
    assert clip.transcript is not None
    assert clip.transcript.duration_s == pytest.approx(2.3, abs=1.0)
    provenance = clip.transcript.provenance
    assert made_with(provenance, workspace.studio.catalogue, {}) == "made with ruler 0.1.0"

    window.show_page("plugins")
    press(qtbot, page, "Disable")
    assert "Measure a recording" not in titles(panel)
    assert made_with(provenance, workspace.studio.catalogue, {}).endswith("which is disabled")
    press(qtbot, page, "Enable")
    assert "Measure a recording" in titles(panel)
    uninstall(qtbot, page)
    assert "Measure a recording" not in titles(panel)
    assert not (workspace.studio.profile.home / "plugins").exists()

    made_text = made_with(provenance, workspace.studio.catalogue, {})
    assert made_text == "made with ruler 0.1.0, which is not installed"
    shown = window.show_page("recording")
    assert isinstance(shown, RecordingView)
    assert shown.model.provenance_text == made_text
    assert workspace.do(EditWord(clip.id, 0, 0, "silence"))
    edited = workspace.document.clip(clip.id).transcript
    assert edited is not None
    assert edited.segments[0].text == "silence"
    workspace.undo()
    assert workspace.document.clip(clip.id).transcript == clip.transcript
    assert workspace.save_as(tmp_path / "later.seqstudio")
    workspace.new_session()
    with qtbot.waitSignal(workspace.session_changed):
        workspace.open_session(tmp_path / "later.seqstudio")
    assert workspace.document.clip(clip.id).transcript == clip.transcript


@pytest.mark.medium
def test_a_plugin_whose_workers_crash_is_off_with_its_reason_until_it_is_enabled(
    window: Window, qtbot: QtBot, recording: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ruler"
    write_plugin(folder, "ruler", "operation")
    package = folder / "src" / "seqstudio_ruler"
    crashing = CODE.replace(
        "length_s = audio", "__import__('os')._exit(9)\n        length_s = audio"
    )
    (package / "__init__.py").write_text(crashing)
    manifest = package / "seqstudio.toml"
    manifest.write_text(manifest.read_text().partition("\n[[operations]]")[0] + OPERATION)
    workspace = window.workspace
    for name in "abc":
        (tmp_path / f"{name}.flac").write_bytes(recording.read_bytes())
    workspace.import_files([tmp_path / f"{name}.flac" for name in "abc"])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 3)
    page = install(qtbot, window, folder)
    panel = window.findChild(OperationPanel)
    panel.model.select(titles(panel).index("Measure a recording"))
    panel.model.set_use_all(True)
    panel.model.run()
    qtbot.waitUntil(lambda: page.status.text().startswith("0.1.0  ·  off: 3 of"))

    assert page.status.text().endswith("the last exited with status 9")
    assert "Measure a recording" not in titles(panel)
    window.show_page("plugins")
    press(qtbot, page, "Enable")
    assert "Measure a recording" in titles(panel)


@pytest.mark.medium
def test_a_plugin_with_waiting_jobs_stays_installed_and_a_job_of_a_disabled_plugin_fails(
    window: Window, qtbot: QtBot, recording: Path, wheel: Path
) -> None:
    workspace = window.workspace
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([recording])
    page = install(qtbot, window, wheel)
    wanted = JobSpec(plugin="ruler", name="measure", inputs={"audio": (recording,)})
    job = workspace.queue.add(wanted)
    other = workspace.queue.add(replace(wanted, options={}, formats=("json",)))
    uninstall(qtbot, page)
    assert page.banner.text.endswith(
        f"Ruler is needed by {', '.join([f'Measure {recording.stem}'] * 2)}, expected no waiting "
        "or running job: stop it, or wait until it has finished."
    )
    assert page.status.text() == "0.1.0  ·  on"
    press(qtbot, page, "Disable")
    qtbot.waitUntil(lambda: not workspace.queue.running and not workspace.queue.waiting)
    cards = {card.id: card for card in workspace.queue.jobs()}
    assert cards[job].state == "done"
    assert cards[other].state == "failed"
    assert cards[other].reason.startswith("plugin 'ruler' is switched off: by you")
    assert "retry" in cards[other].actions
    press(qtbot, page, "Enable")
    workspace.queue.retry(other)
    qtbot.waitUntil(lambda: {card.state for card in workspace.queue.jobs()} == {"done"})
    uninstall(qtbot, page)
    assert page.progress.status.text().startswith(
        "Ruler and all its versions are uninstalled. Sessions"
    )
