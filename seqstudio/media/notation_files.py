"""Recognising written music, by what is in a file and not by its name."""

import re

from seqstudio.errors import DataError
from seqstudio.media.abc_reader import read_abc
from seqstudio.media.musicxml_reader import read_musicxml, unpack_mxl
from seqstudio.media.notation import Notation

ZIP = b"PK\x03\x04"
XML = re.compile(rb"<score-(?:partwise|timewise)\b|<!DOCTYPE\s+score-")
ABC_TUNE = re.compile(rb"^X:\s*\d", re.MULTILINE)
HEAD = 1 << 16  # bytes in which a file shows what it is


def notation_kind(content: bytes) -> str:
    """Return what kind of written music a file holds: "mxl", "musicxml", "abc", or "" for none."""
    head = content[:HEAD].replace(b"\0", b"")  # of UTF-16, too
    if content.startswith(ZIP):
        return "mxl"
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith(b"<") and XML.search(head):
        return "musicxml"
    is_midi = content.startswith((b"MThd", b"RIFF"))
    return "abc" if not is_midi and ABC_TUNE.search(head) else ""


def read_notation(content: bytes, name: str) -> Notation | None:
    """Read MusicXML, compressed or not, or ABC; return None for anything else.

    Raises
    ------
    DataError
        If it is such a file and cannot be read; the text begins with `name`.
    """
    try:
        match notation_kind(content):
            case "mxl":
                return read_musicxml(unpack_mxl(content))
            case "musicxml":
                return read_musicxml(content)
            case "abc":
                return read_abc(content)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    return None
