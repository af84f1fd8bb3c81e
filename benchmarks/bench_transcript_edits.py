"""Measure each kind of edit of an hour-long transcript of 10,000 words, in the whole window.

Limit: 100 ms, including saving the edit to disk and painting it offscreen.
Run `python benchmarks/bench_transcript_edits.py`; `bench_scroll.py` scrolls the same transcript.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from bench_scroll import transcript
from frame_times import frame_times, print_row, shown_window
from PySide6.QtWidgets import QApplication

from seqstudio.contracts.transcript import Transcript
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.session.document import Clip
from seqstudio.session.edits import AddClip, SetTranscript

EDITS = 40  # of each kind
RATE = 8000

Steps = Iterator[Callable[[], object]]


def open_recording(app: QApplication, window: Window, folder: Path) -> RecordingView:
    """Open an hour of silence, and wait until all of it is drawn."""
    path = folder / "hour.flac"
    soundfile.write(path, np.zeros(3600 * RATE, np.float32), RATE)
    clip = Clip.of(path)
    window.workspace.do(AddClip(clip))
    window.workspace.select(clip.id)
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    while page.model.waveform.loading or window.workspace.background.busy:
        app.processEvents()
    return page


def at_words(page: RecordingView, word: int, action: Callable[[], object]) -> Steps:
    """Apply an action to a word of one segment after another, each visible."""
    words = page.model.transcript
    for number in range(100, 100 + 2 * EDITS, 2):
        words.set_current(WordPosition(number, word))
        yield action


def replace_words(page: RecordingView, text: str) -> Steps:
    """Replace words that are far apart."""
    for number in range(EDITS):
        yield partial(page.model.transcript.edit, WordPosition(300 + 7 * number, 3), text)


def on_selections(page: RecordingView, action: Callable[[], object]) -> Steps:
    """Select one time span after another, and apply an action to each."""
    for number in range(EDITS):
        page.model.transcript.set_current(WordPosition(20 + number, 0))
        second = page.model.transcript.segments[20 + number].start_s
        page.model.waveform.select(second - 0.05, second + 4)
        yield action


def measure(app: QApplication, page: RecordingView) -> None:
    """Apply every kind of edit, then undo and redo."""
    workspace, words = page.model.workspace, page.model.transcript
    kinds: tuple[tuple[str, Steps], ...] = (
        ("replace a word with another", replace_words(page, "PITTSBURGH")),
        ("replace a word with several", replace_words(page, "ONE OR TWO")),
        ("delete a word", replace_words(page, "")),
        ("split a segment", at_words(page, 5, words.split)),
        ("join two segments", at_words(page, 0, words.merge)),
        ("set a segment's times", on_selections(page, page.model.set_times)),
        ("add a segment", on_selections(page, partial(page.model.add_segment, "WAS MISSED"))),
        ("undo", iter([workspace.undo] * EDITS)),
        ("redo", iter([workspace.redo] * EDITS)),
    )
    for name, steps in kinds:
        print_row(name, frame_times(steps, app.processEvents))


def without_word_times(source: Transcript) -> Transcript:
    """Remove the times of words, as in a typed transcript."""
    return replace(source, segments=tuple(replace(one, words=()) for one in source.segments))


def main() -> None:
    app = QApplication([])
    with shown_window(app) as (window, folder):
        page, workspace = open_recording(app, window, folder), window.workspace
        for name, source in (
            ("with word times", transcript()),
            ("without word times", without_word_times(transcript())),
        ):
            print(f"10,000 words in {len(source.segments)} segments, {name}")
            show = partial(workspace.do, SetTranscript(workspace.selected_id, source))
            print_row("show the transcript", frame_times([show], app.processEvents))
            measure(app, page)


if __name__ == "__main__":
    main()
