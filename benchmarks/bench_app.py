"""Measure the time until the desktop app paints its first frame, and its memory at that time.

Each start is a new process; the programs alternate, round after round. Baselines in the same run: a
bare Python and an empty Qt window. Target: 800 ms on a machine with 2 processors. Run
`python benchmarks/bench_app.py`; it uses the display, or renders offscreen if there is none.
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
REPORT = """
import time

def report():
    shown_s = time.monotonic()
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    print(shown_s, pages * 4096)
"""
BARE_PYTHON = REPORT + "report()"
BARE_WINDOW = (
    REPORT
    + """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: (report(), app.quit()))

app = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
app.exec()
"""
)
APP = (
    REPORT
    + """
import sys
sys.argv = ["seqstudio", "app"]
from PySide6.QtCore import QTimer
from seqstudio.gui.shell import start

class Window(start.Window):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: (report(), self.close()))

start.Window = Window
from seqstudio.cli.main import main
main()
"""
)
PROGRAMS = {"bare Python": BARE_PYTHON, "bare Qt window": BARE_WINDOW, "seqstudio app": APP}


def measure(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return the milliseconds until a program paints its first frame, and its memory in MB."""
    started_s = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    shown_s, memory = result.stdout.split("\n")[0].split()
    return 1000 * (float(shown_s) - started_s), float(memory) / 1e6


if __name__ == "__main__":
    qt = f"PySide6 {PySide6.__version__}"
    print(f"Python {platform.python_version()}, {qt}, {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "SEQSTUDIO_HOME": home}
        if not any(map(os.environ.get, NAMED_BY)):
            environment["QT_QPA_PLATFORM"] = "offscreen"
        rounds = [
            {name: measure(code, environment) for name, code in PROGRAMS.items()}
            for _ in range(ROUNDS + 1)
        ][1:]  # the first round fills the caches
    for name in PROGRAMS:
        paint_ms = [one[name][0] for one in rounds]
        memory_mb = statistics.median(one[name][1] for one in rounds)
        median, low, high = statistics.median(paint_ms), min(paint_ms), max(paint_ms)
        print(f"{name:15s} {median:5.0f} ms ({low:.0f} to {high:.0f})  {memory_mb:4.0f} MB")
