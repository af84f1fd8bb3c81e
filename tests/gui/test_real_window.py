"""Once on a real screen: an X server without a monitor, the app as a person starts it."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from seqstudio.gui.widgets.theme import LIGHT

pytestmark = pytest.mark.medium
SCREEN = (1280, 800)
WAIT_S = 60.0
SEEN = 2000  # pixels of a waveform, and more
LIBRARIES = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libEGL.so.1")
PACKAGES = "xvfb libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libegl1 libxkbcommon-x11-0"


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An X server: its display, and the file that holds what is on its screen."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip(f"no Xvfb on this machine (Debian: apt install {PACKAGES})")
    for library in LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            pytest.skip(f"no {library}, which Qt's windows need (Debian: apt install {PACKAGES})")
    folder = tmp_path_factory.mktemp("screen")
    reader, writer = os.pipe()
    size = "x".join(map(str, SCREEN))
    command = [server, "-displayfd", str(writer), "-screen", "0", f"{size}x24"]
    process = subprocess.Popen(
        [*command, "-nolisten", "tcp", "-fbdir", str(folder)],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    yield f":{number}", folder / "Xvfb_screen0"
    process.terminate()
    process.wait()


def picture(frame_buffer: Path) -> Image.Image:
    """Read the screen: X's window dump, big-endian 32-bit header fields, then pixels."""
    content = frame_buffer.read_bytes()
    header = [int.from_bytes(content[at : at + 4], "big") for at in range(0, 100, 4)]
    width, height, line_bytes, colours = header[4], header[5], header[12], header[19]
    pixels = content[header[0] + 12 * colours :]
    return Image.frombuffer("RGB", (width, height), pixels, "raw", "BGRX", line_bytes, 1)


def pixels(image: Image.Image) -> dict[object, int]:
    """Count the pixels of each colour."""
    return {colour: count for count, colour in image.getcolors(maxcolors=1 << 24) or ()}


def test_the_app_opens_a_recording_on_a_real_screen(
    screen: tuple[str, Path], tmp_path: Path, recording: Path
) -> None:
    display, frame_buffer = screen
    surroundings = {**os.environ, "DISPLAY": display, "SEQSTUDIO_HOME": str(tmp_path)}
    surroundings["QT_QPA_PLATFORM"] = "xcb"
    command = [sys.executable, "-m", "seqstudio", "app", str(recording), "--theme", "light"]
    wave, ground = LIGHT.wave.getRgb()[:3], LIGHT.ground.getRgb()[:3]
    assert wave not in pixels(picture(frame_buffer))
    with subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True) as app:
        try:
            until_s = time.monotonic() + WAIT_S
            while pixels(picture(frame_buffer)).get(wave, 0) < SEEN:
                assert app.poll() is None, app.stderr and app.stderr.read()
                assert time.monotonic() < until_s, "no waveform was drawn"
                time.sleep(0.05)
            seen = picture(frame_buffer)
        finally:
            app.terminate()

    assert seen.size == SCREEN
    assert pixels(seen)[ground] > SCREEN[0] * SCREEN[1] // 4  # light, as asked
