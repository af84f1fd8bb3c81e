"""Text files: read in any encoding that is certain, and refused by name otherwise."""

import gzip
from pathlib import Path

import pytest

from seqstudio.contracts.table import Table
from seqstudio.errors import DataError
from seqstudio.media.text_files import read_text_file

TEXT = "Grüße, עולם 🎈\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_a_byte_order_mark_or_utf_8_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode(encoding))

    assert read_text_file(path) == TEXT


def test_a_packed_file_and_any_line_end_are_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"one\r\ntwo\rthree"))

    assert read_text_file(path) == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("ok\nGrüße".encode("latin-1"), "byte 0xfc in line 2 is not UTF-8, expected UTF-8; if the"),
        ("Gruß".encode("utf-16-le"), "zero bytes and no byte order mark, expected text in UTF-8"),
        ("Gruß".encode("utf-16")[:-1], "is not UTF-16"),
    ],
)
def test_another_encoding_is_named(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)

    with pytest.raises(DataError, match=rf"text\.txt: .*{said}"):
        read_text_file(path)


def test_a_file_that_cannot_be_read_or_unpacked_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.gz").write_bytes(b"no gzip")

    with pytest.raises(DataError, match=r"text\.gz: cannot be unpacked: "):
        read_text_file(tmp_path / "text.gz")
    with pytest.raises(DataError, match=r"none\.txt: cannot be read: No such file"):
        read_text_file(tmp_path / "none.txt")


def test_a_table_with_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match=r"^row 2: 1 cells, expected 2$"):
        Table(("time", "value"), (("1", 2), ("3",)))


def test_the_cells_of_a_table_are_text_by_their_type() -> None:
    table = Table(("a", "b", "c", "d"), ((1, 0.1, True, None),))

    assert table.to_bytes() == b"a\tb\tc\td\n1\t0.1\ttrue\t\n"
