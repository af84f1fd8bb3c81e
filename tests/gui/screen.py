"""A real X screen: its pixels, its mouse and its keys."""

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
HOLD_S = 0.5  # before the button is released, so that both programs agree on the drop

Point = tuple[int, int]  # pixels from the left and from the top
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

    def xdotool(self, *arguments: object) -> str:
        """Run `xdotool`, which moves the mouse and presses keys; return its output."""
        return subprocess.run(
            ["xdotool", *map(str, arguments)],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=True,
        ).stdout

    def click(self, at: Point, button: int = 1) -> None:
        """Click a mouse button at a point."""
        self.xdotool("mousemove", *at, "click", button)

    def drag(self, start: Point, stop: Point, until: Callable[[], object], what: str) -> None:
        """Drag from one point to another, and drop once `until` shows that the target accepts."""
        self.xdotool("mousemove", *start, "mousedown", 1)
        for step in range(1, STEPS + 1):
            part = step / STEPS
            at = [round(a + (b - a) * part) for a, b in zip(start, stop, strict=True)]
            self.xdotool("mousemove", *at)
            time.sleep(STEP_S)
        wait(until, what)
        self.xdotool("mousemove_relative", 3, 3)
        time.sleep(HOLD_S)
        self.xdotool("mouseup", 1)

    @contextmanager
    def program(self, *arguments: object, home: Path) -> Iterator[subprocess.Popen[str]]:
        """Run a Python program on this screen; terminate it at the end of the block."""
        environment = {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}
        environment["SEQSTUDIO_HOME"] = str(home)
        command = [sys.executable, *map(str, arguments)]
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                yield running
            finally:
                running.terminate()


def wait(until: Callable[[], object], what: str) -> None:
    """Wait until a condition is true; fail with `what` after a timeout."""
    until_s = time.monotonic() + WAIT_S
    while not until():
        assert time.monotonic() < until_s, what
        time.sleep(LOOK_S)
