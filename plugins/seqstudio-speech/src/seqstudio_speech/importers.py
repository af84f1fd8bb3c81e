"""The layouts of speech data: a manifest, text files beside recordings, a LibriSpeech tree."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqstudio.api import AudioExample, DataError, Ledger, canonical_split

KIND = "audio+transcript"
SUFFIXES = frozenset([".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"])
SPLIT_NAMES = frozenset(["train", "dev", "val", "valid", "validation", "test"])


class ManifestImporter:
    """A folder with `manifest.tsv`, or that file, whose header names `path` and `transcript`.

    `split`, `speaker` and `seconds` are optional. Columns are separated by tabs, without quotes.
    """

    name = "speech-manifest"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether the header names the columns."""
        try:
            with _manifest(source).open(encoding="utf-8-sig") as file:
                return {"path", "transcript"} <= set(file.readline().rstrip("\r\n").split("\t"))
        except (OSError, UnicodeDecodeError):
            return False

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a row; refuse a row of another width or without a path."""
        manifest = _manifest(source)
        lines = _lines(manifest)
        columns = lines[0].split("\t")
        seen: set[str] = set()
        for number, line in enumerate(lines[1:], start=2):
            if not line.strip():
                continue
            where = f"{manifest}:{number}"
            cells = line.split("\t")
            if reason := _row_error(cells, columns, seen):
                ledger.refuse(where, reason)
                continue
            row = dict(zip(columns, cells, strict=True))
            seen.add(row["path"])
            ledger.use(where)
            yield _from_row(row, manifest.parent, where)


class SidecarImporter:
    """Recordings with a `.txt` file of the same name beside each: a folder tree, or one recording.

    Top folders named train, dev, valid or test are the splits.
    """

    name = "audio-with-text"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether a recording has its text beside it, and the folder has no manifest."""
        if source.is_dir() and (source / "manifest.tsv").exists():
            return False
        return any(audio.with_suffix(".txt").exists() for audio in _recordings(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a recording; refuse recordings without text, and texts without one."""
        root = source if source.is_dir() else source.parent
        recordings = list(_recordings(source))
        if source.is_dir():
            _refuse_lone_texts(source, recordings, ledger)
        for audio in recordings:
            text = audio.with_suffix(".txt")
            try:
                transcript = text.read_text(encoding="utf-8-sig")
            except FileNotFoundError:
                ledger.refuse(str(audio), f"no {text.name} beside it, expected its transcript")
                continue
            except (OSError, UnicodeDecodeError) as error:
                ledger.refuse(str(audio), f"{text.name}: {error}, expected UTF-8 text")
                continue
            ledger.use(str(audio))
            relative = audio.relative_to(root)
            split = relative.parts[0] if relative.parts[0] in SPLIT_NAMES else ""
            yield AudioExample(
                id=relative.as_posix(),
                split=canonical_split(split),
                audio=audio,
                transcript=transcript,
                where=str(audio),
            )


class LibriSpeechImporter:
    """A LibriSpeech tree: SPLIT/SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt and FLAC beside it."""

    name = "librispeech"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether there is a `.trans.txt` file at most three folders down."""
        return source.is_dir() and any(_transcript_lists(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line; refuse a line without text."""
        for listing in _transcript_lists(source):
            for number, line in enumerate(_lines(listing), start=1):
                where = f"{listing}:{number}"
                name, _, transcript = line.partition(" ")
                if not transcript.strip():
                    ledger.refuse(where, f"{line!r}, expected a name and its text")
                    continue
                ledger.use(where)
                yield AudioExample(
                    id=name,
                    split=_libri_split(listing.relative_to(source)),
                    group=name.partition("-")[0],
                    audio=listing.parent / f"{name}.flac",
                    transcript=transcript,
                    where=where,
                )


def _manifest(source: Path) -> Path:
    return source / "manifest.tsv" if source.is_dir() else source


def _lines(path: Path) -> list[str]:
    """Return the lines of a text file; raise DataError if it is not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}, expected UTF-8 text") from error
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _row_error(cells: list[str], columns: list[str], seen: set[str]) -> str:
    """Return what is wrong with a row of a manifest, or ""."""
    if len(cells) != len(columns):
        return f"{len(cells)} columns, expected {len(columns)}: {' '.join(columns)}"
    row = dict(zip(columns, cells, strict=True))
    if not row["path"]:
        return "path='', expected a file name"
    if row["path"] in seen:
        return f"path={row['path']!r} again, expected each once"
    seconds = row.get("seconds", "")
    if seconds and not seconds.replace(".", "", 1).isdigit():
        return f"seconds={seconds!r}, expected a number"
    return ""


def _from_row(row: dict[str, str], folder: Path, where: str) -> AudioExample:
    return AudioExample(
        id=row["path"],
        split=canonical_split(row.get("split", "")),
        group=row.get("speaker", ""),
        audio=folder / row["path"],
        transcript=row["transcript"],
        where=where,
        seconds=float(row.get("seconds") or 0),
    )


def _recordings(source: Path) -> Iterable[Path]:
    """Return the audio files of a folder, sorted, or the one file."""
    if source.is_dir():
        return sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
    return [source] if source.suffix.lower() in SUFFIXES else []


def _refuse_lone_texts(source: Path, recordings: list[Path], ledger: Ledger) -> None:
    expected = {audio.with_suffix(".txt") for audio in recordings}
    for text in sorted(source.rglob("*.txt")):
        siblings = any(audio.parent == text.parent for audio in recordings)
        if siblings and text not in expected:
            ledger.refuse(str(text), "no recording of this name beside it")


def _transcript_lists(source: Path) -> list[Path]:
    patterns = ("*.trans.txt", "*/*.trans.txt", "*/*/*.trans.txt", "*/*/*/*.trans.txt")
    return sorted(path for pattern in patterns for path in source.glob(pattern))


def _libri_split(relative: Path) -> str:
    """Return the split of `train-clean-100/103/1240/...`; "" if the root is further down."""
    return canonical_split(relative.parts[0].partition("-")[0]) if len(relative.parts) == 4 else ""
