"""The app as a person has it: a real X server, real keys and mouse, and windows of others."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import neighbour
import numpy as np
import pytest
from screen import Box, Place, Screen, wait

from seqstudio.gui.widgets.colours import DARK, LIGHT
from seqstudio.host.profile import Profile
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.session.document import Document, Take
from seqstudio.session.peek import peek
from seqstudio.session.session import Session

pytestmark = pytest.mark.medium
SCREEN = (1700, 800)
APP = (1280, 800)
SEEN = 2000  # pixels of a waveform, and more
LIBRARIES = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libEGL.so.1")
PACKAGES = "xvfb xdotool libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libegl1 libxkbcommon-x11-0"
NEIGHBOUR = (1450, 250)  # a place in the other program's window
ROLL: Box = (320, 150, 940, 500)  # where notes are drawn
CARD: Place = (1110, 215)  # the first take of the list
MIDDLE: Place = (600, 400)
INKED = 40  # a note is so much greener than it is red, however it is shaded
WIDE = 8  # pixels that each note has at least, from left to right


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """An X server of our own; what it takes is named where it is missing."""
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
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    yield Screen(f":{number}", folder / "Xvfb_screen0")
    process.terminate()
    process.wait()


@contextmanager
def app(screen: Screen, home: Path, *files: Path) -> Iterator[subprocess.Popen[str]]:
    """The app in its first window, with the keys; it has drawn, and its files are in."""
    words = ("-m", "seqstudio", "app", *files, "--theme", "light")
    with screen.program(*words, home=home) as running:
        wait(lambda: len(held(home).clips) == len(files), "the files did not come in")
        focus(screen, " - SeqStudio$")
        wait(lambda: screen.count(LIGHT.background.getRgb()[:3]) > 100_000, "nothing was drawn")
        yield running


def focus(screen: Screen, title: str) -> None:
    """Give a window the keys, as a click on it does under a window manager."""
    screen.hand("search", "--sync", "--onlyvisible", "--name", title, "windowfocus", "--sync")


def held(home: Path) -> Document:
    """Read the session that the app has open, as it is on the disk now."""
    sessions = list((home / "sessions").glob("*.seqstudio"))
    return (peek(sessions[0]) if sessions else None) or Document()


def notes(home: Path) -> int:
    """Count the notes of the session's take."""
    return sum(len(track) for take in held(home).takes for track in take.tracks)


def seen_notes(screen: Screen) -> list[Place]:
    """Find pixels inside of the notes that are seen, from the highest note down."""
    red, green, _ = np.moveaxis(np.asarray(screen.picture().crop(ROLL), np.int16), 2, 0)
    inked = green - red > INKED
    rows, columns = np.nonzero(inked[:, :-WIDE] & inked[:, WIDE:])
    across, down = ROLL[0] + WIDE // 2, ROLL[1] + WIDE // 4
    return [(across + int(x), down + int(y)) for y, x in zip(rows, columns, strict=True)]


def erase_a_note(screen: Screen, home: Path) -> None:
    """Rub out a note of the piano roll with the right button of the mouse."""
    wait(lambda: seen_notes(screen), "no note is seen")
    before, note = notes(home), seen_notes(screen)[0]
    screen.click(note, button=3)
    wait(lambda: notes(home) == before - 1, "the note was not erased")
    wait(lambda: note not in seen_notes(screen), "the note is still seen")


def test_the_app_opens_a_recording_on_a_real_screen(
    screen: Screen, tmp_path: Path, recording: Path
) -> None:
    wave, ground = LIGHT.wave.getRgb()[:3], LIGHT.background.getRgb()[:3]
    assert not screen.count(wave)
    with app(screen, tmp_path, recording):
        wait(lambda: screen.count(wave) > SEEN, "no waveform was drawn")
        assert screen.count(ground) > APP[0] * APP[1] // 4  # light, as asked


def test_a_tune_is_opened_edited_undone_and_left_by_keys_and_mouse(
    screen: Screen, tmp_path: Path, tune: Path
) -> None:
    with app(screen, tmp_path, tune) as running:
        whole = notes(tmp_path)
        screen.hand("key", "ctrl+shift+p")
        screen.hand("type", "--delay", 30, "dark")
        screen.hand("key", "Return")
        dark = DARK.background.getRgb()[:3]
        wait(lambda: screen.count(dark) > APP[0] * APP[1] // 4, "the palette did no command")
        for _ in range(2):
            erase_a_note(screen, tmp_path)
        screen.hand("key", "ctrl+z")
        wait(lambda: notes(tmp_path) == whole - 1, "nothing was undone")
        screen.hand("key", "ctrl+q")
        assert running.wait(timeout=60) == 0

    (path,) = Session.unsaved(Profile(tmp_path))
    with Session.open(path) as session:
        assert sum(map(len, session.document.takes[0].tracks)) == whole - 1
        session.undo()
        assert sum(map(len, session.document.takes[0].tracks)) == whole


def test_a_take_is_dragged_into_another_program_as_it_was_edited(
    screen: Screen, tmp_path: Path, tune: Path
) -> None:
    told = tmp_path / "told"
    with app(screen, tmp_path, tune), screen.program(neighbour.__file__, told, home=tmp_path):
        focus(screen, neighbour.TITLE)
        focus(screen, " - SeqStudio$")
        erase_a_note(screen, tmp_path)
        screen.drag(CARD, NEIGHBOUR, told.exists, "the other window saw no drag")
        wait(lambda: told.read_text() not in ("", neighbour.ENTERED), "nothing was dropped")
        dropped = Path(told.read_text())
        (take,) = held(tmp_path).takes
        assert dropped.name == f"{tune.stem}.mid"
        arrived = Take.of(dropped.read_bytes(), "arrived")

    assert [list(track) for track in arrived.tracks] == [list(track) for track in take.tracks]


def test_files_and_a_plugin_are_dragged_in_from_another_program(
    screen: Screen, tmp_path: Path, tune: Path, recording: Path
) -> None:
    project, home = tmp_path / "turner", tmp_path / "home"
    write_plugin(project, "turner", "operation")
    given = (tmp_path / "told", project, recording)
    with app(screen, home, tune), screen.program(neighbour.__file__, *given, home=home):
        focus(screen, neighbour.TITLE)
        accent = LIGHT.accent.getRgb()[:3]
        before = screen.count(accent)
        hinted = before + 1000  # the frame around the window
        screen.drag(NEIGHBOUR, MIDDLE, lambda: screen.count(accent) > hinted, "the app saw no drag")
        focus(screen, "^Install a plugin$")
        screen.hand("key", "Escape")

        assert [clip.path for clip in held(home).clips] == [tune, recording]
