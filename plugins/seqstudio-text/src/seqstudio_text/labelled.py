"""Labelled texts: a TSV, its splits as files of a folder, or a folder for each label."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Example, Ledger
from seqstudio.api.media import read_text_file
from seqstudio_text.files import split_files

LONGEST = 100_000  # characters of a text


@dataclass(frozen=True, kw_only=True)
class LabelledText(Example):
    """A text and its label."""

    text: str
    label: str
    where: str


def read_labelled(source: Path, ledger: Ledger) -> Iterator[LabelledText]:
    """Yield the texts of a TSV with the columns `label` and `text`, of SPLIT.tsv files, or folders.

    Raises
    ------
    DataError
        If a table lacks one of the columns.
    """
    if source.is_dir() and not (tables := split_files(source, ".tsv")):
        yield from read_folders(source, ledger)
        return
    for split, path in tables if source.is_dir() else [("", source)]:
        for number, (label, text) in table_rows(path):
            where = f"{path.name}:{number}"
            if reason := fault(text, label):
                ledger.refuse(where, reason)
                continue
            ledger.use(where)
            yield LabelledText(id=where, split=split, text=text, label=label, where=where)


def table_rows(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield the number, the label and the text of each row below the header.

    Raises
    ------
    DataError
        If there are not both columns, or a row is too short.
    """
    lines = read_text_file(path).split("\n")
    columns = lines[0].split("\t")
    if not {"label", "text"} <= set(columns):
        raise DataError(f"{path}: columns {', '.join(columns)[:80]}, expected label and text")
    at = columns.index("label"), columns.index("text")
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) == len(columns):
            yield number, (cells[at[0]].strip(), cells[at[1]].strip())
        elif line.strip():
            raise DataError(f"{path}:{number}: {len(cells)} cells, expected {len(columns)}")


def read_folders(source: Path, ledger: Ledger) -> Iterator[LabelledText]:
    """Yield the text files of a folder for each label."""
    for path in sorted(source.glob("*/*.txt")):
        where = path.relative_to(source).as_posix()
        try:
            text = " ".join(read_text_file(path).split())
        except DataError as error:
            ledger.refuse(where, str(error))
            continue
        if reason := fault(text, path.parent.name):
            ledger.refuse(where, reason)
            continue
        ledger.use(where)
        yield LabelledText(id=where, text=text, label=path.parent.name, where=where)


def fault(text: str, label: str) -> str:
    """Return why a text cannot be used, or ''."""
    if not label:
        return "no label, expected one"
    if not text:
        return "no text, expected some"
    return f"{len(text)} characters, expected at most {LONGEST}" if len(text) > LONGEST else ""
