"""Sentences with tags in the CoNLL format: a word and its tag in each line, empty lines between."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Example, Ledger
from seqstudio.api.media import read_text_file
from seqstudio_text.files import split_files
from seqstudio_text.tag.spans import OUTSIDE

SUFFIX = ".conll"
MOST_WORDS = 500  # of a sentence


@dataclass(frozen=True, kw_only=True)
class TaggedSentence(Example):
    """The words of a sentence and their tags."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    where: str


def read_tagged(source: Path, ledger: Ledger) -> Iterator[TaggedSentence]:
    """Yield the sentences of a file, or of SPLIT.conll files in a folder.

    Raises
    ------
    DataError
        If a folder has no such file, or a line has no tag.
    """
    files = split_files(source, SUFFIX) if source.is_dir() else [("", source)]
    if not files:
        raise DataError(f"{source}: no train.conll, dev.conll or test.conll, expected one")
    for split, path in files:
        for number, pairs in sentences(path):
            where = f"{path.name}:{number}"
            if len(pairs) > MOST_WORDS:
                ledger.refuse(where, f"{len(pairs)} words, expected at most {MOST_WORDS}")
                continue
            ledger.use(where)
            words, tags = zip(*pairs, strict=True)
            yield TaggedSentence(id=where, split=split, words=words, tags=tags, where=where)


def sentences(path: Path) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Yield the number of the first line of each sentence, and its words with their tags.

    Raises
    ------
    DataError
        If a line has no word, or a tag is not O, B-KIND or I-KIND.
    """
    first, pairs = 1, list[tuple[str, str]]()
    for number, line in enumerate([*read_text_file(path).split("\n"), ""], start=1):
        cells = line.split()
        if not cells:
            if pairs:
                yield first, pairs
            pairs, first = [], number + 1
            continue
        tag = cells[-1]
        if len(cells) < 2 or not (tag == OUTSIDE or (tag[:2] in ("B-", "I-") and tag[2:])):
            wanted = "a word and O, B-KIND or I-KIND"
            raise DataError(f"{path}:{number}: {line[:60]!r}, expected {wanted}")
        pairs.append((cells[0], tag))
