"""The operation panel, with a third-party plugin."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.inputs import InputSource
from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.operations.panel_view import PANEL_PIXELS, OperationPanel
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue import recognisers
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.jobs.queue import NewJob
from seqstudio.host.jobs.spec import spec_to_text
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.judgement import Estimate, Judgement
from seqstudio.services.learning import settle
from seqstudio.services.runs import RunSpec, create_run


@pytest.fixture
def parrot(parrot_studio: Studio, workspace: Workspace) -> Workspace:
    """A workspace with a third-party plugin installed."""
    return workspace


@pytest.fixture
def commands(qtbot: QtBot) -> Commands:
    host = QWidget()
    qtbot.addWidget(host)
    commands = Commands(host)
    commands.add(Command("session.learn", "Learn from corrections…", "Session"), lambda: None)
    return commands


def import_and_wait(workspace: Workspace, qtbot: QtBot, *paths: Path) -> None:
    workspace.import_files(paths)
    qtbot.waitUntil(lambda: not workspace.loading and not workspace.background.busy)


def select(panel: PanelModel, name: str) -> None:
    panel.select([operation.entry.name for operation in panel.operations].index(name))


def texts(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return [folder / f"{name}.txt" for name in files]


@pytest.mark.parametrize(
    ("kind", "listed", "elsewhere"),
    [
        ("audio", ["transcribe", "align", "prepare", "score"], {"live", "render", "echo"}),
        ("midi", ["generate", "continue", "harmonize", "render", "learn"], {"transcribe", "echo"}),
        ("text", ["ngram", "align", "classify", "write", "echo", "score"], {"transcribe"}),
        ("table", ["predict", "detect"], {"transcribe", "generate"}),
    ],
)
def test_each_kind_lists_the_operations_that_take_it_or_make_it_from_nothing(
    parrot: Workspace, kind: str, listed: list[str], elsewhere: set[str]
) -> None:
    names = [operation.entry.name for operation in PanelModel(parrot, kind).operations]
    assert [name for name in names if name in listed] == listed
    assert not elsewhere & set(names)


def test_the_panel_beside_a_text_lists_operations_on_texts(
    parrot: Workspace, commands: Commands, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    import_and_wait(parrot, qtbot, recording, *texts(tmp_path, song="la"))
    sound, text = parrot.document.clips
    view = RecordingView(parrot, commands)
    qtbot.addWidget(view)
    for clip, title in ((text, "Ngram song"), (sound, f"Transcribe {sound.name}")):
        parrot.select(clip.id)
        assert view.panel.model.title == title
    qtbot.waitUntil(lambda: not parrot.background.busy)


def test_a_form_is_kept_while_another_kind_is_selected(
    parrot: Workspace, commands: Commands, qtbot: QtBot, tmp_path: Path, recording: Path, tune: Path
) -> None:
    import_and_wait(parrot, qtbot, recording, *texts(tmp_path, song="la", dialect="loo"), tune)
    sound, text, dialect = (clip.id for clip in parrot.document.clips if clip.kind != "midi")
    view = RecordingView(parrot, commands)
    qtbot.addWidget(view)
    panel = view.panel.model
    parrot.select(sound)
    panel.options.set("beam", 4)
    parrot.select(text)
    select(panel, "echo")
    panel.options.set("times", 7)
    panel.set_input("accent", next(one for one in panel.candidates if one.id == dialect))
    parrot.select(sound)
    assert panel.options.value("beam") == 4
    select(panel, "weigh")
    parrot.select(parrot.document.takes[0].id)  # the panel has no operation for it
    parrot.select(text)
    assert panel.options.value("times") == 7
    assert view.panel.ports["accent"].currentText() == "dialect"
    parrot.select(sound)
    assert panel.operation
    assert panel.operation.entry.name == "weigh"
    qtbot.waitUntil(lambda: not parrot.background.busy)


def test_the_reason_names_what_is_missing_for_a_run(
    parrot: Workspace, qtbot: QtBot, tmp_path: Path, tune: Path
) -> None:
    assert PanelModel(parrot, "model").reason == "No installed plugin takes a model."
    panel = PanelModel(parrot, "text")
    select(panel, "echo")
    assert panel.reason == "Select a text in the session first."
    import_and_wait(parrot, qtbot, *texts(tmp_path, song="la"))
    assert panel.reason == ""
    panel.options.type_in("times", "12")
    assert panel.reason == "Fix this first: times=12, expected at most 9."
    music = PanelModel(parrot, "midi")
    import_and_wait(parrot, qtbot, tune)
    parrot.select(parrot.document.takes[0].id)
    select(music, "learn")
    assert "no model for parrot.songs is installed" in music.reason


def test_the_form_of_transcribe_has_plain_labels_and_no_gaps(
    workspace: Workspace, commands: Commands, qtbot: QtBot, recording: Path
) -> None:
    import_and_wait(workspace, qtbot, recording)
    view = RecordingView(workspace, commands)
    qtbot.addWidget(view)
    view.resize(1200, 900)
    view.show()
    panel = view.panel
    labels = [field.label for field in panel.model.options.fields]
    assert {"Find pauses by", "Language model", "8-bit weights"} <= {*labels}
    items = [panel._column.itemAt(at).widget() for at in range(panel._column.count())]
    shown = [widget.geometry() for widget in items if widget.isVisible()]
    assert len(shown) == 3  # the model, the options, and the formats
    assert all(one.height() > 0 for one in shown)
    assert {b.top() - a.bottom() - 1 for a, b in pairwise(shown)} == {panel._column.spacing()}


def test_the_default_model_is_named_and_imported_ones_are_listed(
    workspace: Workspace, recording: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognisers, "find_spec", lambda name: None)  # no engine is installed
    import_and_wait(workspace, qtbot, recording)
    panel = PanelModel(workspace, "audio")
    assert [choice.title for choice in panel.models] == ["speech-en-small (default)"]
    assert "English letters" in panel.models[0].help
    with qtbot.waitSignal(panel.operation_changed):
        workspace.studio.models.add(workspace.studio.models.find("speech-en-small").path, "mine")
        workspace.refresh()
    assert [choice.title for choice in panel.models] == [
        "speech-en-small (default)",
        "mine (imported)",
    ]
    panel.select_model("mine")
    workspace.studio.models.remove("mine")
    workspace.refresh()
    assert panel.model == ""


def learned_run(studio: Studio, folder: Path) -> int:
    """Write a run that learned from corrections and was kept; return its job."""
    run = create_run(folder, RunSpec(task="speech.ctc", apart=0.2))
    shutil.copytree(studio.models.find("speech-en-small").path, run.model)
    same = Estimate(0.2, 0.1, 0.3)
    none = Estimate(0.0, 0.0, 0.0)
    judgement = Judgement(metric="cer", items=2, total=9, before=same, after=same, difference=none)
    settle(run, judgement)
    arguments = {"run": str(folder), "data": str(folder.parent)}
    spec = JobSpec(plugin="speech", verb="learn", name="speech.ctc", arguments=arguments)
    new = NewJob(
        identity=str(folder),
        plugin="speech",
        verb="learn",
        name="speech.ctc",
        spec=spec_to_text(spec),
        seed=0,
        owner="",
    )
    return studio.jobs.add(new, lambda _job: [])


def test_a_model_that_learned_is_chosen_until_the_user_chooses_another(
    workspace: Workspace, commands: Commands, recording: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    import_and_wait(workspace, qtbot, recording)
    view = RecordingView(workspace, commands)
    qtbot.addWidget(view)
    panel = view.panel.model
    assert (panel.model, panel.model_text) == ("", "")
    for name in ("first", "second"):  # each is chosen, also after another was
        job = learned_run(workspace.studio, tmp_path / name)
        workspace.queue.job_event.emit(job, JobFinished(state="done", done=1))
        assert panel.model == str(tmp_path / name)
        assert panel.model_text.startswith("Chosen because it learned from your corrections.")
        assert view.panel.why_model.text() == panel.model_text
        panel.select_model("")
        workspace.refresh()
        assert (panel.model, panel.model_text, view.panel.why_model.text()) == ("", "", "")


def test_recognisers_that_are_installed_are_models_too(
    workspace: Workspace, recording: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognisers, "find_spec", lambda name: object())  # all engines are
    import_and_wait(workspace, qtbot, recording)
    panel = PanelModel(workspace, "audio")

    choices = {choice.value: choice for choice in panel.models}
    assert choices["whisper-tiny-en"].title == "whisper-tiny-en (Whisper)"
    assert choices["whisper-tiny-en"].help == "Whisper tiny, English\nLanguages: en"
    assert "sherpa-ctc" not in choices  # it has no model of its own
    panel.select_model("whisper-tiny-en")
    assert panel.reason == ""


def test_music_suggests_continuing_once_a_piece_is_selected(
    workspace: Workspace, qtbot: QtBot, tune: Path
) -> None:
    panel = PanelModel(workspace, "midi")
    assert panel.operation
    assert (panel.operation.entry.name, panel.reason) == ("generate", "")
    import_and_wait(workspace, qtbot, tune)
    assert (panel.operation.entry.name, panel.title) == ("continue", "Continue greensleeves")
    select(panel, "generate")
    workspace.select("")
    workspace.select(workspace.document.takes[0].id)
    assert panel.operation.entry.name == "generate"


def test_composing_has_the_same_title_in_menu_chooser_button_and_jobs(
    window: Window, qtbot: QtBot
) -> None:
    window.commands.action("music.compose").trigger()
    qtbot.waitUntil(lambda: window.findChild(OperationPanel) is not None)
    panel = window.findChild(OperationPanel)
    title = window.commands.action("music.compose").text()
    assert panel.operation.currentText() == f"{title} (Music)"
    assert panel.run.text() == panel.model.title == title
    window.workspace.studio.enqueue(JobSpec(plugin="music", name="generate"))
    window.workspace.queue.dismiss()  # none; the list is read again
    qtbot.waitUntil(lambda: [card.title for card in window.workspace.queue.jobs()] == [title])


def test_a_third_party_operation_runs_on_all_texts_and_its_outputs_are_listed(
    parrot: Workspace, qtbot: QtBot, tmp_path: Path, commands: Commands
) -> None:
    import_and_wait(parrot, qtbot, *texts(tmp_path, one="la", two="lo"))
    view = OperationPanel(parrot, commands, "text")
    qtbot.addWidget(view)
    select(view.model, "echo")
    view.show()
    assert view.badge.text() == "≠ May differ each time: parrots differ"
    assert list(view.formats) == ["md", "tsv"]  # txt is what the session reads
    assert [name for name, box in view.formats.items() if box.isChecked()] == ["tsv"]
    view.model.set_input("accent", InputSource.of_file(str(tmp_path / "one.txt")))
    qtbot.keyClick(view.use_all, Qt.Key.Key_Space)
    assert view.run.text() == "Echo 2 texts"
    with qtbot.waitSignal(parrot.queue.changed):
        qtbot.keyClick(view.run, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: [job.state for job in parrot.queue.jobs()] == ["done"])
    (card,) = parrot.queue.jobs()
    items = parrot.queue.items(card.id)
    assert [item.name for item in items] == ["one.txt", "two.txt"]
    outputs = [path.name for item in items for path in item.outputs]
    assert outputs == ["one.txt", "one.counts.tsv", "two.txt", "two.counts.tsv"]
    assert items[1].outputs[0].read_text() == "lolo"
    assert not any(clip.transcript for clip in parrot.document.clips)


def test_another_operation_gets_its_own_forms(
    parrot: Workspace, qtbot: QtBot, commands: Commands
) -> None:
    view = OperationPanel(parrot, commands, "")
    qtbot.addWidget(view)
    view.show()
    names = [operation.entry.name for operation in view.model.operations]
    for name in ("generate", "echo", "weigh", "generate"):
        select(view.model, name)
        assert view.operation.currentIndex() == names.index(name)
        assert view.options
        assert view.amount
        assert sorted(view.options.widgets) == sorted(f.name for f in view.model.options.fields)
        assert bool(view.amount.widgets) == (name == "generate")
    assert view.operation.accessibleName() == "Operation"
    assert not view.banner.isVisible()


def test_every_format_of_a_transcript_is_inside_the_panel(
    workspace: Workspace, qtbot: QtBot, commands: Commands
) -> None:
    view = OperationPanel(workspace, commands, "audio")
    qtbot.addWidget(view)
    select(view.model, "transcribe")
    view.resize(PANEL_PIXELS, 700)
    view.show()
    assert "docx" in view.formats
    for box in view.formats.values():
        assert box.mapTo(view, box.rect().topRight()).x() < PANEL_PIXELS
