"""The recordings and pieces in the box, which a newcomer opens first."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from seqstudio.gui.shell.picture import Picture, picture_of
from seqstudio.host.assets import assets_folder
from seqstudio.media.midi import Score

FOLDERS = ("speech", "music")
KINDS = {".flac": "audio", ".mid": "midi"}  # beside lists and licences
DETAILS = {"audio": "a recording to transcribe", "midi": "a piece to continue"}


@dataclass(frozen=True, slots=True)
class Sample:
    """A file in the box, as the start page lists it."""

    path: Path
    picture: Picture
    exists: ClassVar[bool] = True  # as a session of the same list may be gone

    @property
    def kind(self) -> str:
        """Its kind: "audio" or "midi"."""
        return KINDS[self.path.suffix]

    @property
    def title(self) -> str:
        """Its name."""
        return self.path.stem

    @property
    def detail(self) -> str:
        """What it is for."""
        return DETAILS[self.kind]


def sample_files() -> tuple[Path, ...]:
    """Return the files, recordings first.

    Raises
    ------
    DataError
        If this installation does not include them.
    """
    folders = [assets_folder() / name for name in FOLDERS]
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    return tuple(path for path in paths if path.suffix in KINDS)


def read_samples() -> tuple[Sample, ...]:
    """Return the files with their pictures, pieces first; reads them.

    Raises
    ------
    DataError
        If this installation does not include them.
    """
    files = sorted(sample_files(), key=lambda path: KINDS[path.suffix] != "midi")
    return tuple(Sample(path, _picture(path)) for path in files)


def _picture(path: Path) -> Picture:
    if KINDS[path.suffix] != "midi":
        return ()
    return picture_of(track.notes for track in Score.read(path).tracks)
