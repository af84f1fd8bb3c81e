"""How long the desktop app takes to its first paint, and the memory that it then has.

Each start is a fresh process; all run in turn, round after round. Peers in the same run: a bare
Python, and a bare Qt window with nothing in it. Goal: 800 ms on a machine with 2 processors. Run
`python benchmarks/bench_app.py`; it draws on the display that there is, or offscreen without one.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import PySide6

from seqstudio.gui.shell.display import NAMED_BY

ROUNDS = 11
TELL = """
import time

def tell():
    shown_s = time.monotonic()
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    print(shown_s, pages * 4096)
"""
BARE_PYTHON = TELL + "tell()"
BARE_WINDOW = (
    TELL
    + """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: (tell(), app.quit()))

app = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
app.exec()
"""
)
APP = (
    TELL
    + """
import sys
sys.argv = ["seqstudio", "app"]
from PySide6.QtCore import QTimer
from seqstudio.gui.shell import start

class Window(start.Window):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: (tell(), self.close()))

start.Window = Window
from seqstudio.cli.main import main
main()
"""
)
STARTS = {"bare Python": BARE_PYTHON, "bare Qt window": BARE_WINDOW, "seqstudio app": APP}


def measured(code: str, surroundings: dict[str, str]) -> tuple[float, float]:
    """Give the milliseconds from the start of a process to its first paint, and its MB then."""
    started_s = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True
    )
    shown_s, memory = result.stdout.split("\n")[0].split()
    return 1000 * (float(shown_s) - started_s), float(memory) / 1e6


if __name__ == "__main__":
    qt = f"PySide6 {PySide6.__version__}"
    print(f"Python {platform.python_version()}, {qt}, {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        surroundings = {**os.environ, "SEQSTUDIO_HOME": home}
        if not any(map(os.environ.get, NAMED_BY)):
            surroundings["QT_QPA_PLATFORM"] = "offscreen"
        rounds = [
            {name: measured(code, surroundings) for name, code in STARTS.items()}
            for _ in range(ROUNDS + 1)
        ][1:]  # the first fills the caches
    for name in STARTS:
        paint_ms = [one[name][0] for one in rounds]
        memory_mb = statistics.median(one[name][1] for one in rounds)
        middle, least, most = statistics.median(paint_ms), min(paint_ms), max(paint_ms)
        print(f"{name:15s} {middle:5.0f} ms ({least:.0f} to {most:.0f})  {memory_mb:4.0f} MB")
