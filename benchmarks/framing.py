"""Times what a person sees: each move of a view, drawn, by the clock and of the processor.

A busy machine lengthens the one and not the other.
"""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6 import __version__ as qt_version
from PySide6.QtWidgets import QApplication

from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

Spent = tuple[float, float]  # milliseconds by the clock, and of the processor


def frames(moves: Iterable[Callable[[], object]], draw: Callable[[], object]) -> list[Spent]:
    """Give what each frame takes: a move, and what `draw` does to show it."""
    spent = []
    for move in moves:
        clock, processor = time.perf_counter(), time.thread_time()
        move()
        draw()
        spent.append(
            (1000 * (time.perf_counter() - clock), 1000 * (time.thread_time() - processor))
        )
    return spent


def tell(what: str, spent: list[Spent]) -> None:
    """Print a row."""
    clock, processor = zip(*spent, strict=True)
    print(
        f"{what:44s} {len(spent):4d} frames, median {statistics.median(clock):5.1f} ms,"
        f" worst {max(clock):5.1f} ms"
        f" (processor {statistics.median(processor):5.1f}, {max(processor):5.1f})"
    )


@contextmanager
def shown_window(app: QApplication) -> Iterator[tuple[Window, Path]]:
    """Show the app's window over an empty session, in a folder that goes when it closes."""
    print(f"Qt {qt_version}, {platform.machine()}, {os.cpu_count()} processors, one paints")
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Path(home))
        window = Window(
            Workspace(studio, Session.untitled(studio.profile)), "light", remember=False
        )
        window.show()
        app.processEvents()
        yield window, Path(home)
        window.close()
