"""The page of a recording, driven by mouse, keys and drops on real speech."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.shell.window import Window
from seqstudio.gui.sound.output import Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemDone, ItemProgress, PartialText
from seqstudio.media.subtitles import to_json
from seqstudio.session.document import Clip
from seqstudio.session.operations import AddClip, SetTranscript

TIMES = ((0.31, "Z"), (0.71, "E"), (0.85, "O"), (1.04, "TWO"))
LEFT = Qt.MouseButton.LeftButton

HOUR_S = 3600.0


class Speaker(Output, Protocol):
    """The output of the fixture `speaker`."""

    fill: Callable[..., bool] | None
    now_s: float

    def sound(self, seconds: float) -> object: ...


def spoken() -> Transcript:
    words = tuple(
        Word(word=word, start_s=start, end_s=start + 0.1, confidence=0.4 if word == "E" else 0.9)
        for start, word in TIMES
    )
    segment = Segment(start_s=0.31, end_s=1.14, text="Z E O TWO", words=words)
    return Transcript(audio="a.flac", duration_s=1.5, text="Z E O TWO", segments=(segment,))


@pytest.fixture
def page(window: Window, qtbot: QtBot, recording: Path) -> RecordingView:
    """The page over real speech, loaded, with its words."""
    window.workspace.bring_in([recording])
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), RecordingView))
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.model.wave.duration_s > 0 and not page.model.wave.loading)
    window.workspace.do(SetTranscript(window.workspace.chosen, spoken()))
    return page


def middle(page: RecordingView, place: Place) -> QPoint:
    return page.transcript.rectangle(place).center().toPoint()


def said(page: RecordingView) -> str:
    return " ".join(word.word for word in page.model.transcript.timeline.between(0, HOUR_S))


def drop(page: QWidget, path: Path) -> None:
    """Drop a file: what the page does not take goes to the window, by Qt's own ways."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where, action = QPoint(9, 9), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where, action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    dropped = QDropEvent(QPointF(where), action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, dropped)


def test_a_click_on_a_word_or_the_waveform_puts_the_playhead_there(
    page: RecordingView, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=middle(page, Place(0, 2)))

    assert page.model.wave.playhead_s == pytest.approx(0.85)
    assert page.model.transcript.lit == Place(0, 2)
    assert page.time.text() == "0:00.8 / 0:01.5"

    x = round(page.model.wave.axis.to_pixel(1.08))
    qtbot.mouseClick(page.wave, LEFT, pos=QPoint(x, 60))
    assert page.model.transcript.lit == Place(0, 3)


def test_words_are_edited_by_keys_alone(page: RecordingView, qtbot: QtBot) -> None:
    view, editor = page.transcript, page.transcript.editor
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert editor.isVisible()
    qtbot.keyClicks(editor, "EE AH")
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert said(page) == "Z EE AH O TWO"
    assert editor.isVisible()
    assert editor.text() == "O"

    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert said(page) == "Z EE AH TWO"
    qtbot.keyClick(view, Qt.Key.Key_F2)
    qtbot.keyClicks(editor, "nothing of this")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert said(page) == "Z EE AH TWO"

    page.model.workspace.undo()
    page.model.workspace.undo()
    assert said(page) == "Z E O TWO"


def test_a_double_click_edits_and_going_elsewhere_keeps_it(
    page: RecordingView, qtbot: QtBot
) -> None:
    view = page.transcript
    qtbot.mouseDClick(view.viewport(), LEFT, pos=middle(page, Place(0, 3)))
    qtbot.keyClicks(view.editor, "TOO")
    page.wave.setFocus()
    assert said(page) == "Z E O TOO"


def test_segments_are_split_and_joined_by_commands(page: RecordingView, window: Window) -> None:
    page.model.transcript.take_up(Place(0, 2))
    window.commands.action("transcript.split").trigger()
    assert [len(one.words) for one in page.model.transcript.segments] == [2, 2]
    page.model.transcript.take_up(Place(0, 0))
    window.commands.action("transcript.merge").trigger()
    assert said(page) == "Z E O TWO"
    assert not window.commands.action("transcript.merge").isEnabled()


