"""Checking the header of a safetensors file before a library opens it. Torch-free.

Layout: the header's length in 8 bytes, little-endian, then a JSON object that maps tensor names to
dtype, shape and the half-open byte range after the header.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqstudio.errors import ModelError

HEADER_LIMIT = 2**20  # bytes; hundreds of tensors need about ten thousand
ITEM_BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "U8": 1,
    "I8": 1,
    "BOOL": 1,
}
SCALE = ".scale"  # ends the name of the tensor with the scale of each row of one in int8


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor of the file; `begin` and `end` count bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(start: bytes, size: int, where: str) -> dict[str, TensorEntry]:
    """Check a header and return its tensors.

    Parameters
    ----------
    start : the first bytes of the file, including the header (`HEADER_LIMIT` + 8 are enough)
    size : bytes of the file
    where : the file's name, put at the start of every error

    Raises
    ------
    ModelError
        If this is not a safetensors file, the header is too long, a field is unknown, or the
        tensors do not exactly fill the file after the header.
    """
    pickled = start[:1] == b"\x80" or start[:2] == b"PK"  # or a header of 128 bytes, 384, ...
    if pickled and start[8:9] != b"{":
        raise ModelError(f"{where}: a pickle, expected safetensors; it was not opened")
    if len(start) < 8:
        raise ModelError(f"{where}: {size} bytes, expected a safetensors file")
    length = int.from_bytes(start[:8], "little")
    if length > HEADER_LIMIT:
        raise ModelError(f"{where}: header of {length} bytes, expected at most {HEADER_LIMIT}")
    if length + 8 > size or length + 8 > len(start):
        raise ModelError(f"{where}: header of {length} bytes, expected less than the file's {size}")
    try:
        table = json.loads(start[8 : 8 + length], object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: header is not JSON: {error}, expected an object") from error
    if not isinstance(table, dict):
        raise ModelError(f"{where}: header is not an object, expected tensor names")
    table.pop("__metadata__", None)
    entries = {name: _entry(value, f"{where}: {name}") for name, value in table.items()}
    _check_layout(entries, size - 8 - length, where)
    return entries


def is_scale(name: str, names: Mapping[str, object]) -> bool:
    """Return whether a tensor holds the scale of another one."""
    return name.endswith(SCALE) and name.removesuffix(SCALE) in names


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{duplicate!r} appears twice")
    return table


def _entry(value: Any, where: str) -> TensorEntry:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise ModelError(f"{where}: {value!r:.80}, expected dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if dtype not in ITEM_BYTES:
        raise ModelError(f"{where}: dtype {dtype!r}, expected one of {', '.join(ITEM_BYTES)}")
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or any(type(n) is not int or n < 0 for n in numbers):
            raise ModelError(f"{where}: {numbers!r:.80}, expected whole numbers of 0 or more")
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * ITEM_BYTES[dtype]:
        expected = math.prod(shape) * ITEM_BYTES[dtype]
        raise ModelError(f"{where}: bytes {offsets}, expected a range of {expected} bytes")
    return TensorEntry(dtype, tuple(shape), offsets[0], offsets[1])


def _check_layout(entries: Mapping[str, TensorEntry], size: int, where: str) -> None:
    at = 0
    for name, entry in sorted(entries.items(), key=lambda pair: (pair[1].begin, pair[1].end)):
        if entry.begin != at:
            raise ModelError(f"{where}: {name} begins at byte {entry.begin}, expected {at}")
        at = entry.end
    if at != size:
        raise ModelError(f"{where}: tensors of {at} bytes, expected {size} as in the file")
