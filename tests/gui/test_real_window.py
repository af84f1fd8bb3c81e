"""The app on a real X server, with real keys and mouse, and another program's window."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import other_window
import pytest
from screen import Box, Point, Screen, wait

from seqstudio.gui.widgets.colours import DARK, LIGHT
from seqstudio.host.profile import Profile
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.session.document import Document, Take
from seqstudio.session.peek import peek
from seqstudio.session.session import Session

pytestmark = pytest.mark.medium
SCREEN = (1700, 800)
APP = (1280, 800)
WAVEFORM_PIXELS = 2000  # at least
LIBRARIES = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libEGL.so.1")
PACKAGES = "xvfb xdotool libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libegl1 libxkbcommon-x11-0"
OTHER_WINDOW = (1450, 250)  # a point in the other program's window
ROLL: Box = (390, 120, 940, 600)  # where notes are drawn
CARD: Point = (1110, 215)  # the first take of the list
MIDDLE: Point = (600, 400)
COLOURED = 40  # between the channels of a note's colour, at least, in any shade
NOTE_WIDTH = 8  # pixels, at least
FRAME_PIXELS = 500


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A private X server; the test is skipped, with a reason, where something is missing."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine (Debian: apt install {PACKAGES})")
    for library in LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            pytest.skip(f"no {library}, which Qt's windows need (Debian: apt install {PACKAGES})")
    folder = tmp_path_factory.mktemp("screen")
    reader, writer = os.pipe()
    size = "x".join(map(str, SCREEN))
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24"]
    process = subprocess.Popen(
        [*command, "-nolisten", "tcp", "-fbdir", str(folder)],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as file:
        number = file.readline().strip()
    yield Screen(f":{number}", folder / "Xvfb_screen0")
    process.terminate()
    process.wait()


@contextmanager
def app(screen: Screen, home: Path, *files: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the app; its window has the focus, it has drawn, and its files are imported."""
    arguments = ("-m", "seqstudio", "app", *files, "--theme", "light")
    with screen.program(*arguments, home=home) as running:
        wait(lambda: len(document(home).clips) == len(files), "the files were not imported")
        focus(screen, " - SeqStudio$")
        place(screen, " - SeqStudio$")
        wait(lambda: screen.count(LIGHT.background.getRgb()[:3]) > 100_000, "nothing was drawn")
        yield running


def focus(screen: Screen, title: str) -> None:
    """Give a window the focus, as a click on it does under a window manager."""
    screen.xdotool("search", "--sync", "--onlyvisible", "--name", title, "windowfocus", "--sync")


def place(screen: Screen, title: str) -> None:
    """Move a window to the corner, in the size for which the points of these tests hold."""
    found = ("search", "--sync", "--onlyvisible", "--name", title)
    screen.xdotool(*found, "windowmove", 0, 0, "windowsize", *APP)


def document(home: Path) -> Document:
    """Read the document of the session that the app has open, as it is on disk."""
    sessions = list((home / "sessions").glob("*.seqstudio"))
    return (peek(sessions[0]) if sessions else None) or Document()


def note_count(home: Path) -> int:
    """Count the notes of the session's take."""
    return sum(len(track) for take in document(home).takes for track in take.tracks)


def visible_notes(screen: Screen) -> list[Point]:
    """Return pixels inside of visible notes, from the highest note down."""
    channels = np.asarray(screen.picture().crop(ROLL), np.int16)
    coloured = np.ptp(channels, axis=2) > COLOURED
    rows, columns = np.nonzero(coloured[:, :-NOTE_WIDTH] & coloured[:, NOTE_WIDTH:])
    across, down = ROLL[0] + NOTE_WIDTH // 2, ROLL[1] + NOTE_WIDTH // 4
    return [(across + int(x), down + int(y)) for y, x in zip(rows, columns, strict=True)]


