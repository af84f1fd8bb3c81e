"""Parallel texts: files SPLIT.LANGUAGE of a folder, whose lines belong together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Example, Ledger, canonical_split
from seqstudio_text.files import SPLITS, read_lines

LONGEST = 2000  # characters of a line


@dataclass(frozen=True, kw_only=True)
class ParallelLine(Example):
    """A line in each language."""

    texts: Mapping[str, str]
    where: str


def read_parallel(source: Path, ledger: Ledger) -> Iterator[ParallelLine]:
    """Yield the lines of `train.en`, `train.de` and the like, perhaps packed (`.gz`).

    Raises
    ------
    DataError
        If there are not two such files, or those of a split have different numbers of lines.
    """
    files: dict[str, dict[str, Path]] = {}
    for path in sorted(source.iterdir()) if source.is_dir() else []:
        split, dot, language = path.name.removesuffix(".gz").partition(".")
        if dot and language.isalpha() and canonical_split(split) in SPLITS and path.is_file():
            files.setdefault(canonical_split(split), {})[language] = path
    if not any(len(paths) > 1 for paths in files.values()):
        raise DataError(f"{source}: no two files such as train.en and train.de, expected them")
    for split, paths in files.items():
        lines = {language: read_lines(path) for language, path in paths.items()}
        counts = {paths[language].name: len(read) for language, read in lines.items()}
        if len(set(counts.values())) > 1:
            said = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise DataError(f"{source}: lines of {said}, expected as many in each")
        for number in range(len(next(iter(lines.values())))):
            texts = {language: read[number].strip() for language, read in lines.items()}
            where = f"{split}:{number + 1}"
            if reason := fault(texts):
                ledger.refuse(where, reason)
                continue
            ledger.use(where)
            yield ParallelLine(id=where, split=split, texts=texts, where=where)


def fault(texts: Mapping[str, str]) -> str:
    """Return why lines cannot be used, or ''."""
    for language, text in texts.items():
        if not text:
            return f"the line of {language} is empty, expected text"
        if len(text) > LONGEST:
            return f"{len(text)} characters in {language}, expected at most {LONGEST}"
    return ""
