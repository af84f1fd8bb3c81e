"""Recordings by the names that the listings of data sets give them."""

from pathlib import Path

from seqstudio.media.audio_suffixes import AUDIO_SUFFIXES

AUDIO_FOLDERS = ("clips", "wavs", "wav", "audio", "flac", "sph", "recordings")


def find_audio(name: str, folder: Path) -> Path:
    """Return the recording that a listing in `folder` names, with or without suffix and folder.

    It may be in `folder`, in the one above, or in one of either's folders `clips`, `wavs`, `wav`,
    `audio`, `flac`, `sph` or `recordings`. If there is none, the path is that which the name says
    itself: reading it tells what is missing.
    """
    bases = [folder, *(folder / sub for sub in AUDIO_FOLDERS)]
    bases += [folder.parent, *(folder.parent / sub for sub in AUDIO_FOLDERS)]
    for base in bases:
        path = base / name
        if path.is_file():
            return path
        for suffix in sorted(AUDIO_SUFFIXES):
            with_suffix = path.with_name(path.name + suffix)
            if with_suffix.is_file():
                return with_suffix
    return folder / name