def erase_a_note(screen: Screen, home: Path) -> None:
    """Erase a note of the piano roll with the right mouse button."""
    wait(lambda: visible_notes(screen), "no note is visible")
    before, note = note_count(home), visible_notes(screen)[0]
    screen.click(note, button=3)
    wait(lambda: note_count(home) == before - 1, "the note was not erased")
    wait(lambda: note not in visible_notes(screen), "the note is still visible")


def test_the_app_opens_a_recording_on_a_real_screen(
    screen: Screen, tmp_path: Path, recording: Path
) -> None:
    wave, ground = LIGHT.wave.getRgb()[:3], LIGHT.background.getRgb()[:3]
    assert not screen.count(wave)
    with app(screen, tmp_path, recording):
        wait(lambda: screen.count(wave) > WAVEFORM_PIXELS, "no waveform was drawn")
        assert screen.count(ground) > APP[0] * APP[1] // 4  # light, as asked


def test_a_tune_is_opened_edited_and_undone_by_keys_and_mouse_and_the_app_quits(
    screen: Screen, tmp_path: Path, tune: Path
) -> None:
    with app(screen, tmp_path, tune) as running:
        total = note_count(tmp_path)
        screen.xdotool("key", "ctrl+shift+p")
        screen.xdotool("type", "--delay", 30, "dark")
        screen.xdotool("key", "Return")
        dark = DARK.background.getRgb()[:3]
        wait(lambda: screen.count(dark) > APP[0] * APP[1] // 4, "the palette ran no command")
        for _ in range(2):
            erase_a_note(screen, tmp_path)
        screen.xdotool("key", "ctrl+z")
        wait(lambda: note_count(tmp_path) == total - 1, "nothing was undone")
        screen.xdotool("key", "ctrl+q")
        assert running.wait(timeout=60) == 0

    (path,) = Session.unsaved(Profile(tmp_path))
    with Session.open(path) as session:
        assert sum(map(len, session.document.takes[0].tracks)) == total - 1
        session.undo_in(session.document.takes[0].id)
        assert sum(map(len, session.document.takes[0].tracks)) == total


def test_an_edited_take_is_dragged_into_another_program(
    screen: Screen, tmp_path: Path, tune: Path
) -> None:
    log = tmp_path / "log"
    with app(screen, tmp_path, tune), screen.program(other_window.__file__, log, home=tmp_path):
        focus(screen, other_window.TITLE)
        focus(screen, " - SeqStudio$")
        erase_a_note(screen, tmp_path)
        screen.drag(CARD, OTHER_WINDOW, log.exists, "the other window got no drag")
        wait(lambda: log.read_text() not in ("", other_window.ENTERED), "nothing was dropped")
        dropped = Path(log.read_text())
        (take,) = document(tmp_path).takes
        assert dropped.name == f"{tune.stem}.mid"
        arrived = Take.of(dropped.read_bytes(), "arrived")

    assert [list(track) for track in arrived.tracks] == [list(track) for track in take.tracks]


def test_files_and_a_plugin_are_dragged_in_from_another_program(
    screen: Screen, tmp_path: Path, tune: Path, recording: Path
) -> None:
    project, home = tmp_path / "turner", tmp_path / "home"
    write_plugin(project, "turner", "operation")
    arguments = (tmp_path / "log", project, recording)
    with app(screen, home, tune), screen.program(other_window.__file__, *arguments, home=home):
        focus(screen, other_window.TITLE)
        accent = LIGHT.accent.getRgb()[:3]
        before = screen.count(accent)

        def hinted() -> bool:
            """A frame appears in this colour, and what had it is covered."""
            return abs(screen.count(accent) - before) > FRAME_PIXELS

        screen.drag(OTHER_WINDOW, MIDDLE, hinted, "the app got no drag")
        focus(screen, "^Install a plugin$")
        screen.xdotool("key", "Escape")

        assert [clip.path for clip in document(home).clips] == [tune, recording]
