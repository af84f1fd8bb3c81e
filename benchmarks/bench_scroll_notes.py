"""How long the app takes to draw a frame while a person scrolls, zooms and edits a long piece.

Limit: 33 ms to scroll and zoom, which is 30 frames a second; 100 ms for an edit. The whole window
of 1280 by 800 pixels takes part, painted offscreen by the processor alone.
Run `python benchmarks/bench_scroll_notes.py`; `bench_scroll.py` does the same for recordings.
"""

import random
from collections.abc import Callable

from framing import frames, shown_window, tell
from PySide6.QtWidgets import QApplication

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.shell.window import Window
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.operations import AddTake

NOTES = 51_000  # drawn by chance; 50,000 and some stay where two may not sound at once
FRAMES = 60
EDITS = 5
STEP = 120  # ticks of a sixteenth


def long_piece(count: int) -> Take:
    """Write notes over five octaves into one track, two a sixteenth on average."""
    chance = random.Random(0)
    notes = (
        Note(
            chance.randrange(count // 2) * STEP,
            chance.randrange(36, 97),
            chance.choice((110, 230, 470, 1900)),
            chance.randrange(1, 128),
        )
        for _ in range(count)
    )
    return Take.of(Score.new().with_new_track(sorted(notes)).to_bytes(), "long piece")


def open_piece(app: QApplication, window: Window) -> ScoreView:
    """Put the piece in front, and wait until all of it can be edited."""
    take = long_piece(NOTES)
    window.workspace.do(AddTake(take))
    window.workspace.choose(take.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    while page.roll.place is None or window.workspace.background.busy:
        app.processEvents()
    return page


def measure(app: QApplication, page: ScoreView, undo: Callable[[], object]) -> None:
    """Scroll, zoom, edit."""
    roll, sight = page.roll, page.roll.sight
    print(f"{len(roll.notes):,} notes in a roll of {sight.x.pixels} by {sight.y.pixels} pixels")
    across: list[Callable[[], object]] = [lambda: sight.scroll(37)] * FRAMES
    tell("scroll, 16 bars seen", frames(across, app.processEvents))
    roll.fit()
    sight.zoom(10)
    tell("scroll, a tenth of it seen", frames(across, app.processEvents))
    roll.fit()
    tell(
        "zoom, from all of it to one bar",
        frames([lambda: sight.zoom(1.15)] * FRAMES, app.processEvents),
    )
    roll.fit()
    up = [lambda: sight.zoom_rows(1.1), lambda: sight.scroll(0, 20)] * (FRAMES // 2)
    tell("taller rows, all of it seen", frames(up, app.processEvents))
    sight.zoom(10)
    roll.select_next()
    tell("move one note", frames([lambda: page.editor.nudge(1, 0)] * FRAMES, app.processEvents))
    tell("undo that", frames([undo] * FRAMES, app.processEvents))
    roll.select_all()
    tell("scroll, all notes chosen", frames(across, app.processEvents))
    edit = page.editor
    edits: dict[str, Callable[[], object]] = {
        "move all notes": lambda: edit.nudge(1, 0),
        "all notes louder": lambda: edit.weigh(1),
        "all notes longer": lambda: edit.stretch(1),
        "undo that": undo,
    }
    for what, do in edits.items():
        tell(what, frames([roll.select_all, do] * EDITS, app.processEvents)[1::2])


def main() -> None:
    app = QApplication([])
    with shown_window(app) as (window, _):
        measure(app, open_piece(app, window), window.workspace.undo)


if __name__ == "__main__":
    main()
