"""The recording page, driven by mouse, keys and drops, with real speech."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot
from recording_page import LEFT, TIMES, sample_transcript, word_centre, words_of

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.gui.recording.export_view import ExportDialog
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.output import Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemDone, ItemProgress, PartialText
from seqstudio.session.edits import SetTranscript


class FakeOutput(Output, Protocol):
    """The output that the fixture `speaker` returns."""

    fill: Callable[..., bool] | None
    now_s: float

    def sound(self, seconds: float) -> object: ...


def test_a_click_on_a_word_or_the_waveform_moves_the_playhead(
    page: RecordingView, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=word_centre(page, WordPosition(0, 2)))

    assert page.model.waveform.playhead_s == pytest.approx(0.85)
    assert page.model.transcript.highlighted == WordPosition(0, 2)

    x = round(page.model.waveform.axis.to_pixel(1.08))
    qtbot.mouseClick(page.waveform, LEFT, pos=QPoint(x, 60))
    assert page.model.transcript.highlighted == WordPosition(0, 3)


def test_words_are_edited_with_keys_alone(page: RecordingView, qtbot: QtBot) -> None:
    view, editor = page.transcript, page.transcript.editor
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert editor.isVisible()
    qtbot.keyClicks(editor, "EE AH")
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert words_of(page) == "Z EE AH O TWO"
    assert editor.isVisible()
    assert editor.text() == "O"

    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert words_of(page) == "Z EE AH TWO"
    qtbot.keyClick(view, Qt.Key.Key_F2)
    qtbot.keyClicks(editor, "cancelled text")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert words_of(page) == "Z EE AH TWO"

    page.model.workspace.undo()
    page.model.workspace.undo()
    assert words_of(page) == "Z E O TWO"


def test_a_double_click_edits_and_losing_focus_commits(page: RecordingView, qtbot: QtBot) -> None:
    view = page.transcript
    qtbot.mouseDClick(view.viewport(), LEFT, pos=word_centre(page, WordPosition(0, 3)))
    qtbot.keyClicks(view.editor, "TOO")
    page.waveform.setFocus()
    assert words_of(page) == "Z E O TOO"


def test_segments_are_split_and_merged_by_commands(page: RecordingView, window: Window) -> None:
    page.model.transcript.set_current(WordPosition(0, 2))
    window.commands.action("transcript.split").trigger()
    assert [len(one.words) for one in page.model.transcript.segments] == [2, 2]
    page.model.transcript.set_current(WordPosition(0, 0))
    window.commands.action("transcript.merge").trigger()
    assert words_of(page) == "Z E O TWO"
    assert not window.commands.action("transcript.merge").isEnabled()


def test_the_wheel_zooms_around_the_pointer_and_keys_scroll(
    page: RecordingView, qtbot: QtBot
) -> None:
    wave, at = page.model.waveform, QPointF(100, 60)  # far from the ends, which would move it
    under = wave.axis.to_unit(100)
    turned = QWheelEvent(
        at,
        page.waveform.mapToGlobal(at),
        QPoint(),
        QPoint(0, 480),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003 - Qt's: not inverted
    )
    QApplication.sendEvent(page.waveform, turned)
    assert wave.axis.span < 0.75
    assert wave.axis.to_unit(100) == pytest.approx(under)

    qtbot.keyClick(page.waveform, Qt.Key.Key_End)
    assert wave.playhead_s == pytest.approx(1.5)
    assert wave.axis.stop == pytest.approx(1.5)
    qtbot.keyClick(page.waveform, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert wave.selection is not None
    assert wave.selection[1] == pytest.approx(1.5)
    qtbot.keyClick(page.waveform, Qt.Key.Key_Escape)
    assert wave.selection is None


def test_a_drag_selects_and_moves_the_playhead_to_its_start(
    page: RecordingView, qtbot: QtBot
) -> None:
    select(page, qtbot, 1.2, 0.4)

    assert page.model.waveform.selection == (
        pytest.approx(0.4, abs=0.01),
        pytest.approx(1.2, abs=0.01),
    )
    assert page.model.waveform.playhead_s == pytest.approx(0.4, abs=0.01)


def long_talk() -> Transcript:
    """Return more words than fit on the page, fifty segments a second."""
    return replace(
        sample_transcript(),
        text="",
        segments=tuple(
            Segment(start_s=n / 50, end_s=(n + 1) / 50, text=f"SEGMENT {n}") for n in range(70)
        ),
    )


def test_an_edit_far_from_the_playhead_does_not_scroll(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    window.workspace.do(SetTranscript(window.workspace.selected_id, long_talk()))
    view = page.transcript
    page.model.transcript.set_current(WordPosition(60, 0))
    rect, bar = view.word_rect(WordPosition(60, 0)), view.verticalScrollBar().value()
    assert bar > 0
    view.start_editing()
    qtbot.keyClicks(view.editor, "PART")
    qtbot.keyClick(view.editor, Qt.Key.Key_Tab)
    qtbot.keyClick(view.editor, Qt.Key.Key_Escape)
    page.model.waveform.zoom(2)
    assert (view.word_rect(WordPosition(60, 0)).top(), view.verticalScrollBar().value()) == (
        rect.top(),
        bar,
    )

    page.model.set_follow(follow=False)
    page.model.set_follow(follow=True)
    assert view.verticalScrollBar().value() == 0


def test_another_recording_is_shown_from_its_playhead(
    page: RecordingView, window: Window, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    workspace, first = window.workspace, window.workspace.selected_id
    (tmp_path / "other.flac").write_bytes(recording.read_bytes() + b" ")
    workspace.import_files([tmp_path / "other.flac"])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    for clip in workspace.document.clips:
        workspace.do(SetTranscript(clip.id, long_talk()))
    workspace.select(first)
    page.model.transcript.set_current(WordPosition(60, 0))
    bar = page.transcript.verticalScrollBar()
    assert bar.value() > 0
    workspace.select(workspace.document.clips[1].id)
    assert bar.value() == 0
    workspace.select(first)
    assert bar.value() == 0


def select(page: RecordingView, qtbot: QtBot, start_s: float, stop_s: float) -> None:
    axis = page.model.waveform.axis
    one, other = (QPoint(round(axis.to_pixel(s)), 60) for s in (start_s, stop_s))
    qtbot.mousePress(page.waveform, LEFT, pos=one)
    qtbot.mouseMove(page.waveform, other)
    qtbot.mouseRelease(page.waveform, LEFT, pos=other)


def test_missed_words_are_added_at_the_selection(
    page: RecordingView, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = window.commands.action("transcript.add_segment")
    assert not add.isEnabled()
    select(page, qtbot, 0.1, 0.3)
    assert add.isEnabled()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" WELL  THEN ", True))
    add.trigger()
    assert words_of(page) == "WELL THEN Z E O TWO"
    assert page.model.transcript.current == WordPosition(0, 0)
    new = page.model.transcript.segments[0]
    assert (new.origin, new.start_s) == ("human", pytest.approx(0.1, abs=0.01))

    window.workspace.undo()
    assert words_of(page) == "Z E O TWO"
    window.workspace.do(SetTranscript(window.workspace.selected_id, None))
    before = window.workspace.session.steps
    add.trigger()
    assert words_of(page) == "WELL THEN"
    assert window.workspace.session.steps == before + 1
    page.model.waveform.clear_selection()
    assert not add.isEnabled()


@pytest.mark.medium
def test_a_segment_gets_the_times_of_the_selection(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    page.model.transcript.set_current(WordPosition(0, 2))
    select(page, qtbot, 0.2, 1.3)
    window.commands.action("transcript.set_times").trigger()
    changed = page.model.transcript.segments[0]
    assert (changed.start_s, changed.end_s) == (
        pytest.approx(0.2, abs=0.01),
        pytest.approx(1.3, abs=0.01),
    )
    assert [word.start_s for word in changed.words] == [start for start, _ in TIMES]
    assert window.workspace.undo_title == "Set a segment's times"


def test_the_words_are_exported_and_copied(
    page: RecordingView,
    window: Window,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for suffix, holds in (("srt", "00:00:00,310 -->"), ("vtt", "WEBVTT"), ("txt", "Z E O TWO")):
        answer = (str(tmp_path / "words"), f"Subtitles (*.{suffix})")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, answer=answer: answer)
        window.commands.action("transcript.export").trigger()
        page.findChild(ExportDialog).save()
        written = tmp_path / f"words.{suffix}"
        qtbot.waitUntil(lambda written=written: page.status.text() == f"Saved to {written}")
        assert holds in written.read_text()

    window.commands.action("transcript.copy").trigger()
    assert QGuiApplication.clipboard().text() == "Z E O TWO\n"
    QGuiApplication.clipboard().clear()


def test_a_transcript_of_a_missing_model_says_so(page: RecordingView, window: Window) -> None:
    catalogue = window.workspace.studio.catalogue
    shipped = next(entry for _, entry in catalogue.models() if entry.name == "speech-en-small")
    for model, sha256, problem in (
        (shipped.name, shipped.sha256, ""),
        (shipped.name, "0" * 64, ", which is another one now"),
        ("my-own", "0" * 64, ", which is not installed"),
    ):
        made = {"plugin": "speech", "model": model, "models": {model: sha256}}
        window.workspace.do(
            SetTranscript(
                window.workspace.selected_id, replace(sample_transcript(), provenance=made)
            )
        )
        assert page.provenance.text() == f"made with speech, model {model}{problem}"


def test_partial_text_of_a_job_is_shown_until_there_are_words(
    page: RecordingView, window: Window
) -> None:
    workspace = window.workspace
    workspace.do(SetTranscript(workspace.selected_id, None))
    assert page.transcript.placeholder.startswith("No transcript yet")
    workspace.live.on_event(workspace.selected_id, ItemProgress(item=1, fraction=0.5))
    assert page.transcript.placeholder == "Transcribing: 50%"
    workspace.live.on_event(workspace.selected_id, PartialText(item=1, text="Z E"))
    assert page.transcript.partial_text == "Z E"
    workspace.live.on_event(workspace.selected_id, ItemDone(item=1, name="a"))
    assert page.transcript.partial_text == ""


def test_playback_moves_the_playhead_and_stops_at_the_end_of_the_selection(
    workspace: Workspace, qtbot: QtBot, recording: Path, speaker: FakeOutput
) -> None:
    player = Player(workspace.background, workspace, find=lambda: speaker)
    model = RecordingModel(workspace, workspace, player=player)
    workspace.import_files([recording])
    qtbot.waitUntil(
        lambda: model.can_play and model.waveform.duration_s > 1 and not model.waveform.loading
    )
    model.waveform.select(0.5, 1.0)
    model.toggle_playback()
    qtbot.waitUntil(lambda: speaker.fill is not None)

    def stopped() -> bool:
        speaker.sound(0.02)
        return not player.playing

    qtbot.waitUntil(stopped)
    assert model.waveform.playhead_s == pytest.approx(1.0, abs=0.03)
    assert speaker.now_s < 0.8  # the rest of the recording was not played
    model.go_to_start()
    assert model.waveform.playhead_s == 0.5