def test_the_wheel_zooms_around_the_pointer_and_keys_scroll(
    page: RecordingView, qtbot: QtBot
) -> None:
    wave, at = page.model.wave, QPointF(200, 60)
    under = wave.axis.to_unit(200)
    turned = QWheelEvent(
        at,
        page.wave.mapToGlobal(at),
        QPoint(),
        QPoint(0, 480),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,  # noqa: FBT003 - Qt's: not inverted
    )
    QApplication.sendEvent(page.wave, turned)
    assert wave.axis.span < 0.75
    assert wave.axis.to_unit(200) == pytest.approx(under)

    qtbot.keyClick(page.wave, Qt.Key.Key_End)
    assert wave.playhead_s == pytest.approx(1.5)
    assert wave.axis.stop == pytest.approx(1.5)
    qtbot.keyClick(page.wave, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert wave.selection is not None
    assert wave.selection[1] == pytest.approx(1.5)
    qtbot.keyClick(page.wave, Qt.Key.Key_Escape)
    assert wave.selection is None


def test_a_drag_selects_and_the_selection_is_heard_alone(page: RecordingView, qtbot: QtBot) -> None:
    select(page, qtbot, 1.2, 0.4)

    assert page.model.wave.selection == (pytest.approx(0.4, abs=0.01), pytest.approx(1.2, abs=0.01))
    assert page.model.wave.playhead_s == pytest.approx(0.4, abs=0.01)


def long_talk() -> Transcript:
    """Give more words than fit on the page, fifty segments a second."""
    return replace(
        spoken(),
        text="",
        segments=tuple(
            Segment(start_s=n / 50, end_s=(n + 1) / 50, text=f"SEGMENT {n}") for n in range(70)
        ),
    )


def test_an_edit_far_from_the_playhead_is_not_scrolled_away(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    window.workspace.do(SetTranscript(window.workspace.chosen, long_talk()))
    view = page.transcript
    page.model.transcript.take_up(Place(60, 0))
    where, bar = view.rectangle(Place(60, 0)), view.verticalScrollBar().value()
    assert bar > 0
    view.begin_edit()
    qtbot.keyClicks(view.editor, "PART")
    qtbot.keyClick(view.editor, Qt.Key.Key_Tab)
    qtbot.keyClick(view.editor, Qt.Key.Key_Escape)
    page.model.wave.zoom(2)
    assert (view.rectangle(Place(60, 0)).top(), view.verticalScrollBar().value()) == (
        where.top(),
        bar,
    )

    page.model.set_follow(follow=False)
    page.model.set_follow(follow=True)
    assert view.verticalScrollBar().value() == 0


def test_another_recording_is_shown_from_its_playhead(
    page: RecordingView, window: Window, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    workspace, first = window.workspace, window.workspace.chosen
    (tmp_path / "other.flac").write_bytes(recording.read_bytes() + b" ")
    workspace.bring_in([tmp_path / "other.flac"])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    for clip in workspace.document.clips:
        workspace.do(SetTranscript(clip.id, long_talk()))
    page.model.transcript.take_up(Place(60, 0))
    bar = page.transcript.verticalScrollBar()
    assert bar.value() > 0
    workspace.choose(workspace.document.clips[1].id)
    assert bar.value() == 0
    workspace.choose(first)
    assert bar.value() == 0


def select(page: RecordingView, qtbot: QtBot, start_s: float, stop_s: float) -> None:
    axis = page.model.wave.axis
    one, other = (QPoint(round(axis.to_pixel(s)), 60) for s in (start_s, stop_s))
    qtbot.mousePress(page.wave, LEFT, pos=one)
    qtbot.mouseMove(page.wave, other)
    qtbot.mouseRelease(page.wave, LEFT, pos=other)


def test_words_that_were_missed_are_written_where_they_are_selected(
    page: RecordingView, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = window.commands.action("transcript.add")
    assert not add.isEnabled()
    select(page, qtbot, 0.1, 0.3)
    assert add.isEnabled()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" WELL  THEN ", True))
    add.trigger()
    assert said(page) == "WELL THEN Z E O TWO"
    assert page.model.transcript.current == Place(0, 0)
    new = page.model.transcript.segments[0]
    assert (new.origin, new.start_s) == ("human", pytest.approx(0.1, abs=0.01))

    window.workspace.undo()
    assert said(page) == "Z E O TWO"
    window.workspace.do(SetTranscript(window.workspace.chosen, None))
    before = window.workspace.session.steps
    add.trigger()
    assert said(page) == "WELL THEN"
    assert window.workspace.session.steps == before + 1
    page.model.wave.unselect()
    assert not add.isEnabled()


def test_a_segment_gets_the_time_that_is_selected(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    page.model.transcript.take_up(Place(0, 2))
    select(page, qtbot, 0.2, 1.3)
    window.commands.action("transcript.times").trigger()
    changed = page.model.transcript.segments[0]
    assert (changed.start_s, changed.end_s) == (
        pytest.approx(0.2, abs=0.01),
        pytest.approx(1.3, abs=0.01),
    )
    assert [word.start_s for word in changed.words] == [start for start, _ in TIMES]
    assert window.workspace.session.undo_title == "Set a segment's times"


def test_the_words_are_exported_and_copied(
    page: RecordingView,
    window: Window,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for suffix, holds in (("srt", "00:00:00,310 -->"), ("vtt", "WEBVTT"), ("txt", "Z E O TWO")):
        chosen = (str(tmp_path / "words"), f"Subtitles (*.{suffix})")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: chosen)
        window.commands.action("transcript.export").trigger()
        written = tmp_path / f"words.{suffix}"
        qtbot.waitUntil(lambda written=written: page.hint.text() == f"Written: {written}")
        assert holds in written.read_text()

    window.commands.action("transcript.copy").trigger()
    assert QGuiApplication.clipboard().text() == "Z E O TWO\n"
    QGuiApplication.clipboard().clear()


def test_a_transcript_whose_model_is_gone_says_so_beside_its_words(
    page: RecordingView, window: Window
) -> None:
    catalogue = window.workspace.studio.catalogue
    shipped = next(entry for _, entry in catalogue.models() if entry.name == "speech-en-small")
    for model, sha256, told in (
        (shipped.name, shipped.sha256, ""),
        (shipped.name, "0" * 64, ", which is another one now"),
        ("my-own", "0" * 64, ", which is not installed"),
    ):
        made = {"plugin": "speech", "model": model, "models": {model: sha256}}
        window.workspace.do(
            SetTranscript(window.workspace.chosen, replace(spoken(), provenance=made))
        )
        assert page.made.text() == f"made with speech, model {model}{told}"


def test_where_nothing_can_be_written_a_sentence_says_so(
    page: RecordingView, qtbot: QtBot, tmp_path: Path
) -> None:
    page.model.export(tmp_path / "nowhere" / "words.srt")
    qtbot.waitUntil(lambda: "nowhere" in page.banner.text)
    page.model.export(tmp_path / "words.doc")
    qtbot.waitUntil(lambda: "suffix '.doc', expected one of: .txt" in page.banner.text)


def test_a_transcript_of_the_same_name_is_dropped_onto_its_recording(
    page: RecordingView, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    other = replace(spoken(), segments=(), text="RUBOUT")
    path = tmp_path / f"{recording.stem}.json"
    path.write_text(to_json(other))

    drop(page, path)
    qtbot.waitUntil(lambda: said(page) == "RUBOUT")
    page.model.workspace.undo()
    assert said(page) == "Z E O TWO"


def test_another_transcript_that_is_dropped_is_a_clip_of_its_own(
    page: RecordingView, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "another.json").write_text(to_json(spoken()))
    drop(page, tmp_path / "another.json")

    workspace = page.model.workspace
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    assert said(page) == "Z E O TWO"
    workspace.choose(workspace.document.clips[1].id)
    assert not page.wave.isVisible()
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=middle(page, Place(0, 2)))
    assert page.model.transcript.current == Place(0, 2)


def test_what_a_job_has_heard_so_far_is_shown_until_there_are_words(
    page: RecordingView, window: Window
) -> None:
    workspace = window.workspace
    workspace.do(SetTranscript(workspace.chosen, None))
    assert page.transcript.placeholder.startswith("No words yet")
    workspace.live.hear(workspace.chosen, ItemProgress(item=1, fraction=0.5))
    assert page.transcript.placeholder == "Listening: 50%"
    workspace.live.hear(workspace.chosen, PartialText(item=1, text="Z E"))
    assert page.transcript.provisional == "Z E"
    workspace.live.hear(workspace.chosen, ItemDone(item=1, name="a"))
    assert page.transcript.provisional == ""


def test_a_file_that_is_no_recording_is_told_of_and_the_page_stays_of_use(
    page: RecordingView, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"RIFF" + os.urandom(400))
    first = window.workspace.chosen
    window.workspace.bring_in([noise])
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 2)
    window.workspace.choose(window.workspace.document.clips[1].id)
    qtbot.waitUntil(lambda: "noise.wav: " in page.banner.text)
    assert "expected" in page.banner.text

    window.workspace.choose(first)
    assert page.banner.text == ""
    assert page.model.wave.duration_s == pytest.approx(1.5)


def test_a_recording_that_has_moved_is_drawn_once_it_is_found(
    window: Window, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    path = tmp_path / "here.flac"
    path.write_bytes(recording.read_bytes())
    clip = Clip.of(path)
    (tmp_path / "new").mkdir()
    path.rename(tmp_path / "new" / "there.flac")
    window.workspace.do(AddClip(clip))
    window.workspace.choose(clip.id)
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.model.absence.startswith("The file of this recording"))
    assert page.banner.text == ""  # the window tells, and offers to look for it
    qtbot.waitUntil(lambda: bool(window.missing.clips))

    window.missing.find(tmp_path / "new")
    qtbot.waitUntil(lambda: page.model.wave.duration_s > 1)
    assert page.model.absence == ""


def test_a_text_is_shown_as_it_is(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Zwölf Boxkämpfer\njagen")
    window.workspace.bring_in([tmp_path / "notes.txt"])
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), RecordingView))
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.text.toPlainText() == "Zwölf Boxkämpfer\njagen")
    assert not page.wave.isVisible()


def test_playing_moves_the_playhead_and_ends_with_the_selection(
    workspace: Workspace, qtbot: QtBot, recording: Path, speaker: Speaker
) -> None:
    player = Player(workspace.background, workspace, find=lambda: speaker)
    model = RecordingModel(workspace, workspace, player=player)
    workspace.bring_in([recording])
    qtbot.waitUntil(lambda: model.can_play and model.wave.duration_s > 1 and not model.wave.loading)
    model.wave.select(0.5, 1.0)
    model.toggle()
    qtbot.waitUntil(lambda: speaker.fill is not None)

    def heard() -> bool:
        speaker.sound(0.02)
        return not player.playing

    qtbot.waitUntil(heard)
    assert model.wave.playhead_s == pytest.approx(1.0, abs=0.03)
    assert speaker.now_s < 0.8  # the rest of the recording was not heard
    model.back()
    assert model.wave.playhead_s == 0.5
