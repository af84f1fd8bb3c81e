"""Edits, documents and job links as compressed JSON, with strict decoding."""

import base64
import dataclasses
import hashlib
import json
import types
import typing
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union

from seqstudio.contracts.plain import from_plain, type_hints
from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.session.edits import Edit
from seqstudio.session.note_array import FIELDS, Notes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

NAMES = {kind.__name__: kind for kind in typing.get_args(Edit)}
MAX_INTEGER = (1 << 63) - 1
WIDTHS = {"<u1": 255, "<u2": (1 << 16) - 1, "<u4": (1 << 32) - 1, "<i8": MAX_INTEGER}
MAX_UNPACKED_BYTES = 1 << 29  # of one value
SMALL_BYTES = 1 << 24  # any value may unpack to this size
MAX_RATIO = 64  # of unpacked to packed bytes, above that: what we write has less than 20


def pack(value: Any) -> bytes:
    """Encode frozen dataclasses as compressed JSON; edits are stored with their name."""
    return zlib.compress(json.dumps(value, default=_plain, separators=(",", ":")).encode(), 1)


def unpack(kind: type[T], data: bytes, where: str) -> T:
    """Decode a value.

    Parameters
    ----------
    kind : a dataclass, or `Edit`
    where : with which every error begins

    Raises
    ------
    SessionError
        If the bytes are not such a value as `pack` encodes it.
    """
    try:
        limit = min(MAX_UNPACKED_BYTES, max(SMALL_BYTES, MAX_RATIO * len(data)))
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(data, limit)
        if unpacked.unconsumed_tail:
            raise SessionError(f"{where}: {len(data)} bytes unpack to more than {limit}")
        return typing.cast(T, _value(kind, json.loads(text), where))
    except (zlib.error, ValueError, RecursionError, TypeError, KeyError) as error:
        raise SessionError(f"{where}: {error}, expected what SeqStudio writes") from error
    except SeqStudioError as error:
        raise SessionError(str(error)) from error


def unpack_edit(data: bytes, where: str) -> Edit:
    """Decode an edit, as `unpack` does."""
    return unpack(Edit, data, where)  # type: ignore[arg-type]  # a union is no type to mypy


def checksum(number: int, *parts: bytes) -> bytes:
    """Hash the number and the values of a row."""
    whole = hashlib.blake2b(str(number).encode(), digest_size=16)
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        table = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        named = NAMES.get(type(value).__name__) is type(value)
        return {"do": type(value).__name__, **table} if named else table
    if isinstance(value, Notes):
        return _rows(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, Path) else _refuse(value)


def _rows(notes: Notes) -> tuple[str, ...]:
    """Encode each field of the notes as base64; onsets as differences, which compress better."""
    import numpy as np

    return tuple(map(_row, (np.diff(notes.onsets, prepend=0), *notes.table[1:])))


def _row(numbers: "NDArray[np.int64]") -> str:
    """Encode numbers as the narrowest integers that hold the largest."""
    largest = numbers.max(initial=0) if numbers.min(initial=0) >= 0 else MAX_INTEGER
    kind = next(kind for kind, top in WIDTHS.items() if largest <= top)
    return f"{kind} {base64.b64encode(numbers.astype(kind).tobytes()).decode()}"


def _notes(rows: tuple[str, ...]) -> Notes:
    import numpy as np

    kinds, numbers = zip(*(row.split(" ") for row in rows), strict=True)
    if len(rows) != len(FIELDS) or not {*kinds} <= {*WIDTHS}:
        raise ValueError(f"rows of {kinds}, expected {len(FIELDS)}, each one of {(*WIDTHS,)}")
    read = [np.frombuffer(_value(bytes, n, ""), k) for k, n in zip(kinds, numbers, strict=True)]
    table = np.stack(read).astype(np.int64)
    table[0] = table[0].cumsum()
    return Notes(table)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} cannot be written in a session")


def _value(kind: Any, value: Any, where: str) -> Any:
    if kind is Notes:
        return _notes(from_plain(tuple[str, ...], value, where, error=SessionError))
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if kind is Edit:
        return _dataclass(NAMES[value.pop("do")], value, where)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, where) for item in value)
    if origin in (Union, types.UnionType) and types.NoneType in arguments and len(arguments) == 2:
        return None if value is None else _value(arguments[0], value, where)
    return from_plain(kind, value, where, error=SessionError)


def _dataclass(kind: Any, table: Mapping[str, Any], where: str) -> Any:
    hints = type_hints(kind)
    return kind(**{k: _value(hints[k], v, f"{where}.{k}") for k, v in table.items()})
