"""The metadata of an ONNX file, read without a library: what kind of model it is.

sherpa-onnx ends the process where a file is not as it expects, so the file is looked at before.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from seqstudio.api import ModelError

METADATA = 14  # the field `metadata_props` of ModelProto in onnx.proto
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of Protocol Buffers
LONGEST_ENTRY = 1 << 20


def onnx_metadata(path: Path) -> Mapping[str, str]:
    """Return the metadata of a model; its weights are skipped.

    Raises
    ------
    ModelError
        If it is not an ONNX file.
    """
    found: dict[str, str] = {}
    end = path.stat().st_size
    try:
        with path.open("rb") as file:
            while file.tell() < end:
                number, length = _field(file)
                if length > end - file.tell():
                    raise ValueError("cut short")
                if number == METADATA and length <= LONGEST_ENTRY:
                    key, value = _strings(file.read(length))
                    found[key] = value
                else:
                    file.seek(length, 1)
    except (ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}, expected an ONNX model") from error
    return found


def _field(file: BinaryIO) -> tuple[int, int]:
    """Read the head of a field; return its number, and how many bytes follow."""
    head = _varint(file)
    number, wire = head >> 3, head & 7
    if wire == VARINT:
        _varint(file)
        return number, 0
    lengths = {FIXED64: 8, FIXED32: 4}
    if wire != BYTES and wire not in lengths:
        raise ValueError(f"wire type {wire}")
    return number, _varint(file) if wire == BYTES else lengths[wire]


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 64, 7):
        if not (byte := file.read(1)):
            raise ValueError("cut short")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a number of more than 64 bits")


def _strings(entry: bytes) -> Iterator[str]:
    """Yield key and value of an entry of strings, both shorter than 2**14 bytes."""
    texts = {1: "", 2: ""}
    at = 0
    while at + 1 < len(entry):
        number, length, at = entry[at] >> 3, entry[at + 1], at + 2
        if length >= 0x80 and at < len(entry):
            length, at = (length & 0x7F) | entry[at] << 7, at + 1
        texts[number] = entry[at : at + length].decode()
        at += length
    yield from (texts[1], texts[2])
