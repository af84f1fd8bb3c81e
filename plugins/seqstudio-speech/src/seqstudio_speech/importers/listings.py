"""Data sets of speech toolkits: LibriSpeech trees, Kaldi folders, NeMo's lines of JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from seqstudio.api import AudioExample, DataError, Ledger, split_in
from seqstudio.api.media import AudioSource, find_audio, read_first_line
from seqstudio_speech.importers.items import (
    KIND,
    Item,
    examples_of,
    lines_of,
)

LIBRI_DEPTH = 4  # folders above a list of transcripts, at most: the parent of LibriSpeech's splits
NEMO_SUFFIXES = (".json", ".jsonl", ".manifest")


class LibriSpeechImporter:
    """A LibriSpeech tree: SPLIT/SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt and FLAC beside it."""

    name = "librispeech"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether there is a `.trans.txt` file at most four folders down."""
        return source.is_dir() and any(_transcript_lists(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line; refuse a line without text."""
        for listing in _transcript_lists(source):
            yield from examples_of(_libri_items(listing, source, ledger), ledger)


class NemoImporter:
    """NeMo's manifests: a JSON object a line, with `audio_filepath`, `text`, `duration`, `offset`.

    A file, or those of a folder; the split is that which a file's name has.
    """

    name = "nemo"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether the first line of a file is such an object."""
        return bool(_nemo_listings(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line; refuse a line that is no such object."""
        for listing in _nemo_listings(source):
            yield from examples_of(_nemo_items(listing, ledger), ledger)


class KaldiImporter:
    """Kaldi's data folders: `wav.scp` and `text`, with `segments` and `utt2spk` where there are.

    One folder, or a folder of them, each named for its split. A recording that is the output of a
    command is refused: write it to a file first.
    """

    name = "kaldi"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether a folder, or one in it, has both files."""
        return bool(_kaldi_folders(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line of `text`."""
        for folder in _kaldi_folders(source):
            yield from examples_of(_kaldi_items(folder, ledger), ledger)


def _transcript_lists(source: Path) -> list[Path]:
    patterns = ("*/" * depth + "*.trans.txt" for depth in range(LIBRI_DEPTH + 1))
    return sorted(path for pattern in patterns for path in source.glob(pattern))


def _libri_items(listing: Path, source: Path, ledger: Ledger) -> Iterator[Item]:
    """Read a list of transcripts; its split is the folder that holds the speakers' folders."""
    above = listing.relative_to(source).parts[:-3]
    split = split_in(above[-1]) if above else ""
    for number, line in enumerate(lines_of(listing), start=1):
        where, (name, _, transcript) = f"{listing}:{number}", line.partition(" ")
        if not transcript.strip():
            ledger.refuse(where, f"{line!r}, expected a name and its text")
            continue
        audio, speaker = listing.parent / f"{name}.flac", name.partition("-")[0]
        yield Item(
            where=where, id=name, audio=audio, transcript=transcript, split=split, speaker=speaker
        )


def _nemo_listings(source: Path) -> list[Path]:
    paths = sorted(source.iterdir()) if source.is_dir() else [source]
    return [
        path for path in paths if path.suffix in NEMO_SUFFIXES and _is_nemo(read_first_line(path))
    ]


def _is_nemo(line: str) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict) and {"audio_filepath", "text"} <= value.keys()


def _nemo_items(listing: Path, ledger: Ledger) -> Iterator[Item]:
    for number, line in enumerate(lines_of(listing), start=1):
        if not line.strip():
            continue
        where = f"{listing}:{number}"
        try:
            value = json.loads(line)
            yield _nemo_item(value, listing, where)
        except (ValueError, TypeError, KeyError, DataError) as error:
            ledger.refuse(where, f"{error}, expected an object with audio_filepath and text")


def _nemo_item(value: Mapping[str, Any], listing: Path, where: str) -> Item:
    audio = find_audio(str(value["audio_filepath"]), listing.parent)
    seconds, offset = float(value.get("duration") or 0), float(value.get("offset") or 0)
    part = "offset" in value and seconds
    name = f"{value['audio_filepath']}@{offset:g}" if part else str(value["audio_filepath"])
    return Item(
        where=where,
        id=name,
        audio=AudioSource(audio, start_s=offset, end_s=offset + seconds) if part else audio,
        transcript=str(value["text"]),
        split=str(value.get("split", "")) or split_in(listing.stem),
        speaker=str(value.get("speaker", "")),
        seconds=seconds,
    )


def _kaldi_folders(source: Path) -> list[Path]:
    folders = [source, *sorted(source.iterdir())] if source.is_dir() else []
    return [one for one in folders if (one / "wav.scp").is_file() and (one / "text").is_file()]


def _kaldi_items(folder: Path, ledger: Ledger) -> Iterator[Item]:
    recordings, speakers = _table(folder / "wav.scp"), _table(folder / "utt2spk")
    segments = _table(folder / "segments")
    for number, line in enumerate(lines_of(folder / "text"), start=1):
        name, _, transcript = line.partition(" ")
        if not name:
            continue
        where = f"{folder / 'text'}:{number}"
        try:
            audio, seconds = _kaldi_audio(name, folder, recordings, segments)
        except DataError as error:
            ledger.refuse(where, str(error))
            continue
        yield Item(
            where=where,
            id=name,
            audio=audio,
            transcript=transcript,
            split=split_in(folder.name),
            speaker=speakers.get(name, ""),
            seconds=seconds,
        )


def _kaldi_audio(
    name: str, folder: Path, recordings: Mapping[str, str], segments: Mapping[str, str]
) -> tuple[Path | AudioSource, float]:
    """Return the recording of an utterance, or its part of one, and how long the part is."""
    recording, start_s, end_s = name, 0.0, 0.0
    if segments:
        cells = segments.get(name, "").split()
        if len(cells) != 3:
            raise DataError(f"no segment {name!r}, expected RECORDING START END in segments")
        try:
            recording, start_s, end_s = cells[0], float(cells[1]), float(cells[2])
        except ValueError as error:
            found = f"segment {name!r}: {' '.join(cells[1:])!r}"
            raise DataError(f"{found}, expected START END in seconds in segments") from error
    place = recordings.get(recording, "").strip()
    if not place or place.endswith("|"):
        fault = f"the command {place!r}" if place else f"no recording {recording!r}"
        raise DataError(f"{fault} in wav.scp, expected the name of a file")
    audio = find_audio(place, folder)
    if not segments:
        return audio, 0.0
    return AudioSource(audio, start_s=start_s, end_s=end_s), end_s - start_s


def _table(path: Path) -> Mapping[str, str]:
    """Return what stands behind the first word of each line; nothing if there is no file."""
    lines: Iterable[str] = lines_of(path) if path.is_file() else ()
    pairs = (line.partition(" ") for line in lines)
    return {name: rest for name, _, rest in pairs if name}
