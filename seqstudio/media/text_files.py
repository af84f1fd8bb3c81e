"""Reading text files of unknown encoding: read when it is sure what they say, named otherwise."""

import codecs
import gzip
import zlib
from pathlib import Path

from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import DataError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_FIRST_LINE = 1 << 16  # bytes that are looked at


def read_text_file(path: Path) -> str:
    """Return the text of a file: UTF-8, or UTF-16 and UTF-32 by their byte order mark.

    A file whose name ends in `.gz` is unpacked. Lines end in a line feed, whatever they ended in.

    Raises
    ------
    DataError
        If the file cannot be read, or its encoding is not certain.
    """
    data = read_packed_bytes(path)
    encoding = _encoding(data)
    if encoding == "utf-8" and b"\0" in data[:4096]:
        raise DataError(f"{path}: holds zero bytes and no byte order mark, expected text in UTF-8")
    return _decoded(data, encoding, path)


def read_first_line(path: Path) -> str:
    """Return the first line of a file, to see what it holds; "" if it cannot be read as text."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_FIRST_LINE)
    except OSError:
        return ""
    return data.decode(_encoding(data), "ignore").partition("\n")[0].rstrip("\r")


def read_packed_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if its name ends in `.gz`.

    Raises
    ------
    DataError
        If it cannot be read or unpacked.
    """
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix.lower() == ".gz" else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: cannot be unpacked: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {why_unreadable(error)}") from error


def _encoding(data: bytes) -> str:
    """Return the encoding that a byte order mark names; without one, UTF-8."""
    return next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")


def _decoded(data: bytes, encoding: str, path: Path) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = data[error.start]
        raise DataError(
            f"{path}: byte 0x{wrong:02x} in line {line} is not {encoding.upper()}, expected UTF-8; "
            f"if the file is Latin-1, convert it: iconv -f latin1 -t utf8"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
