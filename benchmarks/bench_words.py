"""How long each kind of edit of an hour's transcript takes, of 10,000 words, in the whole window.

Limit: 100 ms. Every edit is on the disk, shown and painted offscreen when it is over.
Run `python benchmarks/bench_words.py`; `bench_scroll.py` moves through the same words.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from bench_scroll import transcript
from framing import frames, shown_window, tell
from PySide6.QtWidgets import QApplication

from seqstudio.contracts.transcript import Transcript
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.shell.window import Window
from seqstudio.session.document import Clip
from seqstudio.session.operations import AddClip, SetTranscript

EDITS = 40  # of a kind
RATE = 8000

Moves = Iterator[Callable[[], object]]


def open_recording(app: QApplication, window: Window, folder: Path) -> RecordingView:
    """Put an hour of silence in front, and wait until all of it is drawn."""
    path = folder / "hour.flac"
    soundfile.write(path, np.zeros(3600 * RATE, np.float32), RATE)
    clip = Clip.of(path)
    window.workspace.do(AddClip(clip))
    window.workspace.choose(clip.id)
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    while page.model.wave.loading or window.workspace.background.busy:
        app.processEvents()
    return page


def at_words(page: RecordingView, word: int, do: Callable[[], object]) -> Moves:
    """Do something to a word of one segment after another, each in sight."""
    words = page.model.transcript
    for number in range(100, 100 + 2 * EDITS, 2):
        words.take_up(Place(number, word))
        yield do


def writing(page: RecordingView, text: str) -> Moves:
    """Write in the place of words, far from each other."""
    for number in range(EDITS):
        yield partial(page.model.transcript.edit, Place(300 + 7 * number, 3), text)


def selecting(page: RecordingView, do: Callable[[], object]) -> Moves:
    """Do something with stretches that are selected."""
    for number in range(EDITS):
        page.model.transcript.take_up(Place(20 + number, 0))
        second = page.model.transcript.segments[20 + number].start_s
        page.model.wave.select(second - 0.05, second + 4)
        yield do


def measure(app: QApplication, page: RecordingView) -> None:
    """Edit in every way there is, and go back and forth."""
    workspace, words = page.model.workspace, page.model.transcript
    kinds: tuple[tuple[str, Moves], ...] = (
        ("one word for another", writing(page, "PITTSBURGH")),
        ("several words for one", writing(page, "ONE OR TWO")),
        ("no word for one", writing(page, "")),
        ("split a segment", at_words(page, 5, words.split)),
        ("join two segments", at_words(page, 0, words.merge)),
        ("set a segment's times", selecting(page, page.model.set_times)),
        ("add a segment", selecting(page, partial(page.model.add_segment, "WAS MISSED"))),
        ("undo", iter([workspace.undo] * EDITS)),
        ("redo", iter([workspace.redo] * EDITS)),
    )
    for what, moves in kinds:
        tell(what, frames(moves, app.processEvents))


def without_word_times(spoken: Transcript) -> Transcript:
    """Leave the times of words out, as in a transcript that was typed."""
    return replace(spoken, segments=tuple(replace(one, words=()) for one in spoken.segments))


def main() -> None:
    app = QApplication([])
    with shown_window(app) as (window, folder):
        page, workspace = open_recording(app, window, folder), window.workspace
        for what, spoken in (
            ("with word times", transcript()),
            ("without word times", without_word_times(transcript())),
        ):
            print(f"10,000 words in {len(spoken.segments)} segments, {what}")
            come = partial(workspace.do, SetTranscript(workspace.chosen, spoken))
            tell("all of it comes", frames([come], app.processEvents))
            measure(app, page)


if __name__ == "__main__":
    main()
