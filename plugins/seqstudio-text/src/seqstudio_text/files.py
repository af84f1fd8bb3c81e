"""Files of a data set whose names say their split, and the lines of a text."""

from pathlib import Path

from seqstudio.api import DataError, canonical_split
from seqstudio.api.media import read_text_file

SPLITS = frozenset(["train", "valid", "test"])


def split_files(folder: Path, suffix: str) -> list[tuple[str, Path]]:
    """Return the files SPLIT.suffix of a folder, perhaps packed, with their splits."""
    found = []
    for path in sorted(folder.iterdir()):
        name = path.name.removesuffix(".gz")
        split = canonical_split(name.removesuffix(suffix))
        if name.endswith(suffix) and split in SPLITS:
            found.append((split, path))
    return found


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file; a line end at the end begins no further line.

    Raises
    ------
    DataError
        If the file cannot be read, or holds nothing but white space.
    """
    text = read_text_file(path)
    if not text.strip():
        raise DataError(f"{path}: empty, expected text")
    return text.removesuffix("\n").split("\n")
