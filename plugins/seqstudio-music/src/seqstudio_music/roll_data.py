"""Piano rolls as data: `.npz` archives and MIDI, both as frames of 88 keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Example, Ledger, canonical_split
from seqstudio_music.midi_folders import MidiFile, midi_files

KEYS = 88
LOWEST = 21  # MIDI number of the first key
SPLITS = ("train", "valid", "test")

Rows = NDArray[np.uint8]  # (T, 88), 1 where a key sounds


@dataclass(frozen=True, kw_only=True, eq=False)
class RollExample(Example):
    """One piece: its frames, or the MIDI file that they are read from when they are needed."""

    where: str
    rows: Rows | None = None
    midi: Path | None = None
    frames: int  # how many, where known; for MIDI the size of the file, which grows alike


class PianoRollImporter:
    """Reads `.npz` archives of piano rolls [1]_: `frames` uint8 (sum T, 88) and `lengths`.

    `SET.SPLIT.npz` means the whole SET: its siblings are the other splits. Any other name is one
    unsplit set. A folder is read where it holds one SET.

    References
    ----------
    .. [1] Boulanger-Lewandowski, Bengio and Vincent 2012, "Modeling temporal dependencies in
       high-dimensional sequences".
    """

    name = "piano-rolls"
    kind = "piano-rolls"

    def recognises(self, source: Path) -> bool:
        """Say whether `source` is an `.npz` file, or a folder that holds some."""
        return source.suffix == ".npz" or (source.is_dir() and any(source.glob("*.npz")))

    def read(self, source: Path, ledger: Ledger) -> Iterator[RollExample]:
        """Yield one example a piece.

        Raises
        ------
        DataError
            If a folder holds several sets, or an archive is not one of piano rolls.
        """
        for split, path in archives(source):
            for number, rows in enumerate(read_archive(path)):
                where = f"{path.name}[{number}]"
                if not len(rows):
                    ledger.refuse(where, "0 frames, expected at least 1")
                    continue
                ledger.use(where)
                yield RollExample(id=where, split=split, where=where, rows=rows, frames=len(rows))


def archives(source: Path) -> list[tuple[str, Path]]:
    """Find the archives that `source` stands for, with the split of each ("" for none).

    Raises
    ------
    DataError
        If a folder holds archives of several sets.
    """
    if source.is_dir():
        found = sorted(source.glob("*.npz"))
        if len(names := sorted({set_name(path)[0] for path in found})) > 1:
            listed = ", ".join(names)
            raise DataError(f"{source}: {len(names)} sets ({listed}), expected one: name a file")
        return [(set_name(path)[1], path) for path in found]
    name, split = set_name(source)
    if not split:
        return [("", source)]
    siblings = sorted(source.parent.glob("*.npz"))
    named = [(set_name(path), path) for path in siblings]
    return [(part, path) for (other, part), path in named if other == name and part]


def set_name(path: Path) -> tuple[str, str]:
    """Split `SET.SPLIT.npz` into its set and canonical split; any other name has split "".

    >>> set_name(Path("JSB.dev.npz")), set_name(Path("mine.npz"))
    (('JSB', 'valid'), ('mine', ''))
    """
    name, _, split = path.stem.rpartition(".")
    if name and canonical_split(split) in SPLITS:
        return name, canonical_split(split)
    return path.stem, ""


def read_archive(path: Path) -> list[Rows]:
    """Read the pieces of one archive, each (T, 88).

    Raises
    ------
    DataError
        If the file cannot be read as `.npz`, lacks an array, or its arrays do not fit together.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = {"frames", "lengths"} - set(archive.files)
            if missing:
                found = ", ".join(archive.files) or "nothing"
                raise DataError(f"{path}: {found}, expected the arrays frames and lengths")
            frames, lengths = archive["frames"], archive["lengths"]
    except (OSError, ValueError, EOFError, BadZipFile) as bad:
        raise DataError(f"{path}: {bad}, expected an .npz archive of piano rolls") from bad
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


def midi_rolls(source: Path, ledger: Ledger) -> Iterator[RollExample]:
    """Yield one example for each MIDI file; the files are opened later."""
    for file in midi_files(source, ledger):
        yield _example(file)


def _example(file: MidiFile) -> RollExample:
    size = file.path.stat().st_size
    return RollExample(id=file.name, split=file.split, where=file.name, midi=file.path, frames=size)
