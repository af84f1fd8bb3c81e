"""A real screen, as a person has it: what is on it, and a hand on its mouse and keys."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

WAIT_S = 60.0
LOOK_S = 0.05
STEPS = 20  # of the mouse from one place to another
STEP_S = 0.03
HOLD_S = 0.5  # a hand that stops before it lets go: both programs agree on the drop meanwhile

Place = tuple[int, int]  # pixels from the left and from the top
Colour = tuple[int, ...]  # red, green, blue
Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Screen:
    """An X server's screen; `frame_buffer` is the file that holds it."""

    display: str
    frame_buffer: Path

    def picture(self) -> Image.Image:
        """Read the screen: X's window dump, big-endian 32-bit header fields, then pixels."""
        content = self.frame_buffer.read_bytes()
        header = [int.from_bytes(content[at : at + 4], "big") for at in range(0, 100, 4)]
        width, height, line_bytes, colours = header[4], header[5], header[12], header[19]
        pixels = content[header[0] + 12 * colours :]
        return Image.frombuffer("RGB", (width, height), pixels, "raw", "BGRX", line_bytes, 1)

    def count(self, colour: Colour, box: Box | None = None) -> int:
        """Count the pixels of a colour."""
        counted = self.picture().crop(box).getcolors(maxcolors=1 << 24) or ()
        return next((count for count, found in counted if found == colour), 0)

    def hand(self, *words: object) -> str:
        """Use mouse and keys, as `xdotool` names it; give what it says."""
        return subprocess.run(
            ["xdotool", *map(str, words)],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=True,
        ).stdout

    def click(self, at: Place, button: int = 1) -> None:
        """Press and release a button of the mouse."""
        self.hand("mousemove", *at, "click", button)

    def drag(self, start: Place, stop: Place, until: Callable[[], object], what: str) -> None:
        """Drag from one place to another, and let go when the other side is seen to take it."""
        self.hand("mousemove", *start, "mousedown", 1)
        for step in range(1, STEPS + 1):
            part = step / STEPS
            at = [round(a + (b - a) * part) for a, b in zip(start, stop, strict=True)]
            self.hand("mousemove", *at)
            time.sleep(STEP_S)
        wait(until, what)
        self.hand("mousemove_relative", 3, 3)
        time.sleep(HOLD_S)
        self.hand("mouseup", 1)

    @contextmanager
    def program(self, *words: object, home: Path) -> Iterator[subprocess.Popen[str]]:
        """Run a program of Python on this screen; it is ended if it has not ended by itself."""
        surroundings = {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}
        surroundings["SEQSTUDIO_HOME"] = str(home)
        command = [sys.executable, *map(str, words)]
        with subprocess.Popen(
            command, env=surroundings, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                yield running
            finally:
                running.terminate()


def wait(until: Callable[[], object], what: str) -> None:
    """Wait until something is so; `what` says what did not come."""
    until_s = time.monotonic() + WAIT_S
    while not until():
        assert time.monotonic() < until_s, what
        time.sleep(LOOK_S)
