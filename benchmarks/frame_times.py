"""Measure frame times: each step of an interaction with its painting, in wall and CPU time.

Other load on the machine increases the wall time only.
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

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

FrameTime = tuple[float, float]  # milliseconds of wall time and of CPU time


def frame_times(
    steps: Iterable[Callable[[], object]], draw: Callable[[], object]
) -> list[FrameTime]:
    """Return the time of each frame: a step, then `draw`."""
    times = []
    for step in steps:
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        step()
        draw()
        times.append((1000 * (time.perf_counter() - wall_s), 1000 * (time.thread_time() - cpu_s)))
    return times


def print_row(name: str, times: list[FrameTime]) -> None:
    """Print a row with the median and the worst time of the frames."""
    wall_ms, cpu_ms = zip(*times, strict=True)
    print(
        f"{name:44s} {len(times):4d} frames, median {statistics.median(wall_ms):5.1f} ms,"
        f" worst {max(wall_ms):5.1f} ms"
        f" (CPU {statistics.median(cpu_ms):5.1f}, {max(cpu_ms):5.1f})"
    )


@contextmanager
def shown_window(app: QApplication) -> Iterator[tuple[Window, Path]]:
    """Show the window of the app with an empty session, in a temporary folder."""
    print(f"Qt {qt_version}, {platform.machine()}, {os.cpu_count()} processors, one thread paints")
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Path(home))
        window = Window(
            Workspace(studio, Session.untitled(studio.profile)), "light", remember=False
        )
        window.show()
        app.processEvents()
        yield window, Path(home)
        window.close()
