"""Corrected transcripts become a better model in three clicks, and it says how much better."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from tones import sentences, write_recording, write_training_data

from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.train.judgement import verdict
from seqstudio.gui.train.judgement_view import JudgementView
from seqstudio.gui.train.learn_view import LearnDialog
from seqstudio.gui.train.train_view import TrainView
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.host.studio import JobSpec
from seqstudio.services.judgement import JUDGEMENT, Estimate, Judgement
from seqstudio.session.edits import SetSegments, SetTranscript

TINY = ("hidden=32", "layers=1", "dropout=0", "epochs=8", "learning_rate=0.01", "batch_size=4")
PLAIN = ("noise=0", "reverberation=0", "channel=0", "padding=0", "time_masks=0", "gain_db=0")


def train_tones(window: Window, folder: Path) -> Path:
    """Train a tiny model of the low voice."""
    data, run = write_training_data(folder / "low", 40), folder / "low-voice"
    arguments = {"data": str(data), "run": str(run), "settings": (*TINY, *PLAIN)}
    spec = JobSpec(plugin="speech", verb="train", name="speech.ctc", arguments=arguments)
    assert window.workspace.studio.submit(spec).wait().state == "done"
    return run


def correct(window: Window, qtbot: QtBot, paths: list[Path], segments: int) -> None:
    """Import recordings with transcripts, and change a word of the first segment of each."""
    whole = [
        write_recording(path, sentences(segments, seed=10 + number))
        for number, path in enumerate(paths)
    ]
    window.workspace.import_files(paths)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == len(paths))
    for clip, transcript in zip(window.workspace.document.clips, whole, strict=True):
        first = transcript.segments[0]
        wrong = replace(first, text=first.text + " A")
        heard = replace(transcript, segments=(wrong, *transcript.segments[1:]))
        window.workspace.do(SetTranscript(clip.id, heard))
        window.workspace.do(SetSegments(clip.id, 0, 1, (replace(first, origin="human"),)))


def open_dialog(window: Window, qtbot: QtBot) -> LearnDialog:
    """Press the button above the words."""
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    named = [one for one in page.findChildren(QPushButton) if one.text().startswith("Learn from")]
    qtbot.mouseClick(named[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChild(LearnDialog) is not None)
    dialog = window.findChild(LearnDialog)
    qtbot.waitUntil(lambda: not dialog._model.reading)
    return dialog


@pytest.mark.medium
def test_corrected_recordings_teach_the_model_and_the_page_shows_before_and_after(
    unwatched_window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    window = unwatched_window
    low_voice = train_tones(window, tmp_path)
    correct(window, qtbot, [tmp_path / f"high-{number}.wav" for number in range(4)], 7)
    dialog = open_dialog(window, qtbot)
    at = dialog.models.findText("low-voice")
    dialog.models.setCurrentIndex(at)
    dialog.models.activated.emit(at)
    assert dialog.recordings.item(0).text() == "high-0: 7 segments, 1 by hand, 0:07"
    assert dialog.name.text() == "low-voice-learned"
    page = window.show_page("train")
    assert isinstance(page, TrainView)
    window.show_library()
    model, view = page.model, page.run
    said: list[str] = []
    model.run_changed.connect(lambda: said.append(view.progress.text()))
    qtbot.mouseClick(dialog.learn, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(model.run and model.run.judgement))
    assert window.stack.currentWidget() is page
    assert "Running · measuring the model as it is" in said
    assert model.run
    judgement = model.run.judgement
    assert judgement
    assert judgement.kept
    assert (judgement.items, judgement.total) == (7, 28)
    assert judgement.after.value < judgement.before.value - 0.1
    assert view.judgement.isVisible()
    assert view.judgement.verdict.text() == "✓ Kept: better on what was held out."
    assert "Character error rate on 7 of 28 items" in view.judgement.about.text()
    assert view.judgement.intervals.accessibleName().startswith("Before ")
    assert view.progress.text().startswith("Done")

    panel = PanelModel(window.workspace, "audio")
    learned = next(one for one in panel.models if "low-voice-learned (trained" in one.title)
    panel.select_model(learned.value)
    panel.run()
    clip = window.workspace.document.clips[0].id

    def made_by() -> str:
        transcript = window.workspace.document.clip(clip).transcript
        return json.dumps(dict(transcript.provenance)) if transcript else ""

    qtbot.waitUntil(lambda: "low-voice-learned" in made_by())
    table = model.run.folder / JUDGEMENT
    worse = json.loads(table.read_text())
    worse["difference"] = {"value": 0.1, "low": 0.0, "high": 0.2}
    table.write_text(json.dumps(worse))
    panel.refresh()
    assert "low-voice-learned (trained" not in str(panel.models)
    assert str(low_voice) in [one.value for one in panel.models]


@pytest.mark.medium
def test_what_is_missing_is_said_in_one_sentence_before_anything_starts(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    correct(window, qtbot, [tmp_path / "high.wav"], 5)
    dialog = open_dialog(window, qtbot)

    assert not dialog.learn.isEnabled()
    assert dialog.reason.text() == (
        "⚠ 5 corrected segments, expected at least 8: some are held out to judge what was learned."
    )
    dialog.recordings.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.reason.text() == "⚠ Choose a recording to learn from."
    dialog.close()


@pytest.mark.medium
def test_without_corrections_the_dialog_says_what_to_correct(
    window: Window, qtbot: QtBot, recording: Path
) -> None:
    window.workspace.import_files([recording])
    qtbot.waitUntil(lambda: bool(window.workspace.document.clips))
    dialog = open_dialog(window, qtbot)

    assert not dialog.recordings.isVisible()
    assert not dialog.models.isVisible()
    assert dialog.reason.text().startswith("⚠ Correct the transcript of a recording first")
    dialog.close()


def judged(difference: Estimate) -> Judgement:
    before = Estimate(0.4, 0.3, 0.5)
    after = Estimate(0.4 + difference.value, 0.2, 0.6)
    return Judgement(
        metric="cer", items=7, total=28, before=before, after=after, difference=difference
    )


@pytest.mark.parametrize(
    ("difference", "start"),
    [
        (Estimate(-0.2, -0.3, -0.1), "Kept: better on what was held out."),
        (Estimate(-0.2, -0.3, 0.1), "Kept: better on what was held out, though the difference may"),
        (Estimate(0.0, 0.0, 0.0), "Kept: neither better nor worse"),
        (Estimate(0.2, 0.1, 0.3), "Rolled back: worse on what was held out. The model is the one"),
        (Estimate(0.2, -0.1, 0.3), "Rolled back: worse on what was held out, though"),
    ],
)
def test_the_verdict_says_what_was_kept_and_how_sure_that_is(
    difference: Estimate, start: str
) -> None:
    assert verdict(judged(difference)).startswith(start)


def test_both_estimates_are_painted_where_they_are(qtbot: QtBot) -> None:
    parent = QPushButton()
    qtbot.addWidget(parent)
    view = JudgementView(parent)
    view.show_judgement(judged(Estimate(0.2, 0.1, 0.3)))
    view.resize(500, 200)
    assert view.verdict.text().startswith("✗ Rolled back")
    assert view.intervals.accessibleName() == "Before 40 % (30 to 50 %); After 60 % (20 to 60 %)"

    accent = colours_of(parent.palette()).accent
    picture, height = view.intervals.grab().toImage(), view.intervals.sizeHint().height() // 2

    def ink(row: int) -> list[int]:
        y = row * height + height // 2
        return [x for x in range(picture.width()) if picture.pixelColor(x, y) == accent]

    assert min(ink(1)) < min(ink(0))  # 20 % is left of 30 %
    assert max(ink(0)) < max(ink(1))
