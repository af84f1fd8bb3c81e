"""Measure frame times while a long piece is scrolled, zoomed and edited.

Limits: 33 ms for scrolling and zooming, which is 30 frames per second; 100 ms for an edit. The
whole window of 1280 by 800 pixels is painted offscreen, on the CPU.
Run `python benchmarks/bench_scroll_notes.py`; `bench_scroll.py` does the same for recordings.
"""

import random
from collections.abc import Callable

from frame_times import frame_times, print_row, shown_window
from PySide6.QtWidgets import QApplication

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.shell.window_view import Window
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake

NOTES = 51_000  # drawn at random; just over 50,000 remain without overlaps
FRAMES = 60
EDITS = 5
STEP = 120  # ticks of a sixteenth


def long_piece(count: int) -> Take:
    """Return a track of random notes over five octaves, two per sixteenth on average."""
    rng = random.Random(0)
    notes = (
        Note(
            rng.randrange(count // 2) * STEP,
            rng.randrange(36, 97),
            rng.choice((110, 230, 470, 1900)),
            rng.randrange(1, 128),
        )
        for _ in range(count)
    )
    return Take.of(Score.new().with_new_track(sorted(notes)).to_bytes(), "long piece")


def open_piece(app: QApplication, window: Window) -> ScoreView:
    """Open the piece, and wait until all of it can be edited."""
    take = long_piece(NOTES)
    window.workspace.do(AddTake(take))
    window.workspace.select(take.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    while page.roll.target is None or window.workspace.background.busy:
        app.processEvents()
    return page


def measure(app: QApplication, page: ScoreView, undo: Callable[[], object]) -> None:
    """Scroll, zoom and edit."""
    roll, viewport = page.roll, page.roll.viewport
    print(
        f"{len(roll.notes):,} notes in a roll of {viewport.x.pixels} by {viewport.y.pixels} pixels"
    )
    scrolling: list[Callable[[], object]] = [lambda: viewport.scroll(37)] * FRAMES
    print_row("scroll, 16 bars visible", frame_times(scrolling, app.processEvents))
    roll.fit()
    viewport.zoom(10)
    print_row("scroll, a tenth visible", frame_times(scrolling, app.processEvents))
    roll.fit()
    print_row(
        "zoom, from the whole piece to one bar",
        frame_times([lambda: viewport.zoom(1.15)] * FRAMES, app.processEvents),
    )
    roll.fit()
    rows = [lambda: viewport.zoom_rows(1.1), lambda: viewport.scroll(0, 20)] * (FRAMES // 2)
    print_row("taller rows, whole piece visible", frame_times(rows, app.processEvents))
    viewport.zoom(10)
    roll.select_next()
    print_row(
        "move one note", frame_times([lambda: page.editor.nudge(1, 0)] * FRAMES, app.processEvents)
    )
    print_row("undo", frame_times([undo] * FRAMES, app.processEvents))
    roll.select_all()
    print_row("scroll, all notes selected", frame_times(scrolling, app.processEvents))
    edit = page.editor
    edits: dict[str, Callable[[], object]] = {
        "move all notes": lambda: edit.nudge(1, 0),
        "all notes louder": lambda: edit.change_velocity(1),
        "all notes longer": lambda: edit.change_length(1),
        "undo": undo,
    }
    for name, edit_notes in edits.items():
        print_row(name, frame_times([roll.select_all, edit_notes] * EDITS, app.processEvents)[1::2])


def main() -> None:
    app = QApplication([])
    with shown_window(app) as (window, _):
        measure(app, open_piece(app, window), window.workspace.undo)


if __name__ == "__main__":
    main()
