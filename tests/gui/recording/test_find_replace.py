"""Words are found and replaced everywhere in one step, with their times."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.find_replace import find_words, replace_all
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.session.edits import SetTranscript

REPLACED_S = 0.1  # for 10,000 words


def segment(text: str, start_s: float = 0.0) -> Segment:
    spoken = [part.strip(".,") for part in text.split()]
    words = tuple(
        Word(word=word, start_s=start_s + at, end_s=start_s + at + 1, confidence=0.9)
        for at, word in enumerate(spoken)
    )
    return Segment(start_s=start_s, end_s=start_s + len(words), text=text, words=words)


TALK = (segment("The new york times."), segment("A cat."), segment("New York, again.", 9.0))


def test_a_phrase_is_found_in_any_case_as_whole_words() -> None:
    assert list(find_words(TALK, "new  york")) == [(0, 1), (2, 0)]
    assert list(find_words(TALK, "time")) == []
    assert list(find_words(TALK, " ")) == []


def test_a_phrase_is_replaced_in_text_and_words_and_keeps_its_time() -> None:
    found = replace_all(TALK, "new york", "Boston")
    assert found
    assert (found.first, found.count, len(found.segments)) == (0, 2, 3)
    first, middle, last = found.segments
    assert (first.text, last.text) == ("The Boston times.", "Boston, again.")
    assert [(word.word, word.start_s, word.end_s) for word in first.words] == [
        ("The", 0.0, 1.0),
        ("Boston", 1.0, 3.0),
        ("times", 3.0, 4.0),
    ]
    assert middle is TALK[1]
    assert replace_all(TALK, "dog", "cat") is None


def test_a_replacement_is_no_pattern() -> None:
    found = replace_all((segment("A cat."),), "cat", r"\1 $x")
    assert found
    assert found.segments[0].text == r"A \1 $x."


def test_ten_thousand_words_are_replaced_within_the_limit() -> None:
    talk = [segment("uh " * 20, 20.0 * at) for at in range(500)]
    started_s = time.thread_time()
    found = replace_all(talk, "uh", "er")
    seconds = time.thread_time() - started_s
    assert found
    assert found.count == 10_000
    assert seconds < 5 * REPLACED_S  # other programs may share the processor


@pytest.fixture
def doubtful() -> Transcript:
    """A talk with two doubtful words."""
    parts = [segment(f"WORD number {at}", 0.1 * at) for at in range(10)]
    for at in (3, 7):
        words = (replace(parts[at].words[0], confidence=0.2), *parts[at].words[1:])
        parts[at] = replace(parts[at], words=words)
    return Transcript(audio="a", duration_s=2.0, text="", segments=tuple(parts))


def test_keys_go_through_doubtful_words_and_replace_all_is_one_step(
    page: RecordingView, window: Window, qtbot: QtBot, doubtful: Transcript
) -> None:
    workspace, transcript = window.workspace, page.model.transcript
    assert workspace.clip
    workspace.do(SetTranscript(workspace.clip.id, doubtful))
    for at in (3, 7, 3):
        window.commands.action("transcript.doubtful").trigger()
        assert transcript.current == WordPosition(at, 0)

    word = transcript.word(WordPosition(3, 0)).word
    window.commands.action("transcript.find").trigger()
    qtbot.keyClicks(page.find_bar.text, word)
    qtbot.keyClick(page.find_bar.text, Qt.Key.Key_Return)
    assert transcript.current is not None
    page.find_bar.by.setText("Stop")
    qtbot.mouseClick(page.find_bar.all, Qt.MouseButton.LeftButton)
    assert page.find_bar.result.text().startswith("Replaced")
    assert workspace.undo_title == f"Replace {word!r}"
    assert not list(find_words(transcript.segments, word))
    workspace.undo()
    assert list(find_words(transcript.segments, word))
