"""Tables of recordings and their texts: CSV and TSV of any columns, Common Voice, LJ Speech."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.api import AudioExample, DataError, Ledger, split_in
from seqstudio.api.media import find_audio, read_first_line, read_text_file
from seqstudio_speech.importers.items import (
    KIND,
    Item,
    examples_of,
    lines_of,
    seconds_of,
)

# the names by which published data sets call a column, in lower case without separators
AUDIO_COLUMNS = (
    "path", "audio", "audiopath", "audiofilepath", "audiofile", "file", "filepath", "filename",
    "wav", "wavfilename", "wavpath", "recording", "clip", "id",
)  # fmt: skip
TEXT_COLUMNS = (
    "transcript", "text", "sentence", "transcription", "normalizedtext", "normalisedtext",
    "normalizedtranscription", "label", "orthography", "utterance",
)  # fmt: skip
SPEAKER_COLUMNS = ("speaker", "speakerid", "clientid", "spk", "spkid", "voice", "reader")
SPLIT_COLUMNS = ("split", "set", "subset", "partition", "fold")
SECONDS_COLUMNS = ("seconds", "duration", "durations", "length")
DELIMITERS = "\t,;|"
SUFFIXES = (".tsv", ".csv", ".txt")
# Common Voice's lists of clips whose texts were not confirmed, or that repeat those of its splits
UNCONFIRMED = frozenset(["invalidated", "other", "reported", "validated", "unvalidated_sentences"])
MANIFEST, LJ_LISTING = "manifest.tsv", "metadata.csv"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table has what; None for what it does not have."""

    delimiter: str
    audio: int
    text: int
    speaker: int | None
    split: int | None
    seconds: int | None


class TableImporter:
    """Tables whose header names a recording and its text: a file, or those of a folder.

    Of a folder with `manifest.tsv` this one alone is read. Names of columns are those of the usual
    data sets (path, audio, file, wav_filename; transcript, text, sentence; speaker, client_id;
    split; duration), in any order and case. Columns are separated by tabs, commas, semicolons or
    bars; only tabs allow no quotes. Without a column for the split, it is that which the table's
    name has: Common Voice has train.tsv, dev.tsv, test.tsv.
    """

    name = "speech-table"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether a header names both columns."""
        return bool(_tables(source))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a row; refuse a row of another width or without a name."""
        tables = _tables(source)
        for table in tables:
            yield from examples_of(_items(table, tables[table], ledger), ledger)


class LJSpeechImporter:
    """LJ Speech's layout: `metadata.csv` of NAME|TEXT|TEXT IN WORDS, without header, and `wavs/`.

    The text in words is taken where there is one.
    """

    name = "ljspeech"
    kind = KIND

    def recognises(self, source: Path) -> bool:
        """Return whether the listing's first line has two or three columns, and no header."""
        listing = _lj_listing(source)
        line = read_first_line(listing)
        return line.count("|") in (1, 2) and columns_of(line) is None

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line."""
        listing = _lj_listing(source)
        yield from examples_of(_lj_items(listing, ledger), ledger)


def columns_of(header: str) -> Columns | None:
    """Return where a table has what, or None if the header does not name audio and text.

    >>> columns_of("client_id,path,sentence")
    Columns(delimiter=',', audio=1, text=2, speaker=0, split=None, seconds=None)
    """
    delimiter = max(DELIMITERS, key=header.count)
    cells = next(csv.reader([header], delimiter=delimiter), [])
    names = ["".join(filter(str.isalnum, cell.lower())) for cell in cells]

    def place(known: Iterable[str]) -> int | None:
        return next((names.index(name) for name in known if name in names), None)

    audio, text = place(AUDIO_COLUMNS), place(TEXT_COLUMNS)
    if audio is None or text is None:
        return None
    rest = place(SPEAKER_COLUMNS), place(SPLIT_COLUMNS), place(SECONDS_COLUMNS)
    return Columns(delimiter, audio, text, *rest)


def _tables(source: Path) -> Mapping[Path, Columns]:
    """Return the tables of a folder, or the one, whose header names audio and text."""
    if (source / MANIFEST).is_file():
        paths = [source / MANIFEST]
    elif source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
        paths = [path for path in paths if path.stem not in UNCONFIRMED]
    else:
        paths = [source] if source.suffix.lower() in SUFFIXES else []
    found = {path: columns_of(read_first_line(path)) for path in paths}
    return {path: columns for path, columns in found.items() if columns}


def _items(table: Path, columns: Columns, ledger: Ledger) -> Iterator[Item]:
    quotes: Any = csv.QUOTE_NONE if columns.delimiter == "\t" else csv.QUOTE_MINIMAL
    text = io.StringIO(read_text_file(table), newline="")
    rows = csv.reader(text, delimiter=columns.delimiter, quoting=quotes)
    header, seen = next(rows), set[str]()
    while True:
        where = f"{table}:{rows.line_num + 1}"
        try:
            if any(cells := next(rows)):
                yield _item(cells, header, columns, table, where, seen)
        except StopIteration:
            return
        except csv.Error as error:
            ledger.refuse(where, f"{error}, expected a row of {len(header)} columns")
        except DataError as error:
            ledger.refuse(where, str(error))


def _item(
    cells: list[str],
    header: list[str],
    columns: Columns,
    table: Path,
    where: str,
    seen: set[str],
) -> Item:
    if len(cells) != len(header):
        raise DataError(f"{len(cells)} columns, expected {len(header)}: {' '.join(header)}")

    def cell(at: int | None) -> str:
        return "" if at is None else cells[at].strip()

    name = cell(columns.audio)
    if not name or name in seen:
        fault = "again, expected each once" if name else "expected a file name"
        raise DataError(f"{header[columns.audio]}={name!r}{' ' if name else ', '}{fault}")
    seen.add(name)
    return Item(
        where=where,
        id=name,
        audio=find_audio(name, table.parent),
        transcript=cells[columns.text],
        split=split_in(table.stem) if columns.split is None else cell(columns.split),
        speaker=cell(columns.speaker),
        seconds=seconds_of(cell(columns.seconds)),
    )


def _lj_listing(source: Path) -> Path:
    return source / LJ_LISTING if source.is_dir() else source


def _lj_items(listing: Path, ledger: Ledger) -> Iterator[Item]:
    for number, line in enumerate(lines_of(listing), start=1):
        where, cells = f"{listing}:{number}", line.split("|")
        if len(cells) not in (2, 3) or not cells[0]:
            ledger.refuse(where, f"{line[:40]!r}, expected NAME|TEXT or NAME|TEXT|TEXT IN WORDS")
            continue
        audio = find_audio(cells[0], listing.parent)
        text = cells[-1] if cells[-1].strip() else cells[1]
        yield Item(where=where, id=cells[0], audio=audio, transcript=text)
