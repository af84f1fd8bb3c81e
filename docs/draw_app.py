"""Take the screenshots of the desktop app: `python docs/draw_app.py`.

A window opens offscreen with a profile of its own. It does what the guide describes with the
shipped files and models: it transcribes, continues a tune, trains for a minute. A screenshot of
each page is saved as `docs/app-NAME.png`.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.theme import Theme
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.session import Session

DOCS = Path(__file__).parent
ASSETS = DOCS.parent / "assets"
RECORDINGS = ("an114-mdcs2-b", "an2-mblw-b", "an350-mnfe-b")
SIZE = QSize(1280, 800)
COLOURS = 96  # enough for flat drawings, and keeps the files small
TIMEOUT_S = 1800.0
IDLE_ROUNDS = 25
TUNES = 32  # composed to train on
ENDED = ("finished", "failed")


class Photographer:
    """Controls one window, and takes its screenshots."""

    def __init__(self, app: QApplication, home: Path, theme: Theme) -> None:
        self.app = app
        studio = Studio(home, warm=True)
        self.workspace = Workspace(studio, Session.untitled(studio.profile))
        self.window = Window(self.workspace, theme, remember=False)
        self.window.resize(SIZE)
        self.window.show()

    def wait(self, until: Callable[[], object]) -> None:
        """Process events until a condition is true, and then until the window is drawn."""
        deadline = time.monotonic() + TIMEOUT_S
        while not until():
            self.process_events()
            if time.monotonic() > deadline:
                raise TimeoutError(f"condition not true after {TIMEOUT_S:g} s")
        for _ in range(IDLE_ROUNDS):
            self.process_events()

    def process_events(self) -> None:
        """Process the window's events, then leave the processor to the workers for a moment."""
        self.app.processEvents()
        time.sleep(0.02)

    def import_samples(self, folder: Path) -> None:
        """Copy the shipped files to a folder, and import them from there."""
        folder.mkdir()
        recordings = [ASSETS / "speech" / f"{name}.flac" for name in RECORDINGS]
        shipped = [*recordings, *sorted((ASSETS / "music").glob("*.mid"))]
        self.workspace.import_files([Path(shutil.copy(path, folder)) for path in shipped])
        self.wait(lambda: len(self.workspace.document.clips) == len(shipped))

    def transcribe(self) -> None:
        """Transcribe the first recording, and select it."""
        clip = self.workspace.document.clips[0]
        inputs = {"audio": (clip.path,)}
        spec = JobSpec(plugin="speech", name="transcribe", inputs=inputs, formats=("json",))
        self.workspace.submit(spec, "Transcribe", (clip.id,))
        self.wait(lambda: self.workspace.document.clip(clip.id).transcript)
        self.workspace.select(clip.id)

    def continue_tune(self) -> None:
        """Continue the first tune three times, and select it."""
        take = self.workspace.document.takes[0]
        clip = self.workspace.document.clip(take.clip)
        spec = JobSpec(
            plugin="music",
            name="continue",
            inputs={"primer": (clip.path,)},
            options={"bars": 4},
            formats=("mid",),
            takes=3,
            seed=5,
        )
        before = len(self.workspace.document.takes)
        self.workspace.submit(spec, f"Continue {take.name}", (take.id,) * 3)
        self.wait(lambda: len(self.workspace.document.takes) == before + 3)
        self.workspace.select(take.id)

    def train(self, folder: Path) -> None:
        """Compose a folder of tunes, train a small model on it, and show the run."""
        data = folder / "tunes"
        data.mkdir()
        tunes = JobSpec(
            plugin="music", name="generate", out=data / "tune.mid", takes=TUNES, seed=1,
            model="music-folk",
        )  # fmt: skip
        self.workspace.studio.submit(tunes).wait()
        page = self.window.show_page("train")
        form = page.model.form
        form.set(data=data, task="music.rolls", place=folder, name="tunes-run")
        form.settings.fill({"epochs": 20, "hidden": 96, "layers": 1})
        page.model.start()
        self.wait(lambda: page.model.run is not None and page.model.run.state in ENDED)

    def save(self, name: str) -> None:
        """Save a screenshot of the window."""
        self.wait(lambda: not self.workspace.background.busy)
        target = DOCS / f"app-{name}.png"
        self.window.grab().save(str(target))
        Image.open(target).convert("RGB").quantize(COLOURS).save(target, optimize=True)


def main(theme: Theme) -> None:
    """Take all screenshots."""
    app = QApplication([])
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        photographer = Photographer(app, Path(folder) / "profile", theme)
        photographer.save("welcome")
        photographer.import_samples(Path(folder) / "album")
        photographer.transcribe()
        photographer.save("recording")
        photographer.continue_tune()
        photographer.save("score")
        photographer.train(Path(folder))
        photographer.save("train")
        photographer.window.show_page("plugins")
        photographer.save("plugins")
        photographer.window.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "light")  # type: ignore[arg-type]
