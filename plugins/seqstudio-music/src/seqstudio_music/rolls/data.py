"""Piano rolls as data: archives in `.npz` format, and MIDI files that become frames of 88 keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Example, Ledger, canonical_split
from seqstudio_music.keyboard import KEYS
from seqstudio_music.midi_folders import midi_files

SPLITS = ("train", "valid", "test")

Roll = NDArray[np.uint8]  # (T, 88), 1 where a key sounds


@dataclass(frozen=True, kw_only=True, eq=False)
class RollExample(Example):
    """One piece: its piano roll, or the MIDI file that it is read from when it is needed."""

    where: str
    roll: Roll | None = None
    midi: Path | None = None
    frames: int  # number of frames; for an unread MIDI file its size in bytes, to sort by


class PianoRollImporter:
    """Reads `.npz` archives of piano rolls [1]_: `frames` uint8 (sum of T, 88) and `lengths`.

    `SET.SPLIT.npz` stands for the whole SET: its siblings are the other splits. A file of any other
    name is a set without splits. A folder may contain one SET.

    References
    ----------
    .. [1] Boulanger-Lewandowski, Bengio and Vincent 2012, "Modeling temporal dependencies in
       high-dimensional sequences".
    """

    name = "piano-rolls"
    kind = "piano-rolls"

    def recognises(self, source: Path) -> bool:
        """Return whether `source` is an `.npz` file or a folder with such files."""
        return source.suffix == ".npz" or (source.is_dir() and any(source.glob("*.npz")))

    def read(self, source: Path, ledger: Ledger) -> Iterator[RollExample]:
        """Yield one example per piece.

        Raises
        ------
        DataError
            If a folder contains several sets, or an archive has other arrays.
        """
        for split, path in find_archives(source):
            for number, roll in enumerate(read_archive(path)):
                where = f"{path.name}[{number}]"
                if not len(roll):
                    ledger.refuse(where, "0 frames, expected at least 1")
                    continue
                ledger.use(where)
                yield RollExample(id=where, split=split, where=where, roll=roll, frames=len(roll))


def find_archives(source: Path) -> list[tuple[str, Path]]:
    """Return the archives that `source` stands for, each with its split ("" for none).

    Raises
    ------
    DataError
        If a folder contains archives of several sets.
    """
    if source.is_dir():
        found = sorted(source.glob("*.npz"))
        if len(names := sorted({set_and_split(path)[0] for path in found})) > 1:
            listed = ", ".join(names)
            raise DataError(f"{source}: {len(names)} sets ({listed}), expected one: name a file")
        return [(set_and_split(path)[1], path) for path in found]
    name, split = set_and_split(source)
    if not split:
        return [("", source)]
    siblings = sorted(source.parent.glob("*.npz"))
    named = [(*set_and_split(path), path) for path in siblings]
    return [(part, path) for other, part, path in named if other == name and part]


def set_and_split(path: Path) -> tuple[str, str]:
    """Split `SET.SPLIT.npz` into its set and canonical split; for any other name the split is "".

    >>> set_and_split(Path("JSB.dev.npz")), set_and_split(Path("mine.npz"))
    (('JSB', 'valid'), ('mine', ''))
    """
    name, _, split = path.stem.rpartition(".")
    if name and canonical_split(split) in SPLITS:
        return name, canonical_split(split)
    return path.stem, ""


def read_archive(path: Path) -> list[Roll]:
    """Read the pieces of one archive, each (T, 88).

    Raises
    ------
    DataError
        If the file is not a readable `.npz`, lacks an array, or its arrays do not fit together.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = {"frames", "lengths"} - set(archive.files)
            if missing:
                found = ", ".join(archive.files) or "nothing"
                raise DataError(f"{path}: {found}, expected the arrays frames and lengths")
            frames, lengths = archive["frames"], archive["lengths"]
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataError(f"{path}: {error}, expected an .npz archive of piano rolls") from error
    if frames.ndim != 2 or frames.shape[1] != KEYS or frames.dtype != np.uint8:
        found = f"frames {frames.dtype} {frames.shape}"
        raise DataError(f"{path}: {found}, expected uint8 (frames, {KEYS})")
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or lengths.sum() != len(frames):
        raise DataError(f"{path}: lengths sum to {lengths.sum()}, expected {len(frames)} frames")
    if lengths.size and lengths.min() < 0:
        raise DataError(f"{path}: a length of {lengths.min()}, expected 0 or more")
    if frames.size and frames.max() > 1:
        raise DataError(f"{path}: a value of {frames.max()}, expected 0 and 1 only")
    return np.split(frames, np.cumsum(lengths)[:-1]) if lengths.size else []


def midi_examples(source: Path, ledger: Ledger) -> Iterator[RollExample]:
    """Yield one example per MIDI file, without reading the files."""
    for file in midi_files(source, ledger):
        size = file.path.stat().st_size
        yield RollExample(
            id=file.name, split=file.split, where=file.name, midi=file.path, frames=size
        )
