"""A user writes a transcript by hand, without any model, and exports it in every format."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog
from pytestqt.qtbot import QtBot
from recording_page import LEFT, sample_transcript, words_of

from seqstudio.gui.recording.export_view import ExportDialog
from seqstudio.gui.recording.files import TITLES
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.segment_lane import LANE_HEIGHT
from seqstudio.gui.recording.spectrogram import ROWS, TILE, spectrogram_tile
from seqstudio.gui.recording.waveform_view import RULER_HEIGHT
from seqstudio.gui.recording.word_alternatives_view import WordAlternatives
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.media.audio import Audio, write_wav
from seqstudio.session.edits import SetTranscript

IN_LANE = RULER_HEIGHT + LANE_HEIGHT // 2
THAI = "สวัสดีครับ ขอบคุณ"


def type_answers(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    left = iter(answers)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (next(left), True))


def test_segments_are_marked_by_ear_and_typed_before_there_is_a_model(
    page: RecordingView, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, workspace = page.model, window.workspace
    workspace.do(SetTranscript(workspace.selected_id, None))
    type_answers(monkeypatch, "Z E", THAI)
    for second in (0.3, 0.8, 1.2):
        model.seek(second)
        window.commands.action("transcript.mark").trigger()

    clip = workspace.clip
    assert clip is not None
    assert clip.transcript is not None
    assert [(s.start_s, s.end_s, s.text) for s in clip.transcript.segments] == [
        (pytest.approx(0.3), pytest.approx(0.8), "Z E"),
        (pytest.approx(0.8), pytest.approx(1.2), THAI),
    ]
    model.go_back(0.5)
    assert model.waveform.playhead_s == pytest.approx(0.7)


def test_the_end_of_a_segment_is_dragged_on_the_waveform(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    axis = page.model.waveform.axis
    start, stop = (QPoint(round(axis.to_pixel(s)), IN_LANE) for s in (1.14, 1.3))
    qtbot.mousePress(page.waveform, LEFT, pos=start)
    qtbot.mouseMove(page.waveform, stop)
    qtbot.mouseRelease(page.waveform, LEFT, pos=stop)

    (segment,) = page.model.transcript.segments
    assert segment.end_s == pytest.approx(1.3, abs=2 * axis.scale)
    assert segment.start_s == 0.31
    assert window.workspace.undo_title == "Set a segment's times"
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.model.transcript.segments[0].end_s == 1.14


def test_a_speaker_is_named_and_renamed_everywhere(page: RecordingView, window: Window) -> None:
    words = page.model.transcript
    words.set_current(WordPosition(0, 2))
    words.split()
    for number in (0, 1):
        words.set_current(WordPosition(number, 0))
        words.name_speaker("Ann", everywhere=False)
    words.name_speaker("Anna", everywhere=True)

    assert [segment.speaker for segment in words.segments] == ["Anna", "Anna"]
    assert page.waveform.lane.speakers == ("Anna",)
    assert window.workspace.undo_title == "Speaker Anna"


def test_every_format_has_a_preview_and_is_written(
    page: RecordingView,
    window: Window,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.commands.action("transcript.export").trigger()
    dialog = page.findChild(ExportDialog)
    assert dialog is not None
    previews = {}
    for row, suffix in enumerate(TITLES):
        dialog.text.clear()
        dialog.formats.setCurrentRow(row)
        qtbot.waitUntil(lambda: "TWO" in dialog.text.toPlainText())
        previews[suffix] = dialog.text.toPlainText()
    assert "-->" in previews[".srt"]
    assert json.loads(previews[".json"])["text"] == sample_transcript().text

    dialog.formats.setCurrentRow(list(TITLES).index(".docx"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "talk"), ""))
    dialog.save()
    qtbot.waitUntil(lambda: (tmp_path / "talk.docx").exists())
    assert (tmp_path / "talk.docx").read_bytes().startswith(b"PK")


def test_the_spectrogram_is_shown_and_hidden_with_one_key(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    window.commands.action("recording.spectrogram").trigger()
    model, axis = page.model.spectrogram, page.model.waveform.axis
    qtbot.waitUntil(lambda: len(model.visible(axis)) == -(-axis.pixels // TILE))
    loud = np.concatenate([tile for _, tile in model.visible(axis)], axis=1)
    assert loud.max() > 100  # speech, not silence
    window.commands.action("recording.spectrogram").trigger()
    assert page.waveform.spectrogram is None


def test_a_tone_is_a_line_at_its_frequency(tmp_path: Path) -> None:
    rate, tone_hz = 16_000, 2000
    samples = 0.5 * np.sin(2 * np.pi * tone_hz * np.arange(rate) / rate)
    write_wav(tmp_path / "tone.wav", Audio(samples[:, None].astype(np.float32), rate))

    tile = spectrogram_tile(tmp_path / "tone.wav", 1 / TILE, 0)
    assert tile.shape == (ROWS, TILE)
    assert ROWS - 1 - tile[:, TILE // 2].argmax() == pytest.approx(ROWS * tone_hz / 8000, abs=1)


def test_letters_of_the_language_are_typed_by_clicks(
    page: RecordingView, window: Window, qtbot: QtBot
) -> None:
    german = replace(sample_transcript(), language="de-AT")
    window.workspace.do(SetTranscript(window.workspace.selected_id, german))
    page.model.transcript.edit(WordPosition(0, 2), "ñ")
    assert page.characters.letters == (*"äöüß", "ñ")
    page.model.transcript.set_current(WordPosition(0, 3))
    page.transcript.start_editing()
    page.transcript.editor.setText("S")
    qtbot.mouseClick(page.characters.buttons[2], LEFT)
    assert page.transcript.editor.text() == "Sü"
    qtbot.keyClick(page.transcript.editor, Qt.Key.Key_Return)
    assert page.model.transcript.word(WordPosition(0, 3)).word == "Sü"


def test_another_word_that_was_likely_takes_the_place_of_one(
    page: RecordingView, window: Window
) -> None:
    heard = sample_transcript()
    (segment,) = heard.segments
    words = list(segment.words)
    words[1] = replace(words[1], alternatives={"": 0.2, "B": 0.37})
    heard = replace(heard, segments=(replace(segment, words=tuple(words)),))
    window.workspace.do(SetTranscript(window.workspace.selected_id, heard))
    action = window.commands.action("transcript.word_alternatives")
    page.model.transcript.set_current(WordPosition(0, 0))
    window.commands.refresh()
    assert action.isEnabled()
    assert page.model.transcript.no_alternatives == "Nothing else is likely here."
    page.model.transcript.set_current(WordPosition(0, 1))
    window.commands.refresh()
    action.trigger()
    menu = page.findChild(WordAlternatives)
    assert isinstance(menu, WordAlternatives)

    assert [one.text() for one in menu.actions()] == ["B 37 %", "no word, 20 %"]
    assert "or B 37 %" in page.transcript.accessibleDescription()
    menu.actions()[0].trigger()
    assert words_of(page) == "Z B O TWO"
    menu.close()
    window.commands.action("session.undo").trigger()
    assert words_of(page) == "Z E O TWO"


def test_a_menu_without_other_words_says_why(page: RecordingView, window: Window) -> None:
    heard = sample_transcript()
    by_hand = replace(heard, segments=(replace(heard.segments[0], origin="human"),))
    short = replace(heard, alternatives=("Z E O TO",))
    texts = []
    for transcript in (heard, by_hand, short):
        window.workspace.do(SetTranscript(window.workspace.selected_id, transcript))
        page.model.transcript.set_current(WordPosition(0, 0))
        window.commands.refresh()
        window.commands.action("transcript.word_alternatives").trigger()
        menu = page.findChildren(WordAlternatives)[-1]
        (reason,) = menu.actions()
        assert not reason.isEnabled()
        texts.append(reason.text())
        menu.close()

    assert texts[0] == "The model is sure of every word, or does not tell what else one may be."
    assert texts[1].startswith("A person wrote this segment")
    assert texts[2].endswith("“Alternatives…” has other texts of the whole recording.")


def test_an_alternative_takes_the_place_of_what_was_heard(
    page: RecordingView, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = replace(sample_transcript(), alternatives=("Z E O TO", "SEE O TWO"))
    window.workspace.do(SetTranscript(window.workspace.selected_id, heard))
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_, **__: ("SEE O TWO", True))
    window.commands.action("transcript.alternatives").trigger()

    (segment,) = page.model.transcript.transcript.segments
    assert (segment.text, segment.start_s, segment.end_s) == ("SEE O TWO", 0.31, 1.14)
    window.commands.action("session.undo").trigger()
    assert page.model.transcript.transcript.text == "Z E O TWO"
